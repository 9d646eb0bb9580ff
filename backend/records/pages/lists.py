"""The lists of contacts, companies and deals: searched, sorted, fifty rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast, get_args
from urllib.parse import urlencode

from flask import render_template, request
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.records.pages.room import blueprint
from backend.records.store.order import Sort
from backend.records.store.reading import Wanted, list_companies, list_contacts, list_deals
from backend.web.house import house

ROWS = 50

_Lister = Callable[[Session, int, Wanted], Sequence[Any]]


@blueprint.get("/contacts")
@needs()
def contacts() -> str:
    """List the team's people outside."""
    return _show("contacts", list_contacts, _wanted("name"))


@blueprint.get("/companies")
@needs()
def companies() -> str:
    """List organisations."""
    return _show("companies", list_companies, _wanted("name"))


@blueprint.get("/deals")
@needs()
def deals() -> str:
    """List deals, the open ones unless asked otherwise."""
    is_open = {"closed": False, "all": None}.get(request.args.get("state", ""), True)
    return _show("deals", list_deals, replace(_wanted("close"), is_open=is_open))


def _wanted(default_sort: Sort) -> Wanted:
    """Read what the address asks for; nonsense counts as not asked."""
    sort = request.args.get("sort", "")
    return Wanted(
        words=request.args.get("q", ""),
        owner_id=current_actor().user_id if request.args.get("owner") == "me" else None,
        sort=cast("Sort", sort) if sort in get_args(Sort) else default_sort,
        offset=max(request.args.get("offset", 0, type=int), 0),
        limit=ROWS + 1,
    )


def _show(folder: str, lister: _Lister, wanted: Wanted) -> str:
    """Render the page, or for htmx only the rows that follow."""
    with house().db.read() as session:
        found = lister(session, current_actor().workspace_id, wanted)
    is_more = len(found) > ROWS
    template = f"records/{folder}_rows.html" if "HX-Request" in request.headers else f"records/{folder}.html"
    next_offset = wanted.offset + ROWS if is_more else None
    return render_template(template, rows=found[:ROWS], wanted=wanted, next_offset=next_offset, here=_here)


def _here(**changes: object) -> str:
    """Return this page's address with some of its questions changed; None takes one away."""
    asked = {k: v for k, v in request.args.items() if k not in {"offset", *changes}}
    asked |= {k: str(v) for k, v in changes.items() if v is not None}
    return request.path + (f"?{urlencode(asked)}" if asked else "")
