"""The ledger in the database: accounts of single ids, the books by day, audits, and what a light rests on."""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Select,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from backend.accounts.tables import Mailbox, User
from backend.db import among, json_rows, read_columns, table_of, upsert
from backend.mail.store import chunks
from backend.mail.tables import Copy
from backend.sync.ledger.rules import MANY_ATTEMPTS
from backend.sync.ledger.shapes import PENDING, STORED, Account, Day, LastAudit, Postings, Standing, Totals, Unread
from backend.sync.rules import DOUBT
from backend.sync.shapes import SkipReason
from backend.sync.tables import SyncAudit, SyncDay, SyncItem, SyncSkip, SyncState

UNREAD = (SkipReason.REFUSED.value, SkipReason.UNREADABLE.value)
_STORED = Account(STORED)
HEAD = 1_000  # ids of a queue that are looked at whenever somebody asks how a mailbox stands
_SUMS = ("seen", "stored", "pending", "skipped", "gone", "errors", "units")


def accounts(session: Session, mailbox_id: int, gmail_ids: Collection[str]) -> dict[str, Account]:
    """In which account each of these ids stands; unknown ones lack."""
    found: dict[str, Account] = {}
    for chunk in chunks(sorted(gmail_ids)):
        for gmail_id, account, since in read_columns(
            session, _accounts(), {"mailbox_id": mailbox_id, "gmail_ids": chunk}
        ):
            if account == STORED:
                found[gmail_id] = _STORED
            else:
                found.setdefault(gmail_id, Account(account, since))
    return found


@cache  # asked twice for every batch of mail
def _accounts() -> CompoundSelect[Any]:
    """Items and copies; an id with both is stored and looked at again."""
    items, copies = table_of(SyncItem).c, table_of(Copy).c
    waiting, stored = (
        (t.mailbox_id == bindparam("mailbox_id"), among(t.gmail_id, "gmail_ids")) for t in (items, copies)
    )
    return union_all(
        select(items.gmail_id, _account_of_item(), items.waiting_since).where(*waiting),
        select(copies.gmail_id, literal(STORED), null()).where(*stored),
    )


def _account_of_item() -> Any:
    return case((SyncItem.state == "pending", PENDING), else_=SyncItem.reason)


def count_accounts(session: Session, mailbox_id: int) -> dict[str, int]:
    """Count every account of a mailbox in its tables; this costs as much as the mailbox is large."""
    account = _account_of_item()
    counted = select(account, func.count()).where(SyncItem.mailbox_id == mailbox_id, ~_has_copy()).group_by(account)
    found = {row[0]: row[1] for row in session.execute(counted)}
    found[STORED] = session.scalar(select(func.count()).where(Copy.mailbox_id == mailbox_id)) or 0
    return found


def _has_copy() -> Any:
    return exists().where(Copy.mailbox_id == SyncItem.mailbox_id, Copy.gmail_id == SyncItem.gmail_id)


def write_down(
    session: Session, workspace_id: int, mailbox_id: int, now: datetime, change: Postings, *, errors: int = 0,
    units: int = 0, success_at: datetime | None = None,
) -> None:  # fmt: skip
    """Add to the day's books: one statement, and a second one where something was skipped or came back."""
    key = {"mailbox_id": mailbox_id, "day": now.astimezone(UTC).date()}
    row = {
        "workspace_id": workspace_id,
        "seen": change.seen,
        "stored": change.stored,
        "pending": change.pending,
        "skipped": sum(change.skipped.values()),
        "gone": change.gone,
        "errors": errors,
        "units": units,
        "longest_wait_s": change.longest_wait_s,
        "last_success_at": success_at,
    }
    sums = dict.fromkeys(_SUMS, operator.add)
    others = {"longest_wait_s": _larger, "last_success_at": _later}
    upsert(session, SyncDay, [key | row], key=("mailbox_id", "day"), combine=sums | others)
    skips = [{**key, "reason": reason, "number": number} for reason, number in sorted(change.skipped.items())]
    upsert(session, SyncSkip, skips, key=("mailbox_id", "day", "reason"), combine={"number": operator.add})


def _larger(present: Any, given: Any) -> Any:
    return case((given > present, given), else_=present)


def _later(present: Any, given: Any) -> Any:
    return func.coalesce(given, present)


def totals(session: Session, mailbox_ids: Collection[int]) -> dict[int, Totals]:
    """The sums of all days by mailbox."""
    sums = [func.sum(getattr(SyncDay, name)).label(name) for name in ("seen", "stored", "pending", "gone")]
    query = select(SyncDay.mailbox_id, *sums).where(SyncDay.mailbox_id.in_(mailbox_ids)).group_by(SyncDay.mailbox_id)
    skipped = _skipped(session, mailbox_ids)
    return {
        row.mailbox_id: Totals(row.seen, row.stored, row.pending, skipped[row.mailbox_id], row.gone)
        for row in session.execute(query)
    }


