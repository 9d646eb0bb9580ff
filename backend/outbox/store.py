"""Orders and senders in the database. Every write under a lease checks that the lease still holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, Update, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from backend.accounts.tables import Mailbox, User
from backend.db import among, insert_ignoring, read_columns, table_of, write_columns
from backend.outbox.shapes import Lease, Pace, Sender, Sending, State
from backend.outbox.tables import IS_BEGUN, IS_OPEN, IS_WAITING, OutboxRow, OutboxSender

LEASE = timedelta(minutes=5)
_PACE = {field.name for field in fields(Pace)}
_OUTBOX, _SENDERS = table_of(OutboxRow), table_of(OutboxSender)
_NAMES = tuple(field.name for field in fields(Sending))
_COLUMNS = tuple(_OUTBOX.c[name] for name in _NAMES)


class LeaseLostError(Exception):
    """Somebody else sends from the mailbox, or it was switched off: what was not committed is dropped."""


def claim_senders(session: Session, now: datetime, limit: int) -> list[int]:
    """Take up to `limit` mailboxes that have something due, longest waiting first; each is due again after a lease.

    Two workers never take the same one: PostgreSQL skips rows that the other has locked, SQLite has one writer.
    """
    ids = list(read_columns(session, _due_senders(), {"now": now, "most": limit}).scalars())
    if ids:
        write_columns(session, _claiming(), {"ids": ids, "next_at": now + LEASE})
    return ids


@cache  # asked at each tick
def _due_senders() -> Select[int]:
    return (
        select(_SENDERS.c.mailbox_id)
        .join(Mailbox, Mailbox.id == _SENDERS.c.mailbox_id)
        .where(_SENDERS.c.next_at <= bindparam("now"), Mailbox.status == "active", _is_free())
        .order_by(_SENDERS.c.next_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=_SENDERS)
    )


@cache
def _claiming() -> Update:
    return update(_SENDERS).where(among(_SENDERS.c.mailbox_id, "ids")).values(next_at=bindparam("next_at"))


def take_lease(session: Session, mailbox_id: int, now: datetime) -> Lease | None:
    """Take the mailbox for one round of sending; None where somebody has it, or it is not active."""
    wanted = {"of_mailbox": mailbox_id, "now": now, "until": now + LEASE}
    taken = read_columns(session, _taking(), wanted).one_or_none()
    return None if taken is None else Lease(mailbox_id, *taken)


@cache  # asked at each round, as `_giving_free` is
def _taking() -> ReturningUpdate[int, int]:
    mailbox_id: BindParameter[int] = bindparam("of_mailbox")
    return (
        update(_SENDERS)
        .where(_SENDERS.c.mailbox_id == mailbox_id, _is_free(), _is_active(mailbox_id))
        .values(lease_until=bindparam("until"), fence=_SENDERS.c.fence + 1)
        .returning(_SENDERS.c.workspace_id, _SENDERS.c.fence)
    )


def hold(session: Session, lease: Lease, now: datetime) -> None:
    """Prolong the lease, or drop what the transaction did. Raises `LeaseLostError`."""
    held = {"of_mailbox": lease.mailbox_id, "of_fence": lease.fence, "lease_until": now + LEASE}
    if write_columns(session, _holding(), held) != 1:
        raise LeaseLostError


@cache  # asked at each step of each mail, as all that follows
def _holding() -> Update:
    mailbox_id: BindParameter[int] = bindparam("of_mailbox")
    where = (_SENDERS.c.mailbox_id == mailbox_id, _SENDERS.c.fence == bindparam("of_fence"), _is_active(mailbox_id))
    return update(_SENDERS).where(*where).values(lease_until=bindparam("lease_until"))


def write_sender(session: Session, mailbox_id: int, **values: Any) -> None:
    """Note something about a mailbox that sends."""
    write_columns(session, _writing_sender(tuple(values)), {"of_mailbox": mailbox_id, **values})


@cache
def _writing_sender(names: tuple[str, ...]) -> Update:
    named: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in names}
    return update(_SENDERS).where(_SENDERS.c.mailbox_id == bindparam("of_mailbox")).values(named)


def release(session: Session, lease: Lease, not_before: datetime, begins_at: datetime) -> None:
    """Give the mailbox free; it is due again with its first open order.

    Nothing is looked at before `not_before`, no order is begun before `begins_at`.
    """
    free = {"of_mailbox": lease.mailbox_id, "of_fence": lease.fence}
    write_columns(session, _giving_free(), free)  # held from here on: whoever orders now wakes it afterwards
    begun, waiting = read_columns(session, _first_due(), {"mailbox_id": lease.mailbox_id}).one()
    firsts = [max(begun, not_before)] if begun else []
    firsts += [max(waiting, not_before, begins_at)] if waiting else []
    if firsts:
        write_columns(session, _coming_back(), {**free, "next_at": min(firsts)})


@cache
def _first_due() -> Select[*tuple[Any, ...]]:
    """When the first begun order of a mailbox is due, and the first that is not."""
    first, is_its = select(func.min(_OUTBOX.c.due_at)), _OUTBOX.c.mailbox_id == bindparam("mailbox_id")
    return select(*(first.where(is_its, which).scalar_subquery() for which in (IS_BEGUN, IS_WAITING)))


@cache
def _giving_free() -> Update:
    return update(_SENDERS).where(*_is_held()).values(lease_until=None, next_at=None)


@cache
def _coming_back() -> Update:
    return update(_SENDERS).where(*_is_held()).values(next_at=bindparam("next_at"))


def _is_held() -> tuple[ColumnElement[bool], ...]:
    return _SENDERS.c.mailbox_id == bindparam("of_mailbox"), _SENDERS.c.fence == bindparam("of_fence")


def _is_free() -> ColumnElement[bool]:
    return or_(_SENDERS.c.lease_until.is_(None), _SENDERS.c.lease_until <= bindparam("now"))


def _is_active(mailbox_id: int | BindParameter[int]) -> ColumnElement[bool]:
    return select(Mailbox.id).where(Mailbox.id == mailbox_id, Mailbox.status == "active").exists()


def break_leases(session: Session, mailbox_ids: Collection[int]) -> None:
    """Take mailboxes from whoever sends there now: what they have not committed is undone, and done anew."""
    values = {"fence": OutboxSender.fence + 1, "lease_until": None}
    session.execute(update(OutboxSender).where(OutboxSender.mailbox_id.in_(mailbox_ids)).values(**values))


def ensure_sender(session: Session, workspace_id: int, mailbox_id: int) -> None:
    """Let a mailbox send; one that does already stays as it is."""
    insert_ignoring(
        session,
        OutboxSender,
        [
            {
                "mailbox_id": mailbox_id,
                "workspace_id": workspace_id,
                "fence": 0,
                "pace": {},
                "pause_reason": "",
                "reports_read_id": 0,
            }
        ],
    )


def sender_of(session: Session, mailbox_id: int) -> Sender:
    """The mailbox as the one who sends from it needs it."""
    workspace_id, user_id, address, name, pace, *moments = read_columns(session, _sender(), {"id": mailbox_id}).one()
    changed = {name: value for name, value in pace.items() if name in _PACE}
    return Sender(mailbox_id, workspace_id, user_id, address, name, replace(Pace(), **changed), *moments)


@cache
def _sender() -> Select[*tuple[Any, ...]]:
    c = _SENDERS.c
    return (
        select(c.workspace_id, Mailbox.user_id, Mailbox.address, User.name, c.pace)
        .add_columns(c.paused_until, c.last_slot_at, c.first_sent_at)
        .join(Mailbox, Mailbox.id == c.mailbox_id)
        .join(User, User.id == Mailbox.user_id)
        .where(c.mailbox_id == bindparam("id"))
    )


def begin_ramp(session: Session, mailbox_id: int, at: datetime) -> None:
    """Note when a mailbox first sent; only the first time counts."""
    write_columns(session, _beginning_ramp(), {"of_mailbox": mailbox_id, "at": at})


@cache
def _beginning_ramp() -> Update:
    is_first = (_SENDERS.c.mailbox_id == bindparam("of_mailbox"), _SENDERS.c.first_sent_at.is_(None))
    return update(_SENDERS).where(*is_first).values(first_sent_at=bindparam("at", type_=_SENDERS.c.first_sent_at.type))


def wake_sender(session: Session, mailbox_id: int, at: datetime) -> None:
    """Have a mailbox looked at no later than that."""
    write_columns(session, _waking(), {"of_mailbox": mailbox_id, "at": at})


@cache
def _waking() -> Update:
    next_at = _SENDERS.c.next_at
    at = bindparam("at", type_=next_at.type)
    is_later = (_SENDERS.c.mailbox_id == bindparam("of_mailbox"), next_at.is_(None) | (next_at > at))
    return update(_SENDERS).where(*is_later).values(next_at=at)


def set_pace(session: Session, mailbox_id: int, changes: Mapping[str, int]) -> None:
    """Note how a mailbox's pace differs from `Pace`."""
    session.execute(update(OutboxSender).where(OutboxSender.mailbox_id == mailbox_id).values(pace=dict(changes)))


