"""How each mailbox sends, as the Sending page shows it: its pace, what left, what waits, and when that would leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.accounts.tables import Mailbox, User
from backend.outbox import rules
from backend.outbox.mail_store import spent_today
from backend.outbox.pacing import is_until_resumed
from backend.outbox.shapes import Pace, Sender, State
from backend.outbox.store import sender_of
from backend.outbox.tables import IS_OPEN, OutboxRow, OutboxSender
from backend.records.tables import Record
from backend.sequences.catching_up import Crowd, DayPlan, plan
from backend.sequences.definitions import Habits, load
from backend.sequences.hours import DaysOff, Window, days_off, zone_of
from backend.sequences.tables import Absence, SequenceVersion
from backend.sequences.tables import Sequence as SequenceRow

_RECORD = Record.__table__.c


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox as it sends. `days`: when what waits would leave at its pace; `late`: ordered over a day ago.

    `is_paused_for_good`: until somebody resumes; `pause_reason`: an `outbox.shapes.Pause` with what it rests on.
    """

    mailbox_id: int
    address: str
    rep: str
    user_id: int
    status: str
    pace: Pace
    paused_until: datetime | None
    is_paused_for_good: bool
    pause_reason: str
    cap_today: int
    sent_today: int
    waiting: int
    late: int
    oldest_at: datetime | None
    days: tuple[DayPlan, ...] = ()

    @property
    def is_over_in(self) -> int:
        """After how many days of sending nothing waits any more."""
        return len(self.days)


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """A mail that is to leave. `due_at`: when it is looked at next; `state` a State; `reason`: why it waits."""

    enrolment_id: int
    name: str
    email: str
    sequence: str
    state: str
    reason: str
    due_at: datetime
    expires_at: datetime


def boxes(session: Session, actor: Actor, now: datetime) -> list[Box]:
    """One's own mailboxes, for managers the team's; disconnected ones are left out."""
    query = select(Mailbox, User.name, User.email, User.timezone).join(User, User.id == Mailbox.user_id)
    query = query.where(Mailbox.workspace_id == actor.workspace_id, Mailbox.status != "disconnected")
    if not actor.sees_all:
        query = query.where(Mailbox.user_id == actor.user_id)
    rows = session.execute(query.order_by(Mailbox.address)).all()
    return [_box(session, mailbox, name or email, timezone, now) for mailbox, name, email, timezone in rows]


def _box(session: Session, mailbox: Mailbox, rep: str, timezone: str, now: datetime) -> Box:
    row = session.get(OutboxSender, mailbox.id)
    sender = _sender(session, mailbox, rep)
    spent = spent_today(session, sender, now)
    waiting, oldest_at, late = _waiting_counts(session, mailbox.id, now)
    crowds = _crowds(session, mailbox, now.astimezone(zone_of(timezone)).date())
    paused_until = sender.paused_until if sender.paused_until and sender.paused_until > now else None
    is_paused_for_good = paused_until is not None and is_until_resumed(paused_until, now)
    return Box(
        mailbox_id=mailbox.id,
        address=mailbox.address,
        rep=rep,
        user_id=mailbox.user_id,
        status=mailbox.status,
        pace=sender.pace,
        paused_until=paused_until,
        is_paused_for_good=is_paused_for_good,
        pause_reason=row.pause_reason if row else "",
        cap_today=rules.daily_cap(sender, now),
        sent_today=spent.total,
        waiting=waiting,
        late=late,
        oldest_at=oldest_at,
        days=() if is_paused_for_good else plan(crowds, sender, zone_of(timezone), spent.total, now),
    )


def _sender(session: Session, mailbox: Mailbox, rep: str) -> Sender:
    """The mailbox as it sends; one that never did keeps to the usual pace."""
    if session.get(OutboxSender, mailbox.id) is not None:
        return sender_of(session, mailbox.id)
    return Sender(mailbox.id, mailbox.workspace_id, mailbox.user_id, mailbox.address, rep, Pace(), None, None, None)


def _waiting_counts(session: Session, mailbox_id: int, now: datetime) -> tuple[int, datetime | None, int]:
    is_open = (OutboxRow.mailbox_id == mailbox_id, IS_OPEN)
    waiting, oldest_at = session.execute(select(func.count(), func.min(OutboxRow.created_at)).where(*is_open)).one()
    late = session.scalar(select(func.count()).where(*is_open, OutboxRow.created_at < now - timedelta(days=1)))
    return waiting, oldest_at, late or 0


def _crowds(session: Session, mailbox: Mailbox, today: date) -> list[Crowd]:
    """What waits, by the hours and holidays of the versions that it belongs to."""
    away = tuple((each.first_day, each.last_day) for each in absences(session, mailbox.user_id, today))
    found: Counter[tuple[Window, str]] = Counter()
    for definition, mails in session.execute(_by_version(mailbox.id)):
        habits = load(definition).habits if definition else Habits()
        found[habits.window, habits.country] += mails
    return [Crowd(window, DaysOff(days_off(country), away), mails) for (window, country), mails in found.items()]


def _by_version(mailbox_id: int) -> Select[*tuple[Any, ...]]:
    """How many mails of each version wait; a definition is JSON, which no database groups by."""
    o = OutboxRow
    waiting = select(o.version_id, func.count().label("mails")).where(o.mailbox_id == mailbox_id, IS_OPEN)
    by_version = waiting.group_by(o.version_id).subquery()
    return select(SequenceVersion.definition, by_version.c.mails).outerjoin_from(
        by_version, SequenceVersion, SequenceVersion.id == by_version.c.version_id
    )


def waiting_mails(session: Session, mailbox_id: int, limit: int) -> list[WaitingMail]:
    """What is to leave a mailbox, in the order in which it is taken up."""
    return [WaitingMail(*row) for row in session.execute(_waiting(mailbox_id).limit(limit))]


def _waiting(mailbox_id: int) -> Select[*tuple[Any, ...]]:
    o = OutboxRow
    return (
        select(
            o.source_id, func.coalesce(_RECORD.name, o.email), o.email, func.coalesce(SequenceRow.name, ""), o.state,
            o.reason, o.due_at, o.expires_at,
        )
        .outerjoin(Record.__table__, _RECORD.id == o.contact_id)
        .outerjoin(SequenceRow, SequenceRow.id == o.group_id)
        .where(o.mailbox_id == mailbox_id, IS_OPEN)
        .order_by(o.state == State.CLAIMED.value, o.rank, o.turn, o.id)
    )  # fmt: skip


def absences(session: Session, user_id: int, since: date | None = None) -> Sequence[Absence]:
    """Days on which a rep is away, from `since` on."""
    query = select(Absence).where(Absence.user_id == user_id).order_by(Absence.first_day)
    return session.scalars(query if since is None else query.where(Absence.last_day >= since)).all()


def find_absence(session: Session, actor: Actor, absence_id: int) -> Absence | None:
    """One of one's own, for managers anybody's of the team."""
    query = select(Absence).where(Absence.workspace_id == actor.workspace_id, Absence.id == absence_id)
    if not actor.sees_all:
        query = query.where(Absence.user_id == actor.user_id)
    return session.scalars(query).first()
