"""An outbox at work in the tests' office: orders of a made-up source, rounds, and what the recipients got."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.gmail.gateway import Gmail
from backend.gmail.shapes import Format
from backend.mail.addresses import key_of
from backend.outbox import store
from backend.outbox.jobs import Desk, send_due
from backend.outbox.ordering import put_in
from backend.outbox.shapes import Anchor, End, Go, Letter, Order, Sending, State, Verdict
from backend.outbox.tables import OutboxRow
from backend.outbox.tokens import UnsubscribeLinks
from backend.records.service import Team, contact_from_address, make_contact
from backend.records.shapes import Origin
from backend.records.store.lookup import contacts_by_address
from backend.sync.jobs import drain_mailbox
from tests.cast import ALICE, DORA, Office

LINKS = UnsubscribeLinks("s" * 40, "https://crm.example")
AT_ONCE = {
    "lead_s": 0,
    "spacing_s": 0,
    "jitter_s": 0,
    "person_hours": 0,
    "ramp_start": 1000,
    "daily_cap": 1000,
    "domain_cap": 1000,
}
_numbers = count(1)


@dataclass
class Paper:
    """A source of orders that a test can bend: its verdict, its letters, and how its orders ended."""

    verdict: Callable[[Session, Sending, datetime], Verdict] = lambda _session, _sending, _now: Go()
    letter: Callable[[Sending], Letter] = lambda _sending: Letter("An offer", "Dear Dora,\n\nforty seats.\n")
    ended: list[tuple[int, State]] = field(default_factory=list)

    def judge(self, session: Session, sendings: Sequence[Sending], now: datetime) -> dict[int, Verdict]:
        return {sending.id: self.verdict(session, sending, now) for sending in sendings}

    def compose(self, _session: Session, sendings: Sequence[Sending], _now: datetime, /) -> dict[int, Letter]:
        return {sending.id: self.letter(sending) for sending in sendings}

    def settled(self, _session: Session, sending: Sending, _now: datetime, /) -> None:
        self.ended.append((sending.id, sending.state))


@dataclass
class Outbox:
    """The outbox of an office. `connect` may be bent to stand between it and Gmail."""

    office: Office
    paper: Paper = field(default_factory=Paper)
    connect: Callable[[int], Gmail] | None = None
    heard: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.office.emulator.answer_outside(self._hear)

    def _hear(self, _sender: str, recipient: str, raw: bytes) -> None:
        self.heard.append((recipient, raw))

    @property
    def desk(self) -> Desk:
        office = self.office
        connect = self.connect or office.connect
        return Desk(
            office.db,
            office.clock,
            connect,
            lambda mailbox_id: drain_mailbox(office.db, office.clock, connect, mailbox_id),
            {"paper": self.paper},
            LINKS,
        )

    def order(
        self, to: str = DORA, *, sender: str = ALICE, step: int = 0, source_id: int = 0, group: int = 1, **other: bool
    ) -> int:
        """Put an order in; returns its id."""
        office, now = self.office, self.office.clock.now()
        with office.db.write() as session:
            key, mailbox_id = key_of(to), office.mailboxes[sender]
            contact_id = person(session, office, to)
            source_id = source_id or next(_numbers)
            order = Order(
                office.workspace_id, mailbox_id, "paper", source_id, step, 1, f"{to}:{source_id}:{step}", group,
                contact_id, to, key, now, now + timedelta(days=7), **other,
            )  # fmt: skip
            put_in(session, [order], now)
            store.set_pace(session, mailbox_id, AT_ONCE)
            found = store.find_order(session, "paper", source_id, step, 1)
            assert found is not None
            return found.id

    def round(self, sender: str = ALICE) -> End:
        """Work on what is due."""
        return send_due(self.desk, self.office.mailboxes[sender])

    def rounds(self, *, minutes: int = 120) -> None:
        """Let time go on, and work whenever the tick would find something due."""
        for _ in range(minutes // 2):
            with self.office.db.write() as session:
                due = store.claim_senders(session, self.office.clock.now(), 10)
            for mailbox_id in due:
                send_due(self.desk, mailbox_id)
            self.office.clock.advance(timedelta(minutes=2))

    def see(self, sending_id: int) -> Sending:
        with self.office.db.read() as session:
            return store.find(session, sending_id)

    def states(self) -> list[str]:
        with self.office.db.read() as session:
            return list(session.scalars(select(OutboxRow.state).order_by(OutboxRow.id)))

    def deliveries(self, to: str = DORA) -> int:
        """How many mails the recipient got."""
        return sum(recipient == to for recipient, _ in self.heard)

    def drafts(self, sender: str = ALICE) -> int:
        return len(self.office.gmail(sender).list_drafts())


def person(session: Session, office: Office, to: str) -> int:
    """The contact with that address, made where there is none."""
    known = contacts_by_address(session, office.workspace_id, [key_of(to)])
    if known:
        return known[key_of(to)].id
    return make_contact(
        session, Team(office.workspace_id, office.clock), contact_from_address(to, "", Origin.MANUAL)
    ).id


def reply_to(sending: Sending) -> Anchor:
    return Anchor(sending.thread_id, sending.rfc_id, sending.subject, sending.references)


def headers_of(raw: bytes) -> dict[str, str]:
    mail = message_from_bytes(raw, policy=default)
    return {name.lower(): str(value) for name, value in mail.items()}


def sent_headers(office: Office, sending: Sending, address: str = ALICE) -> dict[str, str]:
    """The headers of the mail as it stands in SENT."""
    raw = office.gmail(address).get_message(sending.gmail_id, Format.RAW).raw
    assert raw is not None
    return headers_of(raw)