def pause_sender(session: Session, mailbox_id: int, until: datetime | None, reason: str) -> None:
    """Let nothing leave a mailbox until then; None lifts the pause."""
    values = {"paused_until": until, "pause_reason": reason[:500]}
    session.execute(update(OutboxSender).where(OutboxSender.mailbox_id == mailbox_id).values(**values))


def next_begun(session: Session, mailbox_id: int, now: datetime, limit: int) -> list[Sending]:
    """Begun orders that are due: their drafts' moments came, or their sends are in doubt."""
    return _orders(session, _due_begun(), {"mailbox_id": mailbox_id, "now": now, "limit": limit})


@cache
def _due_begun() -> Select[*tuple[Any, ...]]:
    return select(*_COLUMNS).where(_is_due(), IS_BEGUN).order_by(_OUTBOX.c.due_at).limit(bindparam("limit"))


def next_claimed(session: Session, mailbox_id: int, now: datetime, limit: int) -> list[Sending]:
    """The orders to be begun next: follow-ups before first touches, and each group in its turn."""
    wanted = {"mailbox_id": mailbox_id, "now": now, "limit": limit}
    return _orders(session, _due_claimed(), wanted) if limit else []


@cache
def _due_claimed() -> Select[*tuple[Any, ...]]:
    in_queue = (_OUTBOX.c.rank, _OUTBOX.c.turn, _OUTBOX.c.id)
    is_waiting = _OUTBOX.c.state == State.CLAIMED.value  # a parameter: read along the queue, not all that is due
    return select(*_COLUMNS).where(_is_due(), IS_OPEN, is_waiting).order_by(*in_queue).limit(bindparam("limit"))


