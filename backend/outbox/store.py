"""Orders, senders and suppressions in the database. Every write under a lease checks that the lease still holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Select, func, or_, select, update
from sqlalchemy.orm import Session

from backend.accounts.tables import Mailbox, User
from backend.db import insert_ignoring
from backend.mail.tables import Copy, Message, MessageParticipant
from backend.outbox.shapes import Lease, Order, Pace, Sender, Sending, Spent, State
from backend.outbox.tables import OutboxRow, OutboxSender, Suppression
from backend.sync.tables import SyncItem, SyncState

LEASE = timedelta(minutes=5)
DAY = timedelta(hours=24)
_PACE = {field.name for field in fields(Pace)}
_OPEN = tuple(state.value for state in State.open())


class LeaseLostError(Exception):
    """Somebody else sends from the mailbox, or it was switched off: what was not committed is dropped."""


def claim_senders(session: Session, now: datetime, limit: int) -> list[int]:
    """Take up to `limit` mailboxes that have something due, longest waiting first; each is due again after a lease.

    Two workers never take the same one: PostgreSQL skips rows that the other has locked, SQLite has one writer.
    """
    due = (
        select(OutboxSender.mailbox_id)
        .join(Mailbox, Mailbox.id == OutboxSender.mailbox_id)
        .where(OutboxSender.next_at <= now, Mailbox.status == "active", _is_free(now))
        .order_by(OutboxSender.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=OutboxSender)
    )
    ids = list(session.scalars(due))
    if ids:
        values = {"next_at": now + LEASE}
        session.execute(update(OutboxSender).where(OutboxSender.mailbox_id.in_(ids)).values(**values))
    return ids


def take_lease(session: Session, mailbox_id: int, now: datetime) -> Lease | None:
    """Take the mailbox for one round of sending; None where somebody has it, or it is not active."""
    taken = session.execute(
        update(OutboxSender)
        .where(OutboxSender.mailbox_id == mailbox_id, _is_free(now), _is_active(mailbox_id))
        .values(lease_until=now + LEASE, fence=OutboxSender.fence + 1)
        .returning(OutboxSender.workspace_id, OutboxSender.fence)
    ).one_or_none()
    return None if taken is None else Lease(mailbox_id, taken.workspace_id, taken.fence)


def hold(session: Session, lease: Lease, now: datetime, **values: Any) -> None:
    """Write the sender under the lease and prolong it. Raises `LeaseLostError`."""
    result = session.execute(
        update(OutboxSender)
        .where(OutboxSender.mailbox_id == lease.mailbox_id, OutboxSender.fence == lease.fence)
        .where(_is_active(lease.mailbox_id))
        .values(lease_until=now + LEASE, **values)
    )
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        raise LeaseLostError


def release(session: Session, lease: Lease, not_before: datetime, begins_at: datetime) -> None:
    """Give the mailbox free; it is due again with its first open order.

    Nothing is looked at before `not_before`, no order is begun before `begins_at`.
    """
    begun = _first_due(session, lease.mailbox_id, OutboxRow.state != State.CLAIMED.value)
    waiting = _first_due(session, lease.mailbox_id, OutboxRow.state == State.CLAIMED.value)
    firsts = [max(begun, not_before)] if begun else []
    firsts += [max(waiting, not_before, begins_at)] if waiting else []
    session.execute(
        update(OutboxSender)
        .where(OutboxSender.mailbox_id == lease.mailbox_id, OutboxSender.fence == lease.fence)
        .values(lease_until=None, next_at=min(firsts, default=None))
    )


def _first_due(session: Session, mailbox_id: int, which: ColumnElement[bool]) -> datetime | None:
    where = (OutboxRow.mailbox_id == mailbox_id, OutboxRow.state.in_(_OPEN), which)
    return session.scalar(select(func.min(OutboxRow.due_at)).where(*where))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(OutboxSender.lease_until.is_(None), OutboxSender.lease_until <= now)


def _is_active(mailbox_id: int) -> ColumnElement[bool]:
    return select(Mailbox.id).where(Mailbox.id == mailbox_id, Mailbox.status == "active").exists()


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
    query = (
        select(OutboxSender, Mailbox.user_id, Mailbox.address, User.name)
        .join(Mailbox, Mailbox.id == OutboxSender.mailbox_id)
        .join(User, User.id == Mailbox.user_id)
        .where(OutboxSender.mailbox_id == mailbox_id)
        .execution_options(populate_existing=True)
    )
    row, user_id, address, name = session.execute(query).one()
    return Sender(
        mailbox_id=mailbox_id,
        workspace_id=row.workspace_id,
        user_id=user_id,
        address=address,
        name=name,
        pace=replace(Pace(), **{name: value for name, value in row.pace.items() if name in _PACE}),
        paused_until=row.paused_until,
        last_slot_at=row.last_slot_at,
        first_sent_at=row.first_sent_at,
    )


def set_pace(session: Session, mailbox_id: int, changes: Mapping[str, int]) -> None:
    """Note how a mailbox's pace differs from `Pace`."""
    session.execute(update(OutboxSender).where(OutboxSender.mailbox_id == mailbox_id).values(pace=dict(changes)))


