"""Cursors, leases and the queue in the database. Every write under a lease checks that the lease still holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, case, delete, func, select, update
from sqlalchemy.orm import Session

from backend.accounts.tables import Mailbox
from backend.db import insert_ignoring, upsert
from backend.mail.store import chunks
from backend.mail.tables import Copy
from backend.sync.shapes import Cursor, Lease, QueueItem, SkipReason
from backend.sync.tables import SyncItem, SyncState

LEASE = timedelta(minutes=5)
DUE_EVERY = timedelta(seconds=60)


class LeaseLostError(Exception):
    """Somebody else is draining the mailbox: what was not committed is dropped, theirs counts."""


def ensure_state(session: Session, mailbox: Mailbox, now: datetime) -> None:
    """Give a mailbox its sync state, due at once; one that has it keeps it."""
    row = {"mailbox_id": mailbox.id, "workspace_id": mailbox.workspace_id, "next_sync_at": now}
    insert_ignoring(session, SyncState, [row])


def welcome_new(session: Session, now: datetime) -> None:
    """Give each active mailbox that sync does not know yet its state: doors that connect one know nothing of sync."""
    known = select(SyncState.mailbox_id).where(SyncState.mailbox_id == Mailbox.id)
    for mailbox in session.scalars(select(Mailbox).where(Mailbox.status == "active", ~known.exists())):
        ensure_state(session, mailbox, now)


def claim_due(session: Session, now: datetime, limit: int) -> list[int]:
    """Take up to `limit` mailboxes that are due, longest waiting first, and make each due again a minute later.

    Two workers never take the same one: PostgreSQL skips rows that the other has locked, SQLite has one writer.
    """
    due = (
        select(SyncState.mailbox_id)
        .join(Mailbox, Mailbox.id == SyncState.mailbox_id)
        .where(SyncState.next_sync_at <= now, Mailbox.status == "active")
        .order_by(SyncState.next_sync_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=SyncState)
    )
    ids = list(session.scalars(due))
    if ids:
        session.execute(update(SyncState).where(SyncState.mailbox_id.in_(ids)).values(next_sync_at=now + DUE_EVERY))
    return ids


def take_lease(session: Session, mailbox_id: int, now: datetime) -> Lease | None:
    """Take the mailbox for one drain; None where somebody has it, or it is not active."""
    free = SyncState.lease_until.is_(None) | (SyncState.lease_until <= now)
    taken = session.execute(
        update(SyncState)
        .where(SyncState.mailbox_id == mailbox_id, free, _is_active(mailbox_id))
        .values(lease_until=now + LEASE, fence=SyncState.fence + 1)
        .returning(SyncState.workspace_id, SyncState.fence)
    ).one_or_none()
    return None if taken is None else Lease(mailbox_id, taken.workspace_id, taken.fence)


def hold(session: Session, lease: Lease, now: datetime, **values: Any) -> None:
    """Write the state under the lease and prolong it.

    Raises `LeaseLostError`, also where somebody switched the mailbox off meanwhile.
    """
    result = session.execute(
        update(SyncState)
        .where(SyncState.mailbox_id == lease.mailbox_id, SyncState.fence == lease.fence, _is_active(lease.mailbox_id))
        .values(lease_until=now + LEASE, **values)
    )
    _require_one(result)


def release(session: Session, lease: Lease, **values: Any) -> None:
    """Give the mailbox free and note how the drain ended; a lease that is lost changes nothing any more."""
    session.execute(
        update(SyncState)
        .where(SyncState.mailbox_id == lease.mailbox_id, SyncState.fence == lease.fence)
        .values(lease_until=None, **values)
    )


def _is_active(mailbox_id: int) -> ColumnElement[bool]:
    return select(Mailbox.id).where(Mailbox.id == mailbox_id, Mailbox.status == "active").exists()


def _require_one(result: Any) -> None:
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        raise LeaseLostError


def cursor_of(session: Session, mailbox_id: int) -> Cursor:
    """Where the mailbox stands."""
    s = session.get_one(SyncState, mailbox_id, populate_existing=True)
    return Cursor(s.history_id, s.is_listing, s.listing, s.page_token)


def failures_of(session: Session, mailbox_id: int) -> int:
    """Drains in a row that failed."""
    return session.get_one(SyncState, mailbox_id).failures


def queue_ids(session: Session, mailbox_id: int, refs: Iterable[tuple[str, str]], priority: int, now: datetime) -> None:
    """Queue (id, thread) pairs; one that waits keeps the better priority, one that was skipped waits again."""
    rows = [_item(mailbox_id, gmail_id, thread_id, now, priority=priority) for gmail_id, thread_id in refs]
    if not rows:
        return
    _upsert_items(
        session,
        rows,
        ("state", "reason", "detail", "priority", "next_attempt_at"),
        combine={"waiting_since": func.coalesce},
    )


def queue_unseen(
    session: Session, mailbox_id: int, refs: Iterable[tuple[str, str]], priority: int, now: datetime
) -> None:
    """Queue (id, thread) pairs that have no item yet; what was skipped stays skipped."""
    insert_ignoring(
        session, SyncItem, [_item(mailbox_id, i, thread_id, now, priority=priority) for i, thread_id in refs]
    )


def skip(
    session: Session, mailbox_id: int, skipped: Mapping[tuple[str, str], tuple[SkipReason, str]], now: datetime
) -> None:
    """Note (id, thread) pairs as skipped, each with its reason and detail."""
    rows = [
        _item(mailbox_id, i, t, now, state="skipped", reason=reason.value, detail=detail[:300], waiting_since=None)
        for (i, t), (reason, detail) in skipped.items()
    ]
    _upsert_items(session, rows, ("state", "reason", "detail", "waiting_since"))


def postpone(session: Session, mailbox_id: int, gmail_id: str, attempts: int, until: datetime) -> None:
    """Try an id again later."""
    session.execute(
        update(SyncItem)
        .where(SyncItem.mailbox_id == mailbox_id, SyncItem.gmail_id == gmail_id)
        .values(attempts=attempts, next_attempt_at=until)
    )


def forget(session: Session, mailbox_id: int, gmail_ids: Collection[str]) -> None:
    """Remove the items of ids that are stored now, or that Gmail no longer has."""
    for chunk in chunks(sorted(gmail_ids)):
        session.execute(delete(SyncItem).where(SyncItem.mailbox_id == mailbox_id, SyncItem.gmail_id.in_(chunk)))


def next_items(session: Session, mailbox_id: int, now: datetime, limit: int) -> list[QueueItem]:
    """The next pending ids, best priority first."""
    query = (
        select(SyncItem.gmail_id, SyncItem.gmail_thread_id, SyncItem.attempts, Copy.id.is_not(None).label("is_stored"))
        .outerjoin(Copy, (Copy.mailbox_id == SyncItem.mailbox_id) & (Copy.gmail_id == SyncItem.gmail_id))
        .where(SyncItem.mailbox_id == mailbox_id, SyncItem.state == "pending", SyncItem.next_attempt_at <= now)
        .order_by(SyncItem.priority, SyncItem.id)
        .limit(limit)
    )
    return [QueueItem(r.gmail_id, r.gmail_thread_id, r.attempts, bool(r.is_stored)) for r in session.execute(query)]


def next_attempt_at(session: Session, mailbox_id: int) -> datetime | None:
    """When the earliest pending id may be tried; None where nothing is pending."""
    where = (SyncItem.mailbox_id == mailbox_id, SyncItem.state == "pending")
    return session.scalar(select(func.min(SyncItem.next_attempt_at)).where(*where))


def count_items(session: Session, mailbox_id: int) -> tuple[int, dict[str, int]]:
    """(pending, skipped by reason)."""
    label = case((SyncItem.state == "pending", ""), else_=SyncItem.reason)
    query = select(label, func.count()).where(SyncItem.mailbox_id == mailbox_id).group_by(label)
    counts = {row[0]: row[1] for row in session.execute(query)}
    return counts.pop("", 0), counts


def known_items(session: Session, mailbox_id: int, gmail_ids: Sequence[str]) -> set[str]:
    """Those ids that have an item, pending or skipped."""
    found: set[str] = set()
    for chunk in chunks(gmail_ids):
        where = (SyncItem.mailbox_id == mailbox_id, SyncItem.gmail_id.in_(chunk))
        found.update(session.scalars(select(SyncItem.gmail_id).where(*where)))
    return found


def listed_copies(session: Session, mailbox_id: int, listing: int) -> list[tuple[str, str]]:
    """(id, thread) of the copies that the full listing of this number saw."""
    query = select(Copy.gmail_id, Copy.gmail_thread_id).where(Copy.mailbox_id == mailbox_id, Copy.listing == listing)
    return [(row[0], row[1]) for row in session.execute(query)]


def live_copies(session: Session, mailbox_id: int) -> dict[str, str]:
    """Thread by id of the copies that are neither in the bin nor in spam."""
    query = select(Copy.gmail_id, Copy.gmail_thread_id).where(Copy.mailbox_id == mailbox_id, Copy.is_live)
    return {row[0]: row[1] for row in session.execute(query)}


def hidden_copies(session: Session, mailbox_id: int) -> set[str]:
    """Ids of the copies that are in the bin or in spam, as far as is known."""
    return set(session.scalars(select(Copy.gmail_id).where(Copy.mailbox_id == mailbox_id, ~Copy.is_live)))


def make_due(session: Session, mailbox_id: int, now: datetime) -> None:
    """Let the next tick take the mailbox."""
    session.execute(update(SyncState).where(SyncState.mailbox_id == mailbox_id).values(next_sync_at=now))


def _item(mailbox_id: int, gmail_id: str, thread_id: str, now: datetime, **values: Any) -> dict[str, Any]:
    return {
        "mailbox_id": mailbox_id,
        "gmail_id": gmail_id,
        "gmail_thread_id": thread_id,
        "state": "pending",
        "reason": "",
        "detail": "",
        "priority": 0,
        "attempts": 0,
        "next_attempt_at": now,
        "waiting_since": now,
    } | values


def _upsert_items(
    session: Session, rows: list[dict[str, Any]], change: Sequence[str], combine: Mapping[str, Any] | None = None
) -> None:
    upsert(session, SyncItem, rows, key=("mailbox_id", "gmail_id"), change=change, combine=combine)