def _is_due() -> ColumnElement[bool]:
    return and_(_OUTBOX.c.mailbox_id == bindparam("mailbox_id"), _OUTBOX.c.due_at <= bindparam("now"))


def find(session: Session, sending_id: int) -> Sending:
    """An order as its row stands now."""
    return _orders(session, select(*_COLUMNS).where(_OUTBOX.c.id == sending_id), {})[0]


def orders_of(session: Session, source: str, source_ids: Collection[int]) -> list[Sending]:
    """All that some enrolments or campaigns ordered, whatever became of it."""
    return _orders(session, _ordered_by(), {"source": source, "source_ids": list(source_ids)})


@cache
def _ordered_by() -> Select[*tuple[Any, ...]]:
    return select(*_COLUMNS).where(_OUTBOX.c.source == bindparam("source"), among(_OUTBOX.c.source_id, "source_ids"))


def find_order(session: Session, source: str, source_id: int, step: int, run: int) -> Sending | None:
    """An order by its name."""
    where = (OutboxRow.source == source, OutboxRow.source_id == source_id)
    query = select(OutboxRow).where(*where, OutboxRow.step == step, OutboxRow.run == run)
    row = session.scalars(query).first()
    return None if row is None else read(row)


def not_read_back(session: Session, sendings: Sequence[Sending]) -> list[tuple[int, str]]:
    """Mails of the same enrolments or campaigns whose Message-ID is not known yet: the order's id, Gmail's id."""
    senders = {(sending.source, sending.source_id) for sending in sendings}
    wanted = {"sources": list({source for source, _ in senders}), "ids": list({key for _, key in senders})}
    found = read_columns(session, _unread(), wanted)
    return [(order_id, gmail_id) for order_id, gmail_id, *of in found if tuple(of) in senders]


@cache
def _unread() -> Select[*tuple[Any, ...]]:
    c = _OUTBOX.c
    is_of = (among(c.source, "sources"), among(c.source_id, "ids"))
    is_unread = (c.state == State.SENT.value, c.rfc_id == "")
    return select(c.id, c.gmail_id, c.source, c.source_id).where(*is_of, *is_unread)


def write(session: Session, sending_id: int, state: State, **values: Any) -> None:
    """Move an order on."""
    write_all(session, state, {sending_id: values})


