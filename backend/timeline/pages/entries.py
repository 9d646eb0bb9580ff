"""Pages of entries: which ones an address asks for, and the mark of where the next page begins."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from flask import request
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor
from backend.timeline.marks import page_of, place_at
from backend.timeline.shapes import Entry, EntryKind, Wanted
from backend.timeline.store import entries
from backend.web.house import house
from backend.web.pagination import Page

ROWS = 40
PERIODS_DAYS = (7, 30, 90, 365)


def asked_for(record_id: int | None = None) -> Wanted:
    """Read the filters in the address: kind, user, days, q, cursor; nonsense counts as not asked."""
    kind = request.args.get("kind", "")
    days = request.args.get("days", type=int)
    return Wanted(
        record_id=record_id,
        kinds=frozenset({EntryKind(kind)}) if kind in set(EntryKind) else frozenset(EntryKind),
        user_id=request.args.get("user", type=int),
        since=house().clock.now() - timedelta(days=days) if days in PERIODS_DAYS else None,
        words=request.args.get("q", "").strip(),
        after=place_at(request.args.get("cursor", "")),
        limit=ROWS + 1,
    )


def fetch(session: Session, wanted: Wanted) -> Page[Entry]:
    """Fetch one page of what the visitor may see."""
    return page_of(entries(session, current_actor(), wanted), ROWS)


def with_questions(**changes: object) -> str:
    """Return this page's address with some of its questions changed; None takes one away."""
    asked = {k: v for k, v in request.args.items() if k not in {"cursor", "day", *changes}}
    asked |= {k: str(v) for k, v in changes.items() if v is not None}
    return request.path + (f"?{urlencode(asked)}" if asked else "")
