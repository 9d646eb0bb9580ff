"""Keeping the books: what a move changes is written down in the move's own transaction, or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor, MailboxStatus, Role
from backend.audit.service import record
from backend.audit.shapes import Subject
from backend.db import serialise
from backend.kit.clock import Clock
from backend.kit.errors import ForbiddenError, NotFoundError, UserError
from backend.sync.bucket_store import count_importing
from backend.sync.buckets import Quota
from backend.sync.ledger import rules, store
from backend.sync.ledger.shapes import Mailbox, Postings, Totals
from backend.sync.rules import NEW_MAIL
from backend.sync.shapes import SkipReason
from backend.sync.store import make_due, queue_ids, skip


@contextmanager
def booked(
    session: Session, workspace_id: int, mailbox_id: int, now: datetime, gmail_ids: Collection[str], *, errors: int = 0
) -> Iterator[None]:
    """Write down what the block changes for these ids, whatever it does: two looks at their accounts and one entry.

    Nobody else moves the mailbox's ids meanwhile. `errors` counts fetches that failed.
    """
    serialise(session, "ledger", mailbox_id)
    before = store.accounts(session, mailbox_id, gmail_ids)
    yield
    change = rules.postings(before, store.accounts(session, mailbox_id, gmail_ids), now)
    if change.changes_anything or errors:
        store.write_down(session, workspace_id, mailbox_id, now, change, errors=errors)


def note_drain(
    session: Session, workspace_id: int, mailbox_id: int, now: datetime, *, is_done: bool = False,
    is_failed: bool = False, units: int = 0,
) -> None:  # fmt: skip
    """Write down how a drain ended, and the quota units that its calls cost."""
    success_at, errors = now if is_done else None, int(is_failed)
    store.write_down(
        session, workspace_id, mailbox_id, now, Postings(), errors=errors, units=units, success_at=success_at
    )


def put_right(session: Session, workspace_id: int, mailbox_id: int, now: datetime) -> int:
    """Count the mailbox's tables, correct the books where they differ, and return by how many ids they did."""
    serialise(session, "ledger", mailbox_id)
    book = store.totals(session, [mailbox_id]).get(mailbox_id, Totals())
    change = rules.correction(book, store.count_accounts(session, mailbox_id))
    if change.changes_anything:
        store.write_down(session, workspace_id, mailbox_id, now, change)
    return rules.size(change)


def visible_to(session: Session, now: datetime, actor: Actor, quota: Quota | None = None) -> list[Mailbox]:
    """The mailboxes whose figures an actor may see: one's own; managers and admins see all of the team's.

    With the `quota`, importing ones say how long they still take.
    """
    found = look_at(session, now, actor.workspace_id, user_id=None if actor.sees_all else actor.user_id)
    return found if quota is None else timed(session, found, quota)


def concerning(session: Session, now: datetime, actor: Actor) -> list[Mailbox]:
    """The mailboxes that an actor has to look after: one's own, for admins all."""
    user_id = None if actor.role is Role.ADMIN else actor.user_id
    return look_at(session, now, actor.workspace_id, user_id=user_id, is_with_totals=False)


def get(session: Session, now: datetime, actor: Actor, mailbox_id: int, quota: Quota | None = None) -> Mailbox:
    """One mailbox. Raises `NotFoundError` for one that is not there, or not theirs to see."""
    user_id = None if actor.sees_all else actor.user_id
    found = look_at(session, now, actor.workspace_id, user_id=user_id, mailbox_id=mailbox_id)
    if not found:
        raise NotFoundError("There is no such mailbox.")
    return found[0] if quota is None else timed(session, found, quota)[0]


def timed(session: Session, boxes: Sequence[Mailbox], quota: Quota) -> list[Mailbox]:
    """Say of importing mailboxes how long they still take, with what others leave them of the project's quota."""
    if not any(map(rules.is_importing, boxes)):
        return list(boxes)
    units = quota.for_import(count_importing(session))
    return [_with_time_left(box, units) if rules.is_importing(box) else box for box in boxes]


def _with_time_left(box: Mailbox, units_a_minute: int) -> Mailbox:
    seconds = rules.seconds_left(box.standing.pending, units_a_minute)
    return replace(box, verdict=replace(box.verdict, seconds_left=seconds))


def look_at(
    session: Session, now: datetime, workspace_id: int | None, *, user_id: int | None = None,
    mailbox_id: int | None = None, is_with_totals: bool = True,
) -> list[Mailbox]:  # fmt: skip
    """Mailboxes with their figures and verdicts: all (`workspace_id` None: of every team), one user's, or one."""
    found = store.standings(session, workspace_id, user_id=user_id, mailbox_id=mailbox_id)
    books = store.totals(session, [box.mailbox_id for box in found]) if is_with_totals else {}
    return [Mailbox(box, books.get(box.mailbox_id, Totals()), rules.judge(box, now)) for box in found]


def may_act(actor: Actor, box: Mailbox) -> bool:
    """Whether an actor may do something about a mailbox: its owner and admins."""
    return actor.role is Role.ADMIN or box.standing.user_id == actor.user_id


def ask_for_audit(session: Session, clock: Clock, actor: Actor, mailbox_id: int) -> None:
    """Have the next drain hold the mailbox against Gmail's list. Raises `UserError` for one that is not read."""
    box = _to_act_on(session, clock, actor, mailbox_id)
    if box.standing.status != MailboxStatus.ACTIVE:
        raise UserError("It is not being read, so there is nothing to compare; connect or resume it first.")
    store.audit_at_once(session, mailbox_id, clock.now())
    record(session, clock, actor, "mailbox.audit", Subject("mailbox", mailbox_id))


def retry(session: Session, clock: Clock, actor: Actor, mailbox_id: int, gmail_id: str = "") -> int:
    """Queue mails again that could not be fetched or read, one or all; returns how many."""
    box, now = _to_act_on(session, clock, actor, mailbox_id), clock.now()
    refs = store.unread_refs(session, mailbox_id, gmail_id)
    with booked(session, box.standing.workspace_id, mailbox_id, now, [i for i, _ in refs]):
        queue_ids(session, mailbox_id, refs, NEW_MAIL, now)
    store.forgive(session, mailbox_id, [i for i, _ in refs])
    make_due(session, mailbox_id, now)
    record(session, clock, actor, "mailbox.retry", Subject("mailbox", mailbox_id), details={"mails": len(refs)})
    return len(refs)


def leave_out(session: Session, clock: Clock, actor: Actor, mailbox_id: int, gmail_id: str) -> None:
    """Give up a mail that could not be fetched or read. Raises `NotFoundError` for any other one."""
    box, now = _to_act_on(session, clock, actor, mailbox_id), clock.now()
    refs = store.unread_refs(session, mailbox_id, gmail_id) if gmail_id else []
    if not refs:
        raise NotFoundError("That mail does not wait any more; it may have been read meanwhile.")
    with booked(session, box.standing.workspace_id, mailbox_id, now, [gmail_id]):
        skip(session, mailbox_id, {refs[0]: (SkipReason.LEFT_OUT, "")}, now)
    details = {"gmail_id": gmail_id}
    record(session, clock, actor, "mailbox.leave_out", Subject("mailbox", mailbox_id), details=details)


def _to_act_on(session: Session, clock: Clock, actor: Actor, mailbox_id: int) -> Mailbox:
    box = get(session, clock.now(), actor, mailbox_id)
    if not may_act(actor, box):
        raise ForbiddenError("Only its owner or an admin may do that.")
    return box
