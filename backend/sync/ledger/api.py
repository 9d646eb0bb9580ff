"""Mailboxes and their books over HTTP, under /api/v1."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from apiflask import APIBlueprint
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from backend.accounts import tables
from backend.accounts.guards import current_actor, needs
from backend.accounts.store import get_mailbox
from backend.sync.desk import quota
from backend.sync.ledger import service, store, words
from backend.sync.ledger.schemas import (
    DayPage,
    DayQuery,
    MailboxPage,
    MailboxStandingOut,
)
from backend.sync.ledger.shapes import Day, Mailbox
from backend.web.fields import PageQuery
from backend.web.house import house
from backend.web.pagination import Page, cut_page, decode_cursor

blueprint = APIBlueprint("ledger_api", __name__, url_prefix="/api/v1", tag="Mailboxes")


@blueprint.get("/mailboxes")
@needs()
@blueprint.input(PageQuery, location="query")
@blueprint.output(MailboxPage)
def list_mailboxes(query_data: Mapping[str, Any]) -> Page[dict[str, Any]]:
    """The team's mailboxes and how they stand, for managers and admins; one's own for everybody else."""
    after = int(decode_cursor(query_data["cursor"], int)[0] or 0) if "cursor" in query_data else 0
    now, limit = house().clock.now(), query_data["limit"]
    with house().db.read() as session:
        found = service.visible_to(session, now, current_actor(), quota())
        found = sorted((box for box in found if box.standing.mailbox_id > after), key=lambda b: b.standing.mailbox_id)
        shown = [_told(session, box, now) for box in found[: limit + 1]]
    return cut_page(shown, limit, lambda told: (told["id"],))


@blueprint.get("/mailboxes/<int:mailbox_id>")
@needs()
@blueprint.output(MailboxStandingOut)
def read_mailbox(mailbox_id: int) -> dict[str, Any]:
    """One mailbox and how it stands."""
    now = house().clock.now()
    with house().db.read() as session:
        return _told(session, service.get(session, now, current_actor(), mailbox_id, quota()), now)


@blueprint.get("/mailboxes/<int:mailbox_id>/ledger")
@needs()
@blueprint.input(DayQuery, location="query")
@blueprint.output(DayPage)
def read_ledger(mailbox_id: int, query_data: Mapping[str, Any]) -> Page[Day]:
    """The mailbox's books by day, newest first."""
    limit = query_data["limit"]
    before = decode_cursor(query_data["cursor"], date)[0] if "cursor" in query_data else None
    with house().db.read() as session:
        service.get(session, house().clock.now(), current_actor(), mailbox_id)
        found = store.days(session, mailbox_id, before=before, limit=limit + 1)
    return cut_page(found, limit, lambda day: (day.day,))


@blueprint.post("/mailboxes/<int:mailbox_id>/audit")
@needs()
@blueprint.output(MailboxStandingOut, status_code=202)
def audit_mailbox(mailbox_id: int) -> dict[str, Any]:
    """Have the mailbox held against Gmail's own list within a minute."""
    now = house().clock.now()
    with house().db.write() as session:
        service.ask_for_audit(session, house().clock, current_actor(), mailbox_id)
        return _told(session, service.get(session, now, current_actor(), mailbox_id, quota()), now)


def _told(session: Session, box: Mailbox, now: datetime) -> dict[str, Any]:
    row = get_mailbox(session, box.standing.workspace_id, box.standing.mailbox_id)
    return {**_of_account(row), "owner": box.standing.owner, "standing": _standing(box, now)}


def _of_account(row: tables.Mailbox) -> dict[str, Any]:
    names = ("id", "user_id", "address", "status", "status_reason", "sharing", "created_at", "grant_kind")
    return {name: getattr(row, name) for name in names}


def _standing(box: Mailbox, now: datetime) -> dict[str, Any]:
    said, since = words.say(box.verdict, gettext, ngettext), box.standing.waiting_since
    totals = box.totals
    return {
        "light": box.verdict.light,
        "cause": box.verdict.cause,
        "is_alarm": box.verdict.is_alarm,
        "sentence": said.sentence,
        "remedy": said.remedy,
        "seen": totals.seen,
        "stored": totals.stored,
        "pending": totals.pending,
        "skipped": totals.skipped,
        "removed": totals.gone,
        "lag_s": None if since is None else round((now - since).total_seconds()),
        "last_success_at": box.standing.last_success_at,
        "last_audit": box.standing.audit,
    }