def write_all(session: Session, state: State, values: Mapping[int, Mapping[str, Any]]) -> None:
    """Move several orders on, with the same columns for each."""
    rows = [{"of_id": sending_id, "state": state.value, **changes} for sending_id, changes in values.items()]
    if rows:
        write_columns(session, _writing(tuple(rows[0])[2:]), rows)


@cache
def _writing(names: tuple[str, ...]) -> Update:
    named: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in ("state", *names)}
    return update(_OUTBOX).where(_OUTBOX.c.id == bindparam("of_id")).values(named)


def take_up_again(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Open orders again that were skipped, by their tokens; whoever wants them now is their source."""
    write_columns(session, _reopening(), [{f"new_{name}": row[name] for name in (*_KEY, *_RENEWED)} for row in rows])


_KEY = ("workspace_id", "token")
_RENEWED = (
    "mailbox_id", "source", "source_id", "step", "run", "version_id", "variant", "contact_id", "email", "rank", "turn",
    "due_at", "expires_at", "state", "reason", "evidence", "draft_id", "attempts",
)  # fmt: skip


@cache
def _reopening() -> Update:
    c = _OUTBOX.c
    given = {name: bindparam(f"new_{name}", type_=c[name].type) for name in (*_KEY, *_RENEWED)}
    is_it = (*(c[name] == given.pop(name) for name in _KEY), c.state == State.SKIPPED.value)
    return update(_OUTBOX).where(*is_it).values({**given, "ended_at": None})


def postpone_open(session: Session, mailbox_id: int, until: datetime, reason: str) -> None:
    """Let every open order of a mailbox wait until then, save those whose send is in doubt."""
    waiting = (State.CLAIMED.value, State.DRAFTED.value)
    where = (OutboxRow.mailbox_id == mailbox_id, OutboxRow.state.in_(waiting), OutboxRow.due_at < until)
    session.execute(update(OutboxRow).where(*where).values(due_at=until, reason=reason))


def next_turn(session: Session, mailbox_id: int, group_id: int, rank: int) -> int:
    """The place of a new order in its mailbox's queue: a group with ten thousand leaves every second turn to others.

    Behind the last of its own group; a group that has none waiting joins at the head.
    """
    wanted = {"mailbox_id": mailbox_id, "group_id": group_id, "rank": rank}
    head, last = read_columns(session, _turns(), wanted).one()
    return (head or 1) if last is None else max(head, last + 1)


@cache  # asked for each mail that is ordered
def _turns() -> Select[int, int]:
    c = _OUTBOX.c
    queue = (c.mailbox_id == bindparam("mailbox_id"), c.rank == bindparam("rank"), IS_OPEN)
    last = select(func.max(c.turn)).where(*queue, c.group_id == bindparam("group_id"))
    return select(select(func.min(c.turn)).where(*queue).scalar_subquery(), last.scalar_subquery())


def sent_in_thread(session: Session, mailbox_id: int, thread_id: str) -> Sending | None:
    """The last of our mails in a Gmail thread: what a report there that names nobody is about."""
    where = (OutboxRow.mailbox_id == mailbox_id, OutboxRow.thread_id == thread_id, OutboxRow.state == "sent")
    row = session.scalars(select(OutboxRow).where(*where).order_by(OutboxRow.sent_at.desc()).limit(1)).first()
    return None if row is None else read(row)


def sent_to_the_same(session: Session, sendings: Sequence[Sending]) -> set[str]:
    """What Gmail calls the mails to the same addresses that our books have as sent."""
    wanted = {"workspace_id": sendings[0].workspace_id, "keys": [sending.address_key for sending in sendings]}
    return set(read_columns(session, _sent_to(), wanted).scalars())


@cache
def _sent_to() -> Select[str]:
    c = _OUTBOX.c
    is_to_them = (c.workspace_id == bindparam("workspace_id"), among(c.address_key, "keys"))
    return select(c.gmail_id).where(*is_to_them, c.gmail_id != "")


def _orders(session: Session, query: Select[*tuple[Any, ...]], values: Mapping[str, Any]) -> list[Sending]:
    return [_sending(row) for row in read_columns(session, query, values)]


def read(row: OutboxRow) -> Sending:
    """A row as it crosses the room's door."""
    return _sending(getattr(row, name) for name in _NAMES)


def _sending(values: Iterable[Any]) -> Sending:
    named = dict(zip(_NAMES, values, strict=True))
    return Sending(**{**named, "state": State(named["state"]), "references": tuple(named["references"])})