def pause_sender(session: Session, mailbox_id: int, until: datetime | None, reason: str) -> None:
    """Let nothing leave a mailbox until then; None lifts the pause."""
    values = {"paused_until": until, "pause_reason": reason[:500]}
    session.execute(update(OutboxSender).where(OutboxSender.mailbox_id == mailbox_id).values(**values))


def next_begun(session: Session, mailbox_id: int, now: datetime) -> Sending | None:
    """A begun order that is due: its draft's moment came, or its send is in doubt."""
    where = (OutboxRow.mailbox_id == mailbox_id, OutboxRow.state.in_(_OPEN), OutboxRow.state != State.CLAIMED.value)
    return _first(session, select(OutboxRow).where(*where, OutboxRow.due_at <= now).order_by(OutboxRow.due_at))


def next_claimed(session: Session, mailbox_id: int, now: datetime) -> Sending | None:
    """The order to be begun next: follow-ups before first touches, and each group in its turn."""
    where = (OutboxRow.mailbox_id == mailbox_id, OutboxRow.state == State.CLAIMED.value, OutboxRow.due_at <= now)
    in_queue = (OutboxRow.rank, OutboxRow.turn, OutboxRow.id)
    return _first(session, select(OutboxRow).where(*where).order_by(*in_queue))


def _first(session: Session, query: Select[OutboxRow]) -> Sending | None:
    row = session.scalars(query.limit(1).execution_options(populate_existing=True)).first()
    return None if row is None else read(row)


def find(session: Session, sending_id: int) -> Sending:
    """An order as its row stands now."""
    return read(session.get_one(OutboxRow, sending_id, populate_existing=True))


def find_order(session: Session, source: str, source_id: int, step: int, run: int) -> Sending | None:
    """An order by its name."""
    where = (OutboxRow.source == source, OutboxRow.source_id == source_id)
    query = select(OutboxRow).where(*where, OutboxRow.step == step, OutboxRow.run == run)
    row = session.scalars(query).first()
    return None if row is None else read(row)


def open_orders_of(session: Session, source: str, source_id: int) -> list[Sending]:
    """What is still to leave for one enrolment or campaign."""
    where = (OutboxRow.source == source, OutboxRow.source_id == source_id, OutboxRow.state.in_(_OPEN))
    return [read(row) for row in session.scalars(select(OutboxRow).where(*where))]


def not_read_back(session: Session, source: str, source_id: int) -> list[Sending]:
    """Mails of one enrolment or campaign whose Message-ID is not known yet."""
    where = (OutboxRow.source == source, OutboxRow.source_id == source_id)
    query = select(OutboxRow).where(*where, OutboxRow.state == State.SENT.value, OutboxRow.rfc_id == "")
    return [read(row) for row in session.scalars(query)]


