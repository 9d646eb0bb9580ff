"""What a rep's day holds of sequences and campaigns: mails about to leave, and people about whom somebody must decide.

Four statements, whatever there is; each reads what is open only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.accounts.tables import Mailbox, User
from backend.db import beside
from backend.mail.links import gmail_url
from backend.outbox.pacing import is_until_resumed
from backend.outbox.shapes import State
from backend.outbox.tables import IS_BEGUN, IS_OPEN, OutboxRow, OutboxSender
from backend.records.tables import Record
from backend.sequences.shapes import EnrolmentState
from backend.sequences.tables import Enrolment, Sequence

SHOWN = 20
_PATIENT = ("away", "halted", "by_hand")  # they wait for a date, or stand still because somebody wanted it
_RECORD = Record.__table__.c
_COLLISION = "collision"
_PAUSED: ColumnElement[str] = literal_column(
    f"'{EnrolmentState.PAUSED}'"
)  # written out, so that SQLite knows it for the index's


@dataclass(frozen=True, slots=True)
class Leaving:
    """A mail that lies in the rep's drafts and leaves `at`; `gmail_url` opens it."""

    enrolment_id: int
    contact_id: int
    name: str
    sequence: str
    at: datetime
    gmail_url: str


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody on the way who does not get on before the rep decides. `is_held`: a mail waits, and may leave anyway."""

    enrolment_id: int
    contact_id: int
    name: str
    sequence: str
    reason: str
    is_held: bool


@dataclass(frozen=True, slots=True)
class Alarm:
    """A mailbox from which nothing leaves: it must be connected again (`until` None), or is paused until then.

    `reason` is an `outbox.shapes.Pause` with what it rests on; `is_open_ended`: until somebody resumes.
    """

    address: str
    reason: str
    until: datetime | None
    is_open_ended: bool = False


@dataclass(frozen=True, slots=True)
class RepDay:
    """A rep's day as a manager sees it."""

    user_id: int
    name: str
    leaving: int
    waiting: int
    asking: int


def leaving(session: Session, actor: Actor) -> list[Leaving]:
    """Drafts in one's own mailboxes, the next to leave first."""
    query = (
        _orders(OutboxRow.source_id, OutboxRow.contact_id, _RECORD.name, OutboxRow.email, Sequence.name)
        .add_columns(OutboxRow.due_at, Mailbox.address, OutboxRow.thread_id)
        .where(IS_BEGUN, OutboxRow.state == State.DRAFTED.value, OutboxRow.reason != _COLLISION, _own(actor))
        .order_by(OutboxRow.due_at, OutboxRow.id)
        .limit(SHOWN)
    )
    return [
        Leaving(source_id, contact_id, name or email, sequence, at, gmail_url(address, thread_id))
        for source_id, contact_id, name, email, sequence, at, address, thread_id in session.execute(query)
    ]


def asking(session: Session, actor: Actor) -> list[Asking]:
    """Mails of one's own that are held for a decision, then people who stand still for a reason that asks for one."""
    held = (
        _orders(OutboxRow.source_id, OutboxRow.contact_id, _RECORD.name, OutboxRow.email, Sequence.name)
        .where(IS_OPEN, OutboxRow.state.in_(_waiting()), OutboxRow.reason == _COLLISION, _own(actor))
        .order_by(OutboxRow.id)
        .limit(SHOWN)
    )
    found = [Asking(i, c, name or email, seq, _COLLISION, True) for i, c, name, email, seq in session.execute(held)]
    still = (
        select(Enrolment.id, Enrolment.contact_id, _RECORD.name, Enrolment.email, Sequence.name, Enrolment.reason)
        .join(Sequence, Sequence.id == Enrolment.sequence_id)
        .outerjoin(Record.__table__, _RECORD.id == Enrolment.contact_id)
        .where(Enrolment.user_id == actor.user_id, *_stands_still())
        .order_by(Enrolment.id)
        .limit(SHOWN)
    )
    rows = session.execute(still)
    return found + [Asking(i, c, name or email, seq, reason, False) for i, c, name, email, seq, reason in rows]


def alarms(session: Session, actor: Actor, now: datetime) -> list[Alarm]:
    """One's own mailboxes from which nothing leaves, and why."""
    query = (
        select(Mailbox.address, Mailbox.status, OutboxSender.pause_reason, OutboxSender.paused_until)
        .outerjoin(OutboxSender, OutboxSender.mailbox_id == Mailbox.id)
        .where(Mailbox.user_id == actor.user_id)
        .where((Mailbox.status == "reconnect_needed") | (OutboxSender.paused_until > now))
        .order_by(Mailbox.address)
    )
    return [_alarm(*row, now) for row in session.execute(query)]


def _alarm(address: str, status: str, reason: str | None, until: datetime | None, now: datetime) -> Alarm:
    if status == "reconnect_needed" or until is None:
        return Alarm(address, "", None)
    return Alarm(address, reason or "", until, is_until_resumed(until, now))


def team(session: Session, actor: Actor) -> list[RepDay]:
    """The reps of the team who have mails to come or somebody to decide about; for managers."""
    number = func.count().label("number")
    waits = (
        select(Mailbox.user_id, OutboxRow.state, OutboxRow.reason, number)
        .join(Mailbox, Mailbox.id == OutboxRow.mailbox_id)
        .where(IS_OPEN, beside(OutboxRow.workspace_id) == actor.workspace_id, OutboxRow.state.in_(_waiting()))
        .group_by(Mailbox.user_id, OutboxRow.state, OutboxRow.reason)
    )
    still = (
        select(Enrolment.user_id, number)
        .where(Enrolment.workspace_id == actor.workspace_id, *_stands_still())
        .group_by(Enrolment.user_id)
    )
    counts: dict[int, list[int]] = {}
    for user_id, state, reason, several in session.execute(waits):
        place = 2 if reason == _COLLISION else 0 if state == State.DRAFTED else 1
        counts.setdefault(user_id, [0, 0, 0])[place] += several
    for user_id, several in session.execute(still):
        counts.setdefault(user_id, [0, 0, 0])[2] += several
    people = select(User.id, User.name, User.email).where(User.id.in_(counts)).order_by(User.name, User.id)
    return [RepDay(row.id, row.name or row.email, *counts[row.id]) for row in session.execute(people)]


def _orders(*columns: Any) -> Select[*tuple[Any, ...]]:
    """Orders of sequences and campaigns: there are no others."""
    return (
        select(*columns)
        .join(Mailbox, Mailbox.id == OutboxRow.mailbox_id)
        .join(Sequence, Sequence.id == OutboxRow.group_id)
        .outerjoin(Record.__table__, _RECORD.id == OutboxRow.contact_id)
    )


def _own(actor: Actor) -> ColumnElement[bool]:
    return OutboxRow.mailbox_id.in_(select(Mailbox.id).where(Mailbox.user_id == actor.user_id))


def _waiting() -> tuple[str, ...]:
    return (State.CLAIMED.value, State.DRAFTED.value)


def _stands_still() -> tuple[Any, ...]:
    return (Enrolment.state == _PAUSED, Enrolment.reason.not_in(_PATIENT))
