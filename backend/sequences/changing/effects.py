"""What a new version would change for each person on the way, before it is published. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.outbox import rules as outbox_rules
from backend.outbox.shapes import Sending, State
from backend.outbox.store import orders_of
from backend.sequences.authoring.definitions import Condition, Definition, Mail, Wait, load
from backend.sequences.authoring.sequence_store import definitions_of
from backend.sequences.authoring.versions import numbered, place_in
from backend.sequences.changing import migrating_store
from backend.sequences.hours import after_days, to_utc
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.progress.cases import Case, Versions, cases_of
from backend.sequences.progress.engine import MOST_STEPS_AT_ONCE, holds, mail_key
from backend.sequences.progress.happening_store import happened
from backend.sequences.shapes import EnrolmentState, FilledMail
from backend.sequences.tables import Enrolment, Sequence
from backend.sequences.texts import rules
from backend.sequences.texts.fields import values_of


class Change(StrEnum):
    """What changing over to the new version means for somebody.

    NOTHING: all stays as it is; LATER: their next mail does, what follows is other; NEXT: the next mail is another, or
    comes at another time; THROUGH: no mail is to come any more.
    """

    NOTHING = "nothing"
    LATER = "later"
    NEXT = "next"
    THROUGH = "through"


@dataclass(frozen=True, slots=True)
class Coming:
    """Somebody's next mail: its step from 0, the soonest moment (None: once they are resumed), and what it says.

    The subject of a reply is the thread's, and "" here.
    """

    place: int
    at: datetime | None
    mail: FilledMail


@dataclass(frozen=True, slots=True)
class Effect:
    """Somebody on the way: where they stand and would stand, and their next mail without and with the new version.

    `is_leaving`: their mail is on its way out this very moment, so that they cannot change over.
    """

    enrolment_id: int
    contact_id: int
    name: str
    state: EnrolmentState
    place: int
    target: int
    change: Change
    before: Coming | None
    after: Coming | None
    is_leaving: bool


def effects(
    session: Session, actor: Actor, sequence: Sequence, definition: Mapping[str, Any], now: datetime,
    *, limit: int, after_id: int = 0,
) -> list[Effect]:  # fmt: skip
    """A rep's own people on the way, for managers everybody, in the order in which they were enrolled.

    Raises `UserError` for an unsound definition.
    """
    own = None if actor.sees_all else actor.user_id
    people = migrating_store.on_the_way(session, sequence.id, user_id=own, limit=limit, after_id=after_id)
    if not people:
        return []
    new = numbered(load(definition), [load(each) for each in definitions_of(session, sequence.id)])
    names = migrating_store.names(session, [person.contact_id for person in people])
    orders = {order.source_id: order for order in orders_of(session, SOURCE, [p.id for p in people]) if _is_open(order)}
    walker = _Walker(session, sequence.uid, orders, values_of(session, people), now)
    olds = {case.enrolment.id: case for case in cases_of(session, Versions(), people, now)}
    news = {case.enrolment.id: case for case in cases_of(session, _Only(new), people, now)}
    return [walker.effect(olds[p.id], news[p.id], names.get(p.contact_id, p.email)) for p in people]


class _Only(Versions):
    """Everybody goes by one definition."""

    def __init__(self, definition: Definition) -> None:
        super().__init__()
        self._definition = definition

    def of(self, _session: Session, _version_id: int) -> Definition:
        """That one."""
        return self._definition


@dataclass(frozen=True, slots=True)
class _Walker:
    """Walks on from where people stand to their next mail."""

    session: Session
    uid: str
    orders: Mapping[int, Sending]
    values: Mapping[int, Mapping[str, str]]
    now: datetime

    def effect(self, old: Case, new: Case, name: str) -> Effect:
        """Compare the two versions for somebody."""
        enrolment, order = old.enrolment, self.orders.get(old.enrolment.id)
        target = place_in(new.definition, old.definition, enrolment.step)
        before, after = self._coming(old, enrolment.step), self._coming(new, target)
        return Effect(
            enrolment.id, enrolment.contact_id, name, EnrolmentState(enrolment.state), enrolment.step, target,
            _change(old, new, target, before, after), before, after,
            is_leaving=order is not None and order.state is State.SENDING,
        )  # fmt: skip

    def _coming(self, case: Case, place: int) -> Coming | None:
        for at, place_of_mail, mail in self._mails(case, place):
            return Coming(place_of_mail, at, self._filled(case, place_of_mail, mail))
        return None

    def _mails(self, case: Case, place: int) -> Iterator[tuple[datetime | None, int, Mail]]:
        """The mails from a step on, each with the soonest moment at which it leaves."""
        due_at, values = self._due_at(case.enrolment), self.values[case.enrolment.id]
        moment, steps = max(due_at or self.now, self.now), case.definition.steps
        for _ in range(MOST_STEPS_AT_ONCE):
            if place >= len(steps):
                return
            match steps[place]:
                case Mail() as mail:
                    yield (None if due_at is None else case.opens(moment)), place, mail
                case Wait(days, at):
                    moment = to_utc(after_days(moment, days, at, case.zone), case.zone)
                case Condition() as condition:
                    is_so = holds(condition, {**values, **happened(self.session, case.enrolment)})
                    place = (condition.then if is_so else condition.otherwise) - 1
                case _:
                    pass
            place += 1

    def _due_at(self, enrolment: Enrolment) -> datetime | None:
        order = self.orders.get(enrolment.id)
        return order.due_at if order is not None and enrolment.due_at is None else enrolment.due_at

    def _filled(self, case: Case, place: int, mail: Mail) -> FilledMail:
        key = mail_key(self.uid, case.enrolment, case.definition.number_of(place))
        token = outbox_rules.token_of(f"{case.enrolment.workspace_id}:{key}")
        variant = mail.variants[outbox_rules.variant_of(token, len(mail.variants))]
        return rules.filled("" if mail.is_reply else variant.subject, variant.body, self.values[case.enrolment.id])


def _change(old: Case, new: Case, target: int, before: Coming | None, after: Coming | None) -> Change:
    if after is None:
        return Change.NOTHING if before is None else Change.THROUGH
    if before is None or (before.at, before.mail) != (after.at, after.mail):
        return Change.NEXT
    is_same = _rest(old.definition, old.enrolment.step) == _rest(new.definition, target)
    return Change.NOTHING if is_same else Change.LATER


def _rest(definition: Definition, place: int) -> Definition:
    """What is still to come; where conditions lead is told from there."""
    steps = (
        replace(step, then=step.then - place, otherwise=step.otherwise - place) if isinstance(step, Condition) else step
        for step in definition.steps[place:]
    )
    return Definition(tuple(steps), definition.habits)


def _is_open(order: Sending) -> bool:
    return order.state in State.open()
