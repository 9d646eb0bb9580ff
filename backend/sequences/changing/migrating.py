"""Publishing an edit while people are on the way: each keeps their version, changes over, or stops. No commit here.

Whoever changes over goes on at the same step of the new version (`versions.place_in`), in a run of its own, so that
what was ordered by the old version cannot be taken for the new one's. A mail that waits is written anew; its key stays,
so that it still leaves once at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.kit.clock import Clock
from backend.outbox.rewriting import Rewrite, rewrite
from backend.outbox.shapes import State
from backend.outbox.tables import OutboxRow
from backend.sequences.authoring.definitions import Definition, Mail
from backend.sequences.authoring.publishing import publish
from backend.sequences.authoring.versions import place_in
from backend.sequences.changing import migrating_store
from backend.sequences.people import enrolling
from backend.sequences.people import enrolment_store as store
from backend.sequences.progress.cases import Versions
from backend.sequences.shapes import EnrolmentState, EventKind, Stop
from backend.sequences.tables import Enrolment, SequenceVersion


class Choice(StrEnum):
    """What becomes of somebody who is on the way when a new version is published."""

    KEEP = "keep"
    MIGRATE = "migrate"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Choices:
    """For all, and for single ones by enrolment."""

    usual: Choice = Choice.KEEP
    single: Mapping[int, Choice] = field(default_factory=dict)

    def of(self, enrolment_id: int) -> Choice:
        """What was chosen for somebody."""
        return self.single.get(enrolment_id, self.usual)


@dataclass(frozen=True, slots=True)
class Published:
    """The new version, and how many people kept theirs, changed over, or were stopped."""

    version: SequenceVersion
    people: Mapping[Choice, int]


def publish_for(
    session: Session, clock: Clock, actor: Actor, sequence_id: int, definition: Mapping[str, Any], choices: Choices
) -> Published:
    """Publish a definition, and do with the people on the way what was chosen; all of it or nothing.

    Somebody whose mail is leaving this very moment keeps their version. Raises as `publishing.publish` does.
    """
    version = publish(session, clock, actor, sequence_id, definition)
    if choices.usual is Choice.KEEP and not choices.single:
        return Published(version, {})
    people = migrating_store.hold_all(session, sequence_id, version.id)
    orders = migrating_store.hold_orders(session, [person.id for person in people])
    change = _Change(session, clock.now(), actor, version, orders)
    for person in people:
        change.make(person, choices.of(person.id))
    store.note_all(session, change.told, clock.now(), EventKind.MIGRATED)
    rewrite(session, change.anew, change.withdrawn, clock.now())
    return Published(version, change.done)


class _Change:
    """What is done to people one after the other, and the mails that are to be written anew."""

    def __init__(
        self, session: Session, now: datetime, actor: Actor, version: SequenceVersion, orders: Mapping[int, OutboxRow]
    ) -> None:
        self.anew: list[Rewrite] = []
        self.withdrawn: list[OutboxRow] = []
        self.told: dict[Enrolment, str] = {}
        self.done = Counter[Choice]()
        self._session, self._now, self._by = session, now, f"user {actor.user_id}"
        self._version, self._orders, self._versions = version, orders, Versions()
        self._new = self._versions.of(session, version.id)

    def make(self, person: Enrolment, choice: Choice) -> None:
        """Do with somebody what was chosen."""
        order = self._orders.get(person.id)
        if choice is Choice.MIGRATE and order is not None and order.state == State.SENDING:
            choice = Choice.KEEP
        if choice is Choice.STOP:
            why = Stop("by_hand", f"{self._by}, with version {self._version.number}")
            enrolling.stop(self._session, person, self._now, why)
        elif choice is Choice.MIGRATE:
            self._migrate(person, order)
        self.done[choice] += 1

    def _migrate(self, person: Enrolment, order: OutboxRow | None) -> None:
        old = self._versions.of(self._session, person.version_id)
        target = place_in(self._new, old, person.step)
        evidence = f"{self._by}: step {person.step + 1} to step {target + 1} of version {self._version.number}"
        person.thread = self._thread(person, old)
        is_same = target < len(self._new.steps) and self._new.number_of(target) == _number(old, person.step)
        person.version_id, person.run, person.step = self._version.id, person.run + 1, target
        self.told[person] = evidence
        if order is not None and is_same:
            self.anew.append(self._rewrite(order, person, self._new.steps[target]))
        elif order is not None and order.state in State.open():  # its mail is no more: the outbox takes it back
            self.withdrawn.append(order)
            if person.state == EnrolmentState.ACTIVE:  # and the way goes on, unless they stand still
                person.due_at = self._now

    def _thread(self, person: Enrolment, old: Definition) -> dict[str, Any]:
        """What is known beside: keys are made of the first run, and a mail that is left out stays so."""
        kept = {"first_run": person.run, **person.thread}
        veto = kept.pop("veto", None)
        if veto is not None:
            kept["veto"] = place_in(self._new, old, veto)
        return kept

    def _rewrite(self, order: OutboxRow, person: Enrolment, step: object) -> Rewrite:
        assert isinstance(step, Mail)
        return Rewrite(order, person.step, person.run, person.version_id, len(step.variants))


def _number(definition: Definition, place: int) -> int | None:
    return definition.number_of(place) if place < len(definition.steps) else None