def write(session: Session, sending_id: int, state: State, **values: Any) -> None:
    """Move an order on."""
    session.execute(update(OutboxRow).where(OutboxRow.id == sending_id).values(state=state.value, **values))


def take_up_again(session: Session, order: Order) -> None:
    """Open an order again that was skipped."""
    name = (OutboxRow.source == order.source, OutboxRow.source_id == order.source_id)
    which = (*name, OutboxRow.step == order.step, OutboxRow.run == order.run, OutboxRow.state == State.SKIPPED.value)
    fresh = {
        "state": State.CLAIMED.value,
        "reason": "",
        "evidence": "",
        "draft_id": "",
        "attempts": 0,
        "ended_at": None,
    }
    moments = {"due_at": order.due_at, "expires_at": order.expires_at}
    session.execute(update(OutboxRow).where(*which).values(**fresh, **moments))


def postpone_open(session: Session, mailbox_id: int, until: datetime, reason: str) -> None:
    """Let every open order of a mailbox wait until then, save those whose send is in doubt."""
    waiting = (State.CLAIMED.value, State.DRAFTED.value)
    where = (OutboxRow.mailbox_id == mailbox_id, OutboxRow.state.in_(waiting), OutboxRow.due_at < until)
    session.execute(update(OutboxRow).where(*where).values(due_at=until, reason=reason))


def next_turn(session: Session, mailbox_id: int, group_id: int, rank: int) -> int:
    """The place of a new order in its mailbox's queue: a group with ten thousand leaves every second turn to others.

    Behind the last of its own group; a group that has none waiting joins at the head.
    """
    queue = (OutboxRow.mailbox_id == mailbox_id, OutboxRow.rank == rank, OutboxRow.state.in_(_OPEN))
    head = session.scalar(select(func.min(OutboxRow.turn)).where(*queue)) or 1
    last = session.scalar(select(func.max(OutboxRow.turn)).where(*queue, OutboxRow.group_id == group_id))
    return head if last is None else max(head, last + 1)


def spent_today(session: Session, sender: Sender, now: datetime) -> Spent:
    """What left the mailbox in the last 24 hours: ours by our books, the rep's own by the mail that sync stored."""
    since = now - DAY
    ours = (OutboxRow.mailbox_id == sender.mailbox_id, OutboxRow.sent_at > since)
    domains = session.execute(
        select(OutboxRow.domain, func.count(), func.min(OutboxRow.sent_at)).where(*ours).group_by(OutboxRow.domain)
    ).all()
    by_hand, first = session.execute(
        select(func.count(), func.min(Message.sent_at))
        .join(Copy, Copy.message_id == Message.id)
        .where(Message.workspace_id == sender.workspace_id, Message.sent_at > since, Message.is_ours)
        .where(
            Message.sender_key == select(Mailbox.address_key).where(Mailbox.id == sender.mailbox_id).scalar_subquery()
        )
        .where(Copy.mailbox_id == sender.mailbox_id)
        .where(Copy.gmail_id.not_in(select(OutboxRow.gmail_id).where(*ours)))
    ).one()
    moments = [moment for moment in (first, *(row[2] for row in domains)) if moment]
    counts = {row[0]: row[1] for row in domains}
    return Spent(by_hand + sum(counts.values()), min(moments, default=None), counts)


def last_mail_to(session: Session, sending: Sending) -> datetime | None:
    """When somebody of the team last wrote to that address, by hand or by us."""
    p = MessageParticipant
    by_hand = session.scalar(
        select(func.max(Message.sent_at))
        .join(p, p.message_id == Message.id)
        .where(p.workspace_id == sending.workspace_id, p.address_key == sending.address_key)
        .where(p.role.in_(("to", "cc", "bcc")), Message.is_ours)
    )
    same = (OutboxRow.workspace_id == sending.workspace_id, OutboxRow.contact_id == sending.contact_id)
    ours = session.scalar(select(func.max(OutboxRow.sent_at)).where(*same))
    return max(filter(None, (by_hand, ours)), default=None)


