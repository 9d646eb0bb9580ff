"""Cursors, leases and the queue in the database. Every write under a lease checks that the lease still holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Delete,
    Select,
    Update,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.accounts.tables import Mailbox
from backend.db import among, insert_ignoring, read_columns, table_of, upsert, write_columns
from backend.mail.store import chunks
from backend.mail.tables import Copy
from backend.sync.rules import DUE_EVERY_S, FIRST_OF_IMPORT, REFUTED_BY_LISTING
from backend.sync.shapes import Cursor, Lease, QueueItem, SkipReason, Task, Waiting
from backend.sync.tables import SyncItem, SyncState

LEASE = timedelta(minutes=5)
DUE_EVERY = timedelta(seconds=DUE_EVERY_S)
LAST = 100  # no priority is worse


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
    """Take up to `limit` mailboxes whose new mail is due, longest waiting first; each is due again a minute later.

    Two workers never take the same one: PostgreSQL skips rows that the other has locked, SQLite has one writer. One
    that is being drained stays due until it is free.
    """
    ids = _claimable(session, SyncState.next_sync_at, now, limit)
    if ids:
        session.execute(update(SyncState).where(SyncState.mailbox_id.in_(ids)).values(next_sync_at=now + DUE_EVERY))
    return ids


def claim_imports(session: Session, now: datetime, limit: int) -> list[int]:
    """Take up to `limit` mailboxes whose import is due: whose last turn is longest ago, so that all share evenly.

    One whose new mail is due as well is left until that is done.
    """
    is_quiet = SyncState.next_sync_at > now
    ids = _claimable(session, SyncState.next_import_at, now, limit, is_quiet)
    if ids:
        session.execute(update(SyncState).where(SyncState.mailbox_id.in_(ids)).values(next_import_at=now + DUE_EVERY))
    return ids


def _claimable(
    session: Session, due_at: InstrumentedAttribute[Any], now: datetime, limit: int, *where: ColumnElement[bool]
) -> list[int]:
    due = (
        select(SyncState.mailbox_id)
        .join(Mailbox, Mailbox.id == SyncState.mailbox_id)
        .where(due_at <= now, Mailbox.status == "active", _is_free(now), *where)
        .order_by(due_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=SyncState)
    )
    return list(session.scalars(due))


def come_back(session: Session, mailbox_id: int, task: Task, at: datetime) -> None:
    """Let a task that found the mailbox in other hands be due again at that moment."""
    column = SyncState.next_import_at if task is Task.IMPORT else SyncState.next_sync_at
    session.execute(update(SyncState).where(SyncState.mailbox_id == mailbox_id, column > at).values({column: at}))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return SyncState.lease_until.is_(None) | (SyncState.lease_until <= now)


def take_lease(session: Session, mailbox_id: int, now: datetime) -> Lease | None:
    """Take the mailbox for one drain; None where somebody has it, or it is not active."""
    taken = session.execute(
        update(SyncState)
        .where(SyncState.mailbox_id == mailbox_id, _is_free(now), _is_active(mailbox_id))
        .values(lease_until=now + LEASE, fence=SyncState.fence + 1)
        .returning(SyncState.workspace_id, SyncState.fence)
    ).one_or_none()
    return None if taken is None else Lease(mailbox_id, taken.workspace_id, taken.fence)


def hold(session: Session, lease: Lease, now: datetime, **values: Any) -> None:
    """Write the state under the lease and prolong it.

    Raises `LeaseLostError`, also where somebody switched the mailbox off meanwhile.
    """
    given = {"lease_until": now + LEASE, **values}
    by = {"held_mailbox_id": lease.mailbox_id, "held_fence": lease.fence}
    if write_columns(session, _holding(frozenset(given)), given | by) != 1:
        raise LeaseLostError


@cache  # ends every move
def _holding(columns: frozenset[str]) -> Update:
    """Write these columns under a lease."""
    states = table_of(SyncState)
    mailbox_id: BindParameter[int] = bindparam("held_mailbox_id")
    held = (states.c.mailbox_id == mailbox_id, states.c.fence == bindparam("held_fence"), _is_active(mailbox_id))
    return update(states).where(*held).values({name: bindparam(name) for name in sorted(columns)})


def release(session: Session, lease: Lease, **values: Any) -> None:
    """Give the mailbox free and note how the drain ended; a lease that is lost changes nothing any more."""
    session.execute(
        update(SyncState)
        .where(SyncState.mailbox_id == lease.mailbox_id, SyncState.fence == lease.fence)
        .values(lease_until=None, **values)
    )


def _is_active(mailbox_id: int | BindParameter[Any]) -> ColumnElement[bool]:
    mailboxes = table_of(Mailbox).c
    return select(mailboxes.id).where(mailboxes.id == mailbox_id, mailboxes.status == "active").exists()


def cursor_of(session: Session, mailbox_id: int) -> Cursor:
    """Where the mailbox stands."""
    return Cursor(*read_columns(session, _cursor(), {"mailbox_id": mailbox_id}).one())


@cache  # asked for every move
def _cursor() -> Select[str | None, bool, int, str | None]:
    s = table_of(SyncState).c
    return select(s.history_id, s.is_listing, s.listing, s.page_token).where(s.mailbox_id == bindparam("mailbox_id"))


def is_widening(session: Session, mailbox_id: int) -> bool:
    """Whether the listing under way only looks for what changed rules let in."""
    return session.get_one(SyncState, mailbox_id).is_widening


def seconds_to_wait(session: Session, mailbox_id: int, now: datetime) -> float | None:
    """How long until the mailbox is due, where it waits for units of the quota; None where something failed."""
    state = session.get_one(SyncState, mailbox_id, populate_existing=True)
    if state.failures:
        return None
    due_at = min(filter(None, [state.next_sync_at, state.next_import_at]))
    return max((due_at - now).total_seconds(), 0.0)


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
        combine={"waiting_since": _earlier},
    )


def _earlier(present: Any, given: Any) -> Any:
    return func.coalesce(present, given)


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
        write_columns(session, _forgetting(), {"mailbox_id": mailbox_id, "gmail_ids": chunk})


@cache  # done for every batch of mail
def _forgetting() -> Delete:
    items = table_of(SyncItem)
    is_among = among(items.c.gmail_id, "gmail_ids")
    return delete(items).where(items.c.mailbox_id == bindparam("mailbox_id"), is_among)


def next_items(
    session: Session, mailbox_id: int, now: datetime, limit: int, *, before: int | None = None
) -> list[QueueItem]:
    """The next pending ids, best priority first; `before`: only those of a better priority than this."""
    wanted = {"mailbox_id": mailbox_id, "now": now, "limit": limit, "before": LAST if before is None else before}
    return [_read(row) for row in read_columns(session, _next_items(), wanted)]


@cache  # asked for every batch of mail
def _next_items() -> Select[str, str, int, int, bool]:
    i = table_of(SyncItem).c
    wanted = (i.state == "pending", i.priority < bindparam("before"))
    return _due_items().where(*wanted).order_by(i.priority, i.id).limit(bindparam("limit"))


def thread_mates(session: Session, mailbox_id: int, now: datetime, items: Sequence[QueueItem]) -> list[QueueItem]:
    """Further pending ids of the same Gmail threads, which are got with them."""
    mates: list[QueueItem] = []
    chosen = {item.gmail_id for item in items}
    for chunk in chunks(sorted({item.thread_id for item in items})):
        rows = read_columns(session, _thread_mates(), {"mailbox_id": mailbox_id, "now": now, "thread_ids": chunk})
        mates += [_read(row) for row in rows if row.gmail_id not in chosen]
    return mates


@cache  # asked for every batch of mail
def _thread_mates() -> Select[str, str, int, int, bool]:
    i = table_of(SyncItem).c
    waits = i.state != "skipped"  # "is pending" leads SQLite through the whole queue
    return _due_items().where(waits, among(i.gmail_thread_id, "thread_ids")).order_by(i.id)


def _due_items() -> Select[str, str, int, int, bool]:
    """A mailbox's items that may be tried now, each with whether its copy is stored."""
    i, copies = table_of(SyncItem).c, table_of(Copy)
    joined = (copies.c.mailbox_id == i.mailbox_id) & (copies.c.gmail_id == i.gmail_id)
    is_stored = copies.c.id.is_not(None).label("is_stored")
    due = (i.mailbox_id == bindparam("mailbox_id"), i.next_attempt_at <= bindparam("now"))
    columns = (i.gmail_id, i.gmail_thread_id, i.attempts, i.priority)
    return select(*columns, is_stored).outerjoin(copies, joined).where(*due)


