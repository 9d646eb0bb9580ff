"""What came of a rehearsal: its mails, what happened beside them, and each rep's calendar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from backend.gmail.mime import read_headers
from backend.outbox.shapes import HEADER
from backend.sequences.authoring.definitions import Habits
from backend.sequences.hours import days_off, zone_of
from backend.sequences.shapes import EventKind
from backend.sequences.simulation import store
from backend.sequences.simulation.shapes import Calendar, Day, Happening, Person, Rehearsal, RehearsedMail, Sender
from backend.sequences.simulation.store import OrderLine, Wait

_TOLD = (
    EventKind.SKIPPED, EventKind.VETOED, EventKind.UNKNOWN, EventKind.DONE, EventKind.TURNED, EventKind.PAUSED,
    EventKind.RESUMED, EventKind.STOPPED, EventKind.FINISHED, EventKind.TROUBLED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    """What is played, by whom, and since when."""

    sequence_id: int
    name: str
    version: int
    habits: Habits
    starts_at: datetime
    senders: tuple[Sender, ...]
    invented: int
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Played:
    """What was seen while it was played: mails as they were sent, waits with the moment at which each began."""

    mails: Sequence[bytes]
    waits: Sequence[tuple[datetime, Wait]]
    ends_at: datetime
    is_cut_short: bool


def read(session: Session, scene: Scene, played: Played) -> Rehearsal:
    """Put together what the stage's books hold and what was seen."""
    people = {person.enrolment_id: person for person in store.people(session, scene.sequence_id, scene.starts_at)}
    teller = _Teller(people, {sender.mailbox_id: sender for sender in scene.senders})
    orders = store.orders(session, scene.sequence_id, scene.starts_at)
    lines = store.events(session, scene.sequence_id, scene.starts_at, _TOLD)
    told = [
        teller.tell(line.enrolment_id, line.at, line.step, EventKind(line.kind), line.reason, line.evidence)
        for line in lines
    ]
    told += [teller.wait(at, wait, scene.habits) for at, wait in played.waits if wait.enrolment_id in people]
    return Rehearsal(
        name=scene.name,
        version=scene.version,
        starts_at=scene.starts_at,
        ends_at=played.ends_at,
        is_cut_short=played.is_cut_short,
        people=tuple(people.values()),
        invented=scene.invented,
        mails=tuple(teller.mails(orders, played.mails)),
        happenings=tuple(sorted(told, key=lambda one: (one.local, one.person.enrolment_id))),
        calendars=tuple(_calendar(sender, orders, scene.starts_at, played.ends_at) for sender in scene.senders),
        refused=scene.refused,
    )


@dataclass(frozen=True, slots=True)
class _Teller:
    """Tells of people in their senders' local time."""

    people: Mapping[int, Person]
    senders: Mapping[int, Sender]

    def mails(self, orders: Iterable[OrderLine], raws: Iterable[bytes]) -> Iterator[RehearsedMail]:
        """Match mails with their orders by the header that names these."""
        by_token = {read_headers(raw).first(HEADER): raw for raw in raws}
        for order in orders:
            if order.sent_at is not None and order.token in by_token:
                sender = self.senders[order.mailbox_id]
                yield RehearsedMail(
                    self.people[order.enrolment_id], sender, order.step, _local(order.sent_at, sender), order.subject,
                    by_token[order.token],
                )  # fmt: skip

    def tell(
        self, enrolment_id: int, at: datetime, step: int, kind: EventKind, reason: str, evidence: str,
        until: datetime | None = None,
    ) -> Happening:  # fmt: skip
        """Tell of something that happened to somebody."""
        person = self.people[enrolment_id]
        sender = self.senders[person.mailbox_id]
        again = None if until is None else _local(until, sender)
        return Happening(person, sender, step, _local(at, sender), kind, reason, evidence, again)

    def wait(self, at: datetime, wait: Wait, habits: Habits) -> Happening:
        """Tell why somebody waits though they are due."""
        zone = zone_of(self.senders[self.people[wait.enrolment_id].mailbox_id].zone)
        reason = wait.reason or why_closed(at, habits, zone)
        return self.tell(wait.enrolment_id, at, wait.step, EventKind.HELD, reason, wait.evidence, wait.until)


def why_closed(at: datetime, habits: Habits, zone: ZoneInfo) -> str:
    """Why no mail leaves at a moment: a weekday that is kept free, a holiday, or the hour."""
    day = at.astimezone(zone).date()
    if day.weekday() not in habits.window.days:
        return "weekday"
    return "holiday" if day in days_off(habits.country) else "hours"


def _calendar(sender: Sender, orders: Iterable[OrderLine], starts_at: datetime, ends_at: datetime) -> Calendar:
    first, last = _local(starts_at, sender).date(), _local(ends_at, sender).date()
    sent, held = Counter[date](), Counter[date]()
    for order in orders:
        if order.mailbox_id == sender.mailbox_id:
            sent.update([_local(order.sent_at, sender).date()] if order.sent_at else [])
            held.update(_days_waited(order, sender, first, last))
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return Calendar(sender, tuple(Day(day, sent[day], held[day]) for day in days))


def _days_waited(order: OrderLine, sender: Sender, first: date, last: date) -> Iterator[date]:
    """The days at whose end a mail that was ready had not left."""
    day = max(_local(order.created_at, sender).date(), first)
    end = _local(order.ended_at, sender).date() if order.ended_at else last
    while day < end:
        yield day
        day += timedelta(days=1)


def _local(moment: datetime, sender: Sender) -> datetime:
    return moment.astimezone(zone_of(sender.zone)).replace(tzinfo=None)
