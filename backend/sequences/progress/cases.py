"""People on the way with all that a decision about them needs, asked for all of them together."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from backend.sequences.authoring.definitions import PERSON, Definition, Habits, load
from backend.sequences.hours import DaysOff, days_off, next_open, zone_in, zone_of
from backend.sequences.progress import people_store
from backend.sequences.progress.stopping import away, stop_for
from backend.sequences.shapes import Arrival, Away, Baseline, Circumstances, Stop
from backend.sequences.tables import Enrolment, SequenceVersion


@dataclass(frozen=True, slots=True)
class Case:
    """Somebody on the way: the row itself, their version, in whose time and on which days, what is known of them."""

    enrolment: Enrolment
    definition: Definition
    zone: ZoneInfo
    days_off: Container[date]
    facts: Circumstances
    mails: Sequence[Arrival]

    def obstacle(self, now: datetime) -> Stop | Away | None:
        """What keeps them from going on, for good or for a time."""
        habits, baseline = self.definition.habits, Baseline(**self.enrolment.baseline)
        return stop_for(habits, baseline, self.facts, self.mails) or away(habits, self.mails, now, self.zone)

    def opens(self, now: datetime) -> datetime:
        """When mail may leave for them next; `now` where it may."""
        return next_open(now, self.definition.habits.window, self.zone, self.days_off)


class Versions:
    """Definitions by version, read and compiled once: a version never changes."""

    def __init__(self) -> None:
        self._known: dict[int, Definition] = {}

    def of(self, session: Session, version_id: int) -> Definition:
        """What a version says."""
        found = self._known.get(version_id)
        if found is None:
            found = self._known[version_id] = load(session.get_one(SequenceVersion, version_id).definition)
        return found


def cases_of(session: Session, versions: Versions, enrolments: Iterable[Enrolment], now: datetime) -> list[Case]:
    """Everybody's case, teams apart."""
    teams = groupby(sorted(enrolments, key=attrgetter("workspace_id")), key=attrgetter("workspace_id"))
    return [case for _, team in teams for case in _of_team(session, versions, list(team), now)]


def _of_team(session: Session, versions: Versions, people: list[Enrolment], now: datetime) -> Iterator[Case]:
    addresses = people_store.addresses_of(session, people)
    mails = people_store.arrivals_of(session, people, addresses)
    facts = people_store.circumstances_of(session, people, addresses)
    yesterday = (now - timedelta(days=1)).date()  # somewhere it still is
    reps = people_store.reps_of(session, (person.mailbox_id for person in people), yesterday)
    for person in people:
        definition, rep, theirs = versions.of(session, person.version_id), reps[person.mailbox_id], facts[person.id]
        zone = whose_zone(definition.habits, rep.zone, theirs.country)
        off = DaysOff(days_off(definition.habits.country), rep.absences)
        yield Case(person, definition, zone, off, theirs, mails[person.id])


def whose_zone(habits: Habits, reps_zone: str, persons_country: str) -> ZoneInfo:
    """In whose time a sequence goes on: the rep's, or the person's own where it asks for that and it is known."""
    theirs = zone_in(persons_country) if habits.zone == PERSON else None
    return theirs or zone_of(reps_zone)