def _read(row: Any) -> QueueItem:
    return QueueItem(row.gmail_id, row.gmail_thread_id, row.attempts, bool(row.is_stored), row.priority)


def next_attempt_at(session: Session, mailbox_id: int) -> datetime | None:
    """When the earliest pending id may be tried; None where nothing is pending."""
    where = (SyncItem.mailbox_id == mailbox_id, SyncItem.state == "pending")
    return session.scalar(select(func.min(SyncItem.next_attempt_at)).where(*where))


def waiting_for(session: Session, mailbox_id: int, now: datetime) -> Waiting:
    """What the mailbox still waits for; a listing under way is due at once, the nightly audit is slow work as well."""
    state = session.get_one(SyncState, mailbox_id, populate_existing=True)
    queued_at = _earliest(session, mailbox_id, now, SyncItem.priority >= FIRST_OF_IMPORT)
    audit_at = state.next_audit_at or now  # a mailbox that is older than audits has none planned
    slow = [now if state.is_listing else None, queued_at, audit_at]
    return Waiting(
        new_mail_at=_earliest(session, mailbox_id, now, SyncItem.priority < FIRST_OF_IMPORT),
        import_at=min(filter(None, slow)),
        history_id=state.history_id,
        hinted_history_id=state.hinted_history_id,
        hint_looks=state.hint_looks,
    )


