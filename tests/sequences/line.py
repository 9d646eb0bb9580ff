"""Sequences at work in the tests' office: a definition, people on the way, and time that goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.mail.addresses import key_of
from backend.outbox import store as outbox_store
from backend.outbox.jobs import Desk, send_due
from backend.outbox.store import ensure_sender
from backend.outbox.tokens import UnsubscribeLinks
from backend.records.service import Team, contact_from_address, make_contact
from backend.records.shapes import Origin
from backend.records.store.lookup import contacts_by_address
from backend.sequences.authoring import sequence_store
from backend.sequences.authoring.publishing import make_sequence, publish
from backend.sequences.jobs import advance_due
from backend.sequences.people import enrolment_store as store
from backend.sequences.people.enrolling import enrol
from backend.sequences.progress.engine import Engine
from backend.sequences.shapes import EnrolmentState
from backend.sequences.tables import Enrolment
from backend.sync.jobs import drain_mailbox
from tests.cast import ALICE, DORA, Office

QUICK = {
    "lead_s": 0, "spacing_s": 0, "jitter_s": 0, "person_hours": 0, "ramp_start": 1000, "daily_cap": 1000,
    "domain_cap": 1000,
}  # fmt: skip
ALWAYS = {"days": list(range(7)), "opens": "00:00", "closes": "23:59"}
MONDAY = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def mail(subject: str = "An offer", body: str = "Hello there", **other: Any) -> dict[str, Any]:
    return {"kind_of_step": "mail", "variants": [{"subject": subject, "body": body}], **other}


def wait(days: int, at: str | None = None) -> dict[str, Any]:
    return {"kind_of_step": "wait", "days": days, "at": at}


def task(text: str = "Call them", kind: str = "task") -> dict[str, Any]:
    return {"kind_of_step": "todo", "kind": kind, "text": text}


def definition(*steps: dict[str, Any], **habits: Any) -> dict[str, Any]:
    return {"steps": list(steps), "habits": {"window": ALWAYS, **habits}}


TWO_MAILS = definition(mail(), wait(3), mail("", "Any news?", is_reply=True))


@dataclass
class Line:
    """The office's sequences, with their outbox."""

    office: Office
    engine: Engine = field(init=False)
    heard: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(self.office.clock)
        self.office.emulator.answer_outside(self._hear)

    def _hear(self, _sender: str, recipient: str, raw: bytes) -> None:
        self.heard.append((recipient, raw))

    def make(self, what: dict[str, Any] = TWO_MAILS, name: str = "Nurture", *, by: str = ALICE) -> int:
        """Publish a sequence (its next version where there is one of that name); returns its id."""
        office = self.office
        with office.db.write() as session:
            known = sequence_store.sequence_named(session, office.workspace_id, name)
            sequence = known or make_sequence(session, office.clock, office.actors[by], name)
            publish(session, office.clock, office.actors[by], sequence.id, what)
            for mailbox_id in office.mailboxes.values():
                ensure_sender(session, office.workspace_id, mailbox_id)
                outbox_store.set_pace(session, mailbox_id, QUICK)
            return sequence.id

    def person(self, address: str = DORA, name: str = "") -> int:
        """The contact with that address, made where there is none."""
        office = self.office
        with office.db.write() as session:
            known = contacts_by_address(session, office.workspace_id, [key_of(address)])
            if known:
                return known[key_of(address)].id
            new = contact_from_address(address, name, Origin.MANUAL)
            return make_contact(session, Team(office.workspace_id, office.clock), new).id

    def enrol(self, sequence_id: int, address: str = DORA, *, by: str = ALICE, **other: Any) -> int:
        contact_id = self.person(address)
        with self.office.db.write() as session:
            actor = self.office.actors[by]
            return enrol(session, self.office.clock, actor, sequence_id, contact_id, **other).id

    def pace(self, address: str = ALICE, **changes: int) -> None:
        with self.office.db.write() as session:
            outbox_store.set_pace(session, self.office.mailboxes[address], {**QUICK, **changes})

    @property
    def desk(self) -> Desk:
        office = self.office
        return Desk(
            office.db,
            office.clock,
            office.connect,
            lambda mailbox_id: drain_mailbox(office.db, office.clock, office.connect, mailbox_id),
            {"enrolment": self.engine},
            UnsubscribeLinks("s" * 40, "https://crm.example"),
        )

    def tick(self) -> None:
        """One tick of the worker, its work done."""
        office = self.office
        for _ in range(20):
            moved = advance_due(office.db, office.clock, self.engine)
            with office.db.write() as session:
                due = outbox_store.claim_senders(session, office.clock.now(), 100)
            for mailbox_id in due:
                send_due(self.desk, mailbox_id)
            if not moved and not due:
                break

    def let_pass(self, *, days: float = 0, hours: float = 0, every_minutes: int = 60) -> None:
        """Let time go on with a tick now and then."""
        until = self.office.clock.now() + timedelta(days=days, hours=hours)
        while self.office.clock.now() < until:
            self.tick()
            self.office.clock.advance(timedelta(minutes=every_minutes))
        self.tick()

    def see(self, enrolment_id: int) -> Enrolment:
        with self.office.db.read() as session:
            return session.get_one(Enrolment, enrolment_id)

    def stand(self, enrolment_id: int) -> tuple[EnrolmentState, str]:
        """(state, reason) of somebody."""
        enrolment = self.see(enrolment_id)
        return EnrolmentState(enrolment.state), enrolment.reason

    def ledger(self, enrolment_id: int) -> list[str]:
        with self.office.db.read() as session:
            return [f"{e.kind} {e.reason}".strip() for e in store.ledger(session, enrolment_id)]

    def deliveries(self, to: str = DORA) -> int:
        return sum(recipient == to for recipient, _ in self.heard)
