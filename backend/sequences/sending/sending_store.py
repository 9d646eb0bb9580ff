"""How each mailbox sends, as the Sending page shows it: its pace, what left, what waits, and when that would leave."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
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
from backend.sequences.authoring.definitions import Habits, load
from backend.sequences.hours import DaysOff, Window, days_off, zone_of
from backend.sequences.sending.catching_up import Crowd, DayPlan, plan
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


def boxes(session: Session, actor: Actor, now: datetime, *, after: str = "", limit: int | None = None) -> list[Box]:
    """One's own mailboxes by address, for managers the team's, from the one after `after`; not disconnected ones."""
    query = select(Mailbox, User.name, User.email, User.timezone).join(User, User.id == Mailbox.user_id)
    query = query.where(Mailbox.workspace_id == actor.workspace_id, Mailbox.status != "disconnected")
    if not actor.sees_all:
        query = query.where(Mailbox.user_id == actor.user_id)
    rows = session.execute(query.where(Mailbox.address > after).order_by(Mailbox.address).limit(limit)).all()
    known = _known(session, [mailbox for mailbox, *_ in rows], now)
    return [_box(session, known, mailbox, name or email, timezone, now) for mailbox, name, email, timezone in rows]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of several mailboxes, by mailbox: as senders, what waits; and of their owners when they are away.

    `waiting`: how many mails, since when, how many over a day; `crowds`: a version's definition (None: no version) with
    how many mails of it wait.
    """

    senders: Mapping[int, OutboxSender]
    waiting: Mapping[int, tuple[int, datetime, int]]
    crowds: Mapping[int, list[tuple[dict[str, Any] | None, int]]]
    away: Mapping[int, list[Absence]]


def _known(session: Session, mailboxes: Sequence[Mailbox], now: datetime) -> _Known:
    ids, users = [mailbox.id for mailbox in mailboxes], {mailbox.user_id for mailbox in mailboxes}
    senders = session.scalars(select(OutboxSender).where(OutboxSender.mailbox_id.in_(ids)))
    crowds, away = defaultdict(list), defaultdict(list)
    for mailbox_id, definition, mails in session.execute(_by_version(ids)):
        crowds[mailbox_id].append((definition, mails))
    for absence in session.scalars(select(Absence).where(Absence.user_id.in_(users)).order_by(Absence.first_day)):
        away[absence.user_id].append(absence)
    return _Known({row.mailbox_id: row for row in senders}, _waiting_counts(session, ids, now), crowds, away)


def _box(session: Session, known: _Known, mailbox: Mailbox, rep: str, timezone: str, now: datetime) -> Box:
    row = known.senders.get(mailbox.id)
    sender = _sender(session, mailbox, rep)
    spent = spent_today(session, sender, now)
    waiting, oldest_at, late = known.waiting.get(mailbox.id, (0, None, 0))
    crowds = _crowds(known, mailbox, now.astimezone(zone_of(timezone)).date())
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


def _waiting_counts(
    session: Session, mailbox_ids: Sequence[int], now: datetime
) -> dict[int, tuple[int, datetime, int]]:  # fmt: skip
    o = OutboxRow
    late = func.count().filter(o.created_at < now - timedelta(days=1))
    query = select(o.mailbox_id, func.count(), func.min(o.created_at), late).where(
        o.mailbox_id.in_(mailbox_ids), IS_OPEN
    )
    return {row[0]: (row[1], row[2], row[3]) for row in session.execute(query.group_by(o.mailbox_id))}


def _crowds(known: _Known, mailbox: Mailbox, today: date) -> list[Crowd]:
    """What waits, by the hours and holidays of the versions that it belongs to."""
    away = tuple((each.first_day, each.last_day) for each in known.away[mailbox.user_id] if each.last_day >= today)
    found: Counter[tuple[Window, str]] = Counter()
    for definition, mails in known.crowds[mailbox.id]:
        habits = load(definition).habits if definition else Habits()
        found[habits.window, habits.country] += mails
    return [Crowd(window, DaysOff(days_off(country), away), mails) for (window, country), mails in found.items()]


def _by_version(mailbox_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """How many mails of each version wait in each mailbox; a definition is JSON, which no database groups by."""
    o = OutboxRow
    waiting = select(o.mailbox_id, o.version_id, func.count().label("mails"))
    groups = waiting.where(o.mailbox_id.in_(mailbox_ids), IS_OPEN).group_by(o.mailbox_id, o.version_id).subquery()
    return select(groups.c.mailbox_id, SequenceVersion.definition, groups.c.mails).outerjoin_from(
        groups, SequenceVersion, SequenceVersion.id == groups.c.version_id
    )


def waiting_mails(session: Session, mailbox_ids: Sequence[int], limit: int) -> dict[int, list[WaitingMail]]:
    """What is to leave each mailbox, the first so many of it in the order in which they are taken up."""
    found: dict[int, list[WaitingMail]] = {mailbox_id: [] for mailbox_id in mailbox_ids}
    for mailbox_id, *mail in session.execute(_waiting(mailbox_ids, limit)):
        found[mailbox_id].append(WaitingMail(*mail))
    return found


def _waiting(mailbox_ids: Sequence[int], limit: int) -> Select[*tuple[Any, ...]]:
    o = OutboxRow
    order = (o.state == State.CLAIMED.value, o.rank, o.turn, o.id)
    place = func.row_number().over(partition_by=o.mailbox_id, order_by=order).label("place")
    first = select(o.id, place).where(o.mailbox_id.in_(mailbox_ids), IS_OPEN).subquery()
    return (
        select(
            o.mailbox_id, o.source_id, func.coalesce(_RECORD.name, o.email), o.email,
            func.coalesce(SequenceRow.name, ""), o.state, o.reason, o.due_at, o.expires_at,
        )
        .join(first, first.c.id == o.id)
        .outerjoin(Record.__table__, _RECORD.id == o.contact_id)
        .outerjoin(SequenceRow, SequenceRow.id == o.group_id)
        .where(first.c.place <= limit)
        .order_by(o.mailbox_id, first.c.place)
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