def suppressed(session: Session, workspace_id: int, address_key: str) -> Suppression | None:
    """Why nothing is sent to an address; None where nothing forbids it."""
    where = (Suppression.workspace_id == workspace_id, Suppression.address_key == address_key)
    return session.scalars(select(Suppression).where(*where)).first()


def suppress(session: Session, workspace_id: int, address_key: str, **values: Any) -> None:
    """Note that nothing is sent to an address; the first reason stands."""
    insert_ignoring(session, Suppression, [{"workspace_id": workspace_id, "address_key": address_key, **values}])


def is_fresh(session: Session, mailbox_id: int, since: datetime) -> bool:
    """Whether all that the mailbox held at `since` is in the store: nothing is listed or waits to be fetched."""
    state = session.get(SyncState, mailbox_id, populate_existing=True)
    if state is None or state.is_listing or state.last_success_at is None or state.last_success_at < since:
        return False
    waiting = select(SyncItem.id).where(SyncItem.mailbox_id == mailbox_id, SyncItem.state == "pending").limit(1)
    return session.scalar(waiting) is None


def new_reports(session: Session, mailbox_id: int, limit: int) -> tuple[list[tuple[str, str]], int | None]:
    """Delivery reports that came since they were last read, (Gmail id, thread id), and up to which copy they were.

    None where no mail came at all.
    """
    after = session.scalar(select(OutboxSender.reports_read_id).where(OutboxSender.mailbox_id == mailbox_id)) or 0
    where = (Copy.mailbox_id == mailbox_id, Copy.id > after)
    last = session.scalar(select(func.max(Copy.id)).where(*where))
    if last is None:
        return [], None
    query = (
        select(Copy.id, Copy.gmail_id, Copy.gmail_thread_id)
        .join(Message, Message.id == Copy.message_id)
        .where(*where, Message.kind == "bounce")
    )
    found = session.execute(query.order_by(Copy.id).limit(limit)).all()
    return [(row[1], row[2]) for row in found], found[-1][0] if len(found) == limit else last


def sent_in_thread(session: Session, mailbox_id: int, thread_id: str) -> Sending | None:
    """The last of our mails in a Gmail thread: what a report there that names nobody is about."""
    where = (OutboxRow.mailbox_id == mailbox_id, OutboxRow.thread_id == thread_id, OutboxRow.state == "sent")
    row = session.scalars(select(OutboxRow).where(*where).order_by(OutboxRow.sent_at.desc()).limit(1)).first()
    return None if row is None else read(row)


def known_gmail_ids(session: Session, mailbox_id: int, gmail_ids: Collection[str]) -> set[str]:
    """Those of these mails that our books have as sent."""
    where = (OutboxRow.mailbox_id == mailbox_id, OutboxRow.gmail_id.in_(sorted(gmail_ids)))
    return set(session.scalars(select(OutboxRow.gmail_id).where(*where)))


def read(row: OutboxRow) -> Sending:
    """A row as it crosses the room's door."""
    return Sending(
        id=row.id,
        workspace_id=row.workspace_id,
        mailbox_id=row.mailbox_id,
        source=row.source,
        source_id=row.source_id,
        step=row.step,
        run=row.run,
        token=row.token,
        contact_id=row.contact_id,
        email=row.email,
        address_key=row.address_key,
        domain=row.domain,
        state=State(row.state),
        reason=row.reason,
        evidence=row.evidence,
        due_at=row.due_at,
        expires_at=row.expires_at,
        created_at=row.created_at,
        attempts=row.attempts,
        draft_id=row.draft_id,
        thread_id=row.thread_id,
        gmail_id=row.gmail_id,
        rfc_id=row.rfc_id,
        subject=row.subject,
        references=tuple(row.references),
        sent_at=row.sent_at,
        variant=row.variant,
    )
