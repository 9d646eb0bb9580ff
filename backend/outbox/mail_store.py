"""What the outbox asks of stored mail: is it complete, what left today, who was written to when, what bounced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, bindparam, case, func, null, or_, select, union_all
from sqlalchemy.orm import Session

from backend.accounts.tables import Mailbox
from backend.db import among, beside, one_of, read_columns, table_of
from backend.mail.tables import Copy, Message, MessageParticipant
from backend.outbox.shapes import Sender, Sending, Spent, State
from backend.outbox.tables import OutboxRow, OutboxSender
from backend.sync.tables import SyncItem, SyncState

DAY = timedelta(hours=24)


def is_fresh(session: Session, mailbox_id: int, since: datetime) -> bool:
    """Whether all that the mailbox held at `since` is in the store: nothing is listed or waits to be fetched."""
    state = read_columns(session, _freshness(), {"mailbox_id": mailbox_id}).first()
    if state is None:
        return False
    is_listing, last_success_at, is_waiting = state
    return not is_listing and not is_waiting and last_success_at is not None and last_success_at >= since


@cache  # asked for each mail, as all that follows
def _freshness() -> Select[*tuple[Any, ...]]:
    waiting = select(SyncItem.id).where(SyncItem.mailbox_id == SyncState.mailbox_id, SyncItem.state == "pending")
    query = select(SyncState.is_listing, SyncState.last_success_at, waiting.correlate(SyncState).exists())
    return query.where(SyncState.mailbox_id == bindparam("mailbox_id"))


def spent_today(session: Session, sender: Sender, now: datetime) -> Spent:
    """What left the mailbox in the last 24 hours: ours by our books, the rep's own by the mail that sync stored."""
    wanted = {"mailbox_id": sender.mailbox_id, "workspace_id": sender.workspace_id, "since": now - DAY}
    rows = read_columns(session, _sent_by_domain(), wanted).all()
    counts = {domain: number for domain, number, _ in rows}
    oldest_at = min((moment for *_, moment in rows if moment), default=None)
    return Spent(sum(counts.values()), oldest_at, {domain: n for domain, n in counts.items() if domain is not None})


@cache  # asked at each round
def _sent_by_domain() -> CompoundSelect[*tuple[Any, ...]]:
    """(domain, mails, the first of them), the domain None for those written by hand."""
    o = table_of(OutboxRow).c
    ours = select(o.domain, func.count(), func.min(o.sent_at)).where(*_sent_today()).group_by(o.domain)
    return union_all(ours, _written_by_hand())


def _written_by_hand() -> Select[*tuple[Any, ...]]:
    m, c, b, o = (table_of(model).c for model in (Message, Copy, Mailbox, OutboxRow))
    address_key = select(b.address_key).where(b.id == bindparam("mailbox_id")).scalar_subquery()
    return (
        select(null(), func.count(), func.min(m.sent_at))
        .join(table_of(Copy), c.message_id == m.id)
        .where(m.workspace_id == bindparam("workspace_id"), m.sent_at > bindparam("since"), m.is_ours)
        .where(m.sender_key == address_key, c.mailbox_id == bindparam("mailbox_id"))
        .where(c.gmail_id.not_in(select(o.gmail_id).where(*_sent_today())))
    )


def _sent_today() -> tuple[ColumnElement[bool], ...]:
    o = table_of(OutboxRow).c
    return o.mailbox_id == bindparam("mailbox_id"), o.sent_at > bindparam("since")


def last_mails_to(session: Session, sendings: Sequence[Sending], now: datetime) -> dict[int, datetime]:
    """When somebody of the team last wrote to each one's address, by hand or by us; by the order's id.

    What is on its way out of any mailbox counts as sent now.
    """
    wanted = {
        "now": now,
        "workspace_id": sendings[0].workspace_id,
        "keys": [sending.address_key for sending in sendings],
        "ids": [sending.contact_id for sending in sendings],
    }
    last = {(key, contact_id): at for key, contact_id, at in read_columns(session, _last_mails(), wanted)}
    found = {s.id: (last.get((s.address_key, None)), last.get((None, s.contact_id))) for s in sendings}
    return {order_id: max(filter(None, moments)) for order_id, moments in found.items() if any(moments)}


@cache
def _last_mails() -> CompoundSelect[*tuple[Any, ...]]:
    """(address, None, the last by hand) and (None, contact, the last by us)."""
    p, m, o = table_of(MessageParticipant).c, table_of(Message).c, table_of(OutboxRow).c
    by_hand = (
        select(p.address_key, null(), func.max(m.sent_at))
        .join(table_of(Message), m.id == p.message_id)
        .where(p.workspace_id == bindparam("workspace_id"), among(p.address_key, "keys"))
        .where(one_of(p.role, "to", "cc", "bcc"), m.is_ours)
        .group_by(p.address_key)
    )
    same = (beside(o.workspace_id) == bindparam("workspace_id"), among(o.contact_id, "ids"))
    is_leaving = one_of(o.state, State.SENDING.value)
    at = case((is_leaving, bindparam("now", type_=o.sent_at.type)), else_=o.sent_at)
    by_us = select(null(), o.contact_id, func.max(at)).where(*same, or_(o.sent_at.is_not(None), is_leaving))
    return union_all(by_hand, by_us.group_by(o.contact_id))


@dataclass(frozen=True, slots=True)
class NewReports:
    """Delivery reports (Gmail id, thread id) that came, and the last copy looked at; None where no mail came at all."""

    found: tuple[tuple[str, str], ...] = ()
    last_id: int | None = None


def new_reports(session: Session, mailbox_id: int, limit: int) -> NewReports:
    """Delivery reports that came since they were last read."""
    after, last = read_columns(session, _newest_copy(), {"mailbox_id": mailbox_id}).one()
    if last is None or last <= after:
        return NewReports()
    where = (Copy.mailbox_id == mailbox_id, Copy.id > after, Message.kind == "bounce")
    query = select(Copy.id, Copy.gmail_id, Copy.gmail_thread_id).join(Message, Message.id == Copy.message_id)
    found = session.execute(query.where(*where).order_by(Copy.id).limit(limit)).all()
    return NewReports(tuple((row[1], row[2]) for row in found), found[-1][0] if len(found) == limit else last)


@cache
def _newest_copy() -> Select[*tuple[Any, ...]]:
    s = OutboxSender
    last = select(func.max(Copy.id)).where(Copy.mailbox_id == s.mailbox_id).correlate(s).scalar_subquery()
    return select(s.reports_read_id, last).where(s.mailbox_id == bindparam("mailbox_id"))