def _skipped(session: Session, mailbox_ids: Collection[int]) -> Mapping[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = defaultdict(dict)
    query = (
        select(SyncSkip.mailbox_id, SyncSkip.reason, func.sum(SyncSkip.number))
        .where(SyncSkip.mailbox_id.in_(mailbox_ids))
        .group_by(SyncSkip.mailbox_id, SyncSkip.reason)
    )
    for mailbox_id, reason, number in session.execute(query):
        if number:
            found[mailbox_id][reason] = number
    return found


def days(session: Session, mailbox_id: int, *, before: Any = None, limit: int) -> list[Day]:
    """The books by day, newest first."""
    query = select(SyncDay).where(SyncDay.mailbox_id == mailbox_id)
    if before is not None:
        query = query.where(SyncDay.day < before)
    rows = session.scalars(query.order_by(SyncDay.day.desc()).limit(limit)).all()
    skips: dict[Any, dict[str, int]] = defaultdict(dict)
    wanted = select(SyncSkip).where(SyncSkip.mailbox_id == mailbox_id, SyncSkip.day.in_([row.day for row in rows]))
    for skip in session.scalars(wanted):
        skips[skip.day][skip.reason] = skip.number
    return [_day(row, skips[row.day]) for row in rows]


def _day(row: SyncDay, skipped: Mapping[str, int]) -> Day:
    numbers = {name: getattr(row, name) for name in ("seen", "stored", "pending", "gone", "errors", "units")}
    return Day(
        day=row.day, skipped=skipped, longest_wait_s=row.longest_wait_s, last_success_at=row.last_success_at, **numbers
    )


def audits(session: Session, mailbox_id: int, limit: int) -> list[LastAudit]:
    """The newest audits."""
    query = select(SyncAudit).where(SyncAudit.mailbox_id == mailbox_id).order_by(SyncAudit.id.desc()).limit(limit)
    return [_audit(row) for row in session.scalars(query)]


def _audit(row: Any) -> LastAudit:
    return LastAudit(row.at, row.listed, row.missing, row.extra, row.left, row.misbooked)


def standings(
    session: Session, workspace_id: int | None, *, user_id: int | None = None, mailbox_id: int | None = None
) -> list[Standing]:
    """The facts of a team's mailboxes, all, one user's or one; `workspace_id` None: of the whole installation.

    One statement, since every page and every card asks.
    """
    given = {"workspace_id": workspace_id, "user_id": user_id, "id": mailbox_id}
    wanted = {name: value for name, value in given.items() if value is not None}
    return [_standing(row) for row in read_columns(session, _standings(frozenset(wanted)), wanted)]


@cache
def _standings(by: frozenset[str]) -> Select[*tuple[Any, ...]]:
    """Built once for each way to ask: building it takes Python longer than answering it takes the database."""
    conditions = [getattr(Mailbox, name) == bindparam(name) for name in sorted(by)]
    boxes = select(Mailbox.id).where(*conditions).correlate(None)
    of_box = SyncAudit.mailbox_id == Mailbox.id
    newest = select(func.max(SyncAudit.id)).where(of_box).correlate(Mailbox).scalar_subquery()
    return (
        select(*_BOX, User.name, User.email, *_STATE, *_AUDIT, *_waiting())
        .join(User, User.id == Mailbox.user_id)
        .outerjoin(SyncState, SyncState.mailbox_id == Mailbox.id)
        .outerjoin(SyncAudit, SyncAudit.id == newest)
        .where(Mailbox.id.in_(boxes))
        .order_by(Mailbox.address, Mailbox.id)
    )


_BOX = (
    Mailbox.id.label("mailbox_id"), Mailbox.workspace_id, Mailbox.address, Mailbox.user_id, Mailbox.status,
    Mailbox.status_reason, Mailbox.grant_kind, Mailbox.created_at.label("connected_at"),
)  # fmt: skip
_STATE = (
    SyncState.next_sync_at, SyncState.lease_until, SyncState.last_success_at, SyncState.is_listing, SyncState.listing,
    SyncState.estimate, SyncState.failures, SyncState.last_error, SyncState.next_audit_at,
)  # fmt: skip
_AUDIT = (
    SyncAudit.at, SyncAudit.listed, SyncAudit.missing, SyncAudit.extra, SyncAudit.left, SyncAudit.misbooked,
)  # fmt: skip


def _waiting() -> tuple[Any, ...]:
    """What is not stored: the head of the queue, and of what lies behind it and of what was given up the books."""
    return (_head_of_queue().label("head"), _booked_pending().label("pending"), _booked_unread().label("unread"))


def _head_of_queue() -> Any:
    """What waits first in a mailbox's queue: a row of figures over its next `HEAD` ids, however long the queue is.

    All that alarms stands there: new mail goes before an import's, and what failed again and again before later ids.
    """
    head = (
        select(SyncItem.priority, SyncItem.waiting_since, SyncItem.attempts, _has_copy().label("is_stored"))
        .where(SyncItem.mailbox_id == Mailbox.id, SyncItem.state == "pending")
        .order_by(SyncItem.priority, SyncItem.id)
        .limit(HEAD)
        .correlate(Mailbox)
        .subquery()
    )
    waits, is_urgent = ~head.c.is_stored, head.c.priority <= DOUBT
    figures = select(
        func.count().label("looked_at"),
        _count(waits).label("pending"),
        _count(waits & is_urgent).label("urgent"),
        _count(waits & (head.c.attempts >= MANY_ATTEMPTS)).label("stuck"),
        func.min(case((waits, head.c.waiting_since))).label("waiting_since"),
        func.min(case((waits & is_urgent, head.c.waiting_since))).label("urgent_since"),
    ).subquery()
    return json_rows(select(*figures.c))


def _booked_pending() -> Any:
    of_box = SyncDay.mailbox_id == Mailbox.id
    return select(func.sum(SyncDay.pending)).where(of_box).correlate(Mailbox).scalar_subquery()


def _booked_unread() -> Any:
    where = (SyncSkip.mailbox_id == Mailbox.id, SyncSkip.reason.in_(UNREAD))
    return select(func.sum(SyncSkip.number)).where(*where).correlate(Mailbox).scalar_subquery()


def _count(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _standing(row: Any) -> Standing:
    names = [column.key for column in (*_BOX, *_STATE)]
    known = {name: value for name in names if (value := getattr(row, name)) is not None}
    looked_at, pending, urgent, stuck, waiting_since, urgent_since = row.head[0]
    pending = (pending or 0) if looked_at < HEAD else max(row.pending or 0, pending or 0)
    return Standing(
        **known,
        owner=row.name or row.email,
        pending=pending,
        bulk=pending - (urgent or 0),
        waiting_since=_moment(waiting_since),
        urgent_since=_moment(urgent_since),
        stuck=stuck or 0,
        unread=row.unread or 0,
        audit=None if row.at is None else _audit(row),
    )


def _moment(text: str | None) -> datetime | None:
    """A moment as JSON has it: with its zone on PostgreSQL, in UTC on SQLite."""
    at = datetime.fromisoformat(text) if text else None
    return at.replace(tzinfo=at.tzinfo or UTC) if at else None


def unread(session: Session, mailbox_id: int, limit: int) -> list[Unread]:
    """The mails that could not be fetched or read, newest first."""
    query = (
        select(SyncItem)
        .where(SyncItem.mailbox_id == mailbox_id, _is_unread())
        .order_by(SyncItem.id.desc())
        .limit(limit)
    )
    return [Unread(i.gmail_id, i.reason, i.detail, i.attempts, i.next_attempt_at) for i in session.scalars(query)]


def unread_refs(session: Session, mailbox_id: int, gmail_id: str = "") -> list[tuple[str, str]]:
    """(id, thread) of the mails that could not be fetched or read: all, or this one."""
    query = select(SyncItem.gmail_id, SyncItem.gmail_thread_id).where(SyncItem.mailbox_id == mailbox_id, _is_unread())
    if gmail_id:
        query = query.where(SyncItem.gmail_id == gmail_id)
    return [(row[0], row[1]) for row in session.execute(query)]


def forgive(session: Session, mailbox_id: int, gmail_ids: Sequence[str]) -> None:
    """Count the failures of these ids anew."""
    for chunk in chunks(gmail_ids):
        where = (SyncItem.mailbox_id == mailbox_id, SyncItem.gmail_id.in_(chunk))
        session.execute(update(SyncItem).where(*where).values(attempts=0))


def _is_unread() -> Any:
    return ((SyncItem.state == "pending") & (SyncItem.attempts >= MANY_ATTEMPTS)) | SyncItem.reason.in_(UNREAD)


def count_waiting(session: Session, mailbox_id: int, gmail_ids: Sequence[str]) -> int:
    """How many of these ids are pending, those with a copy that is in doubt among them."""
    where = (SyncItem.mailbox_id == mailbox_id, SyncItem.state == "pending")
    counts = (
        session.scalar(select(func.count()).where(*where, SyncItem.gmail_id.in_(chunk))) for chunk in chunks(gmail_ids)
    )
    return sum(count or 0 for count in counts)


def is_audit_due(session: Session, mailbox_id: int, now: datetime) -> bool:
    """Whether Gmail's list is to be held against the store now: never while a listing of our own is under way.

    A mailbox that was connected before there were audits is due at once.
    """
    query = select(SyncState.next_audit_at, SyncState.is_listing).where(SyncState.mailbox_id == mailbox_id)
    row = session.execute(query).one()
    return not row.is_listing and (row.next_audit_at is None or row.next_audit_at <= now)


def plan_audit(session: Session, mailbox_id: int, at: datetime) -> None:
    """Say when Gmail's list is next held against the store."""
    session.execute(update(SyncState).where(SyncState.mailbox_id == mailbox_id).values(next_audit_at=at))


def audit_at_once(session: Session, mailbox_id: int, now: datetime) -> None:
    """Let the next tick take the mailbox for an audit: it is slow work, as an import is."""
    due = {"next_audit_at": now, "next_import_at": now}
    session.execute(update(SyncState).where(SyncState.mailbox_id == mailbox_id).values(**due))
