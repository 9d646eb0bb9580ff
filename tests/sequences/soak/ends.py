"""What must hold when nothing is under way any more: books, ledgers, mailboxes and recipients tell the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.activities.tables import Activity
from backend.outbox.shapes import State
from backend.outbox.tables import OutboxRow, OutboxSender
from backend.sequences.shapes import EnrolmentState, EventKind
from backend.sequences.tables import Enrolment, EnrolmentEvent
from tests.sequences.soak.hands import Hands
from tests.sequences.soak.world import World

OPEN = tuple(state.value for state in State.open())
# Who stands still for one of these waits for a person, and rightly so.
_MAY_STAND_STILL = {"unknown", "missing_field", "bad_text", "bad_subject", "bad_template"}


def is_over(session: Session) -> bool:
    """Whether nothing is under way any more."""
    has_open = session.scalars(select(OutboxRow.id).where(OutboxRow.state.in_(OPEN)).limit(1)).first()
    is_due = Enrolment.due_at.is_not(None) | (Enrolment.state == EnrolmentState.ACTIVE.value)
    return has_open is None and session.scalars(select(Enrolment.id).where(is_due).limit(1)).first() is None


def next_moments(session: Session) -> list[datetime]:
    """When somebody is next to be taken on, and when each mailbox next has something to do."""
    found = session.scalars(select(func.min(Enrolment.due_at)).union_all(select(OutboxSender.next_at)))
    return [at for at in found if at is not None]


@dataclass(frozen=True)
class Ends:
    """How everything ended."""

    world: World
    orders: Sequence[OutboxRow]
    people: dict[int, Enrolment]
    events: Sequence[EnrolmentEvent]
    questions: int
    """Tasks that ask somebody to look whether a mail left."""

    @classmethod
    def of(cls, world: World) -> Ends:
        """Read the books."""
        with world.db.read() as session:
            tasks = session.scalars(select(Activity.text)).all()
            return cls(
                world,
                session.scalars(select(OutboxRow).order_by(OutboxRow.id)).all(),
                {row.id: row for row in session.scalars(select(Enrolment))},
                session.scalars(select(EnrolmentEvent).order_by(EnrolmentEvent.id)).all(),
                sum(text.startswith("Look whether") for text in tasks),
            )

    def finds(self) -> Iterator[str]:
        """What is wrong, each in a sentence."""
        got = Counter(mail.token for mail in self.world.delivered)
        for order in self.orders:
            yield from (f"{_told(order)}: {why}" for why in self._wrong_with(order, got[order.token]))
        yield from self._tasks()
        yield from self._people()
        yield from self._ledgers()
        yield from self._mailboxes()

    def _wrong_with(self, order: OutboxRow, got: int) -> Iterator[str]:
        """Where a rep removed the traces in Gmail, or the books are of an old backup, nobody can know better."""
        if order.state in OPEN:
            yield f"left open, due {order.due_at}, for {named(self.people[order.source_id])}"
        if order.state == State.SENT and got != 1:
            yield f"{got} reached them"
        if order.token in self.world.vetoed | self.world.forgotten:
            return
        if order.state in {State.SKIPPED, State.VETOED} and got:
            yield "but it reached them"
        if order.state == State.VETOED:
            yield "nobody deleted a draft"
        if order.state == State.UNKNOWN:
            yield "the mailbox could have told"

    def _tasks(self) -> Iterator[str]:
        unknown = sum(order.state == State.UNKNOWN for order in self.orders)
        if self.questions < unknown:
            yield f"{unknown} mails are unknown, and there are {self.questions} tasks"

    def _people(self) -> Iterator[str]:
        for person in self.people.values():
            waits = person.state == EnrolmentState.PAUSED and person.reason in _MAY_STAND_STILL
            if person.ended_at is None and not waits:
                yield f"{named(person)} is left {person.state} ({person.reason}), due {person.due_at}"

    def _ledgers(self) -> Iterator[str]:
        told = Counter(event.evidence.split()[1] for event in self.events if event.kind == EventKind.SENT)
        for order in self.orders:
            if told[str(order.id)] != (order.state == State.SENT):
                yield f"{_told(order)}: told {told[str(order.id)]} times as sent"
        had = {(order.address_key, order.group_id) for order in self.orders if order.state != State.SKIPPED}
        for event in self.events:
            person = self.people[event.enrolment_id]
            if event.reason == "had_it_before" and (person.address_key, person.sequence_id) not in had:
                yield f"{named(person)} is said to have had step {event.step} before"

    def _mailboxes(self) -> Iterator[str]:
        by_token, held = {order.token: order for order in self.orders}, Counter[str]()
        for ours in Hands(self.world).ours():
            order = by_token.get(ours.token)
            held[ours.token] += not ours.draft_id
            if order is None or order.token in self.world.forgotten:
                continue
            if ours.draft_id and order.reason != "refused":  # that one the rep is asked to look at
                yield f"{_told(order)}: its draft is left in {ours.address}"
            elif not ours.draft_id and order.gmail_id != f"{ours.message.id:x}":
                yield f"{_told(order)} as {order.gmail_id!r}, and {ours.message.id:x} stands in SENT"
        yield from (f"{token} stands {number} times in SENT" for token, number in held.items() if number > 1)


def _told(order: OutboxRow) -> str:
    return f"order {order.id} to {order.email}, {order.state} ({order.reason})"


def named(person: Enrolment) -> str:
    """Somebody on the way, for a sentence."""
    return f"enrolment {person.id} ({person.email} in sequence {person.sequence_id})"