def _earliest(session: Session, mailbox_id: int, now: datetime, which: ColumnElement[bool]) -> datetime | None:
    """When the first pending id of a kind may be tried, at the earliest now; None where none is pending."""
    where = (SyncItem.mailbox_id == mailbox_id, SyncItem.state == "pending", which)
    ready = select(SyncItem.id).where(*where, SyncItem.next_attempt_at <= now).limit(1)
    if session.scalar(ready) is not None:  # the usual case, answered without looking at all that wait
        return now
    return session.scalar(select(func.min(SyncItem.next_attempt_at)).where(*where))


def count_items(session: Session, mailbox_id: int) -> tuple[int, dict[str, int]]:
    """(pending, skipped by reason)."""
    label = case((SyncItem.state == "pending", ""), else_=SyncItem.reason)
    query = select(label, func.count()).where(SyncItem.mailbox_id == mailbox_id).group_by(label)
    counts = {row[0]: row[1] for row in session.execute(query)}
    return counts.pop("", 0), counts


def explained_items(session: Session, mailbox_id: int, gmail_ids: Sequence[str]) -> set[str]:
    """Those ids that are pending, or skipped for a reason that holds although Gmail lists them."""
    found: set[str] = set()
    for chunk in chunks(gmail_ids):
        where = (SyncItem.mailbox_id == mailbox_id, SyncItem.gmail_id.in_(chunk))
        holds = (SyncItem.state == "pending") | SyncItem.reason.not_in(REFUTED_BY_LISTING)
        found.update(session.scalars(select(SyncItem.gmail_id).where(*where, holds)))
    return found


def skipped_for(
    session: Session, mailbox_id: int, gmail_ids: Sequence[str], reasons: Collection[SkipReason]
) -> list[tuple[str, str]]:
    """(id, thread) of those ids that were skipped for one of these reasons."""
    found: list[tuple[str, str]] = []
    for chunk in chunks(gmail_ids):
        wanted = {"mailbox_id": mailbox_id, "gmail_ids": chunk, "reasons": reasons}
        found += [(gmail_id, thread_id) for gmail_id, thread_id in read_columns(session, _skipped(), wanted)]
    return found


@cache  # asked for every page of a listing
def _skipped() -> Select[str, str]:
    i = table_of(SyncItem).c
    wanted = (i.mailbox_id == bindparam("mailbox_id"), among(i.gmail_id, "gmail_ids"), among(i.reason, "reasons"))
    is_skipped = i.state != "pending"  # "is skipped" leads SQLite through all that was ever skipped
    return select(i.gmail_id, i.gmail_thread_id).where(*wanted, is_skipped)


def hinted_states(session: Session, address_key: str) -> list[SyncState]:
    """The states of active mailboxes of that address, locked; one address may be a mailbox of several teams."""
    query = (
        select(SyncState)
        .join(Mailbox, Mailbox.id == SyncState.mailbox_id)
        .where(Mailbox.address_key == address_key, Mailbox.status == "active")
        .order_by(SyncState.mailbox_id)
        .with_for_update(of=SyncState)
    )
    return list(session.scalars(query))


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
