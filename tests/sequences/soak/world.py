"""A team that sends, as a soak knows it: mailboxes, people, sequences, and what the recipients saw.

What happened is noted here as it happens, from outside: none of it is read from the product's own books.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from itertools import count
from random import Random

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.accounts.tables import User
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.faults import Armed
from backend.kit.clock import VirtualClock
from backend.mail.addresses import key_of
from backend.outbox import store as outbox_store
from backend.outbox.shapes import HEADER
from backend.records.service import Team, contact_from_address, make_contact
from backend.records.shapes import Origin
from backend.records.store.lookup import contacts_by_address
from backend.sequences.authoring.publishing import make_sequence, publish
from tests.cast import ALICE, BOB, CAROL, Office, open_office
from tests.sequences.soak.definitions import Plan, first_plans

REPS = (ALICE, BOB, CAROL)
ZONES = {ALICE: "Europe/Madrid", BOB: "America/New_York", CAROL: "UTC"}
PEOPLE = (
    "dora@nordwind.example",
    "otto@nordwind.example",
    "erik@suedwind.example",
    "vera@ostwind.example",
    "nils.holm@gmail.com",
    "ada@westwind.example",
    "ines@westwind.example",
    "paul@bergland.example",
    "mia@talhof.example",
    "jon@talhof.example",
)
_MARK = re.compile(rb"mark:([\w-]+)")


@dataclass(frozen=True)
class Delivered:
    """A mail that reached a recipient. `mark` names the step's text, `judged_at` when it was last found fit to go."""

    token: str
    mark: str
    sender: str
    address_key: str
    message_id: str
    subject: str
    at: datetime
    judged_at: datetime


@dataclass
class World:
    """One office. `hand_mails`: (mailbox, recipient, moment) of mail that reps wrote themselves."""

    db: Database
    clock: VirtualClock
    emulator: Emulator
    pace: dict[str, int]
    office: Office = field(init=False)
    delivered: list[Delivered] = field(default_factory=list)
    hand_mails: list[tuple[str, str, datetime]] = field(default_factory=list)
    replies: list[tuple[str, str, datetime]] = field(default_factory=list)
    """(address, mailbox, moment): from then on that mailbox writes no more to them, whoever was enrolled before."""
    plans: dict[int, Plan] = field(default_factory=dict)
    campaigns: list[int] = field(default_factory=list)
    judged: dict[str, datetime] = field(default_factory=dict)
    vetoed: set[str] = field(default_factory=set)
    """Tokens whose draft or sent mail a rep deleted in Gmail."""
    paused: set[int] = field(default_factory=set)
    """Enrolments that somebody paused and nobody resumed."""
    sent_by_hand: set[str] = field(default_factory=set)
    """Tokens whose draft a rep sent in Gmail: what they do is theirs."""
    forgotten: set[str] = field(default_factory=set)
    """Tokens of which a restored database does not know how far they came."""
    restored_at: datetime | None = None
    faults: list[Armed] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.emulator.faults.sleep = self._sleep
        self.office = open_office(self.db, self.clock, self.emulator, *REPS)
        self.emulator.answer_outside(self._hear)
        with self.db.write() as session:
            for address, zone in ZONES.items():
                session.get_one(User, self.office.actors[address].user_id).timezone = zone
            for mailbox_id in self.office.mailboxes.values():
                outbox_store.ensure_sender(session, self.office.workspace_id, mailbox_id)
                outbox_store.set_pace(session, mailbox_id, self.pace)
        self.office.sync()
        for plan in first_plans():
            self.publish_first(plan)

    def _sleep(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def publish_first(self, plan: Plan) -> None:
        """Make a sequence; its name for ever is told by its place, so that a run can be repeated."""
        with self.db.write() as session:
            actor = self.actor(CAROL)
            sequence = make_sequence(session, self.clock, actor, plan.name)
            sequence.uid = f"{len(self.plans) + 1:032x}"
            publish(session, self.clock, actor, sequence.id, plan.definition())
            self.plans[sequence.id] = plan

    # What recipients see

    def _hear(self, sender: str, recipient: str, raw: bytes) -> None:
        mail = message_from_bytes(raw, policy=default)
        token, found = str(mail[HEADER] or ""), _MARK.search(raw)
        if not token:
            return
        self.delivered.append(
            Delivered(
                token,
                found.group(1).decode() if found else "",
                sender,
                key_of(recipient),
                str(mail["Message-ID"]).strip("<>"),
                " ".join(str(mail["Subject"]).split()),
                self.now,
                self.judged.get(token, self.now),
            )
        )

    # Small things

    def was_restored_since(self, moment: datetime) -> bool:
        return self.restored_at is not None and self.restored_at > moment

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def actor(self, address: str) -> Actor:
        return self.office.actors[address]

    def contact_id(self, session: Session, address: str) -> int:
        """The contact with that address, made where there is none."""
        known = contacts_by_address(session, self.office.workspace_id, [key_of(address)])
        if known:
            return known[key_of(address)].id
        new = contact_from_address(address, address.partition("@")[0].title(), Origin.MANUAL)
        return make_contact(session, Team(self.office.workspace_id, self.clock), new).id

    def last_mail_to(self, address: str) -> Delivered | None:
        """The latest of our mails that somebody got."""
        return next((mail for mail in reversed(self.delivered) if mail.address_key == key_of(address)), None)

    def aliases(self, address: str) -> str:
        """Another address of the same person."""
        return f"{address.partition('@')[0]}.private@elsewhere.example"

    @contextmanager
    def past_the_api(self) -> Iterator[None]:
        """What people do in Gmail itself meets no fault."""
        armed, self.emulator.faults.armed = self.emulator.faults.armed, []
        try:
            yield
        finally:
            self.emulator.faults.armed = armed


def draw_pace(lot: Random) -> dict[str, int]:
    """How a mailbox spreads its mail in one run."""
    choices: dict[str, Sequence[int]] = {
        "lead_s": (0, 300, 300, 3600),
        "spacing_s": (0, 60, 60, 600),
        "jitter_s": (0, 40),
        "daily_cap": (4, 8, 150),
        "domain_cap": (1, 2, 20),
        "ramp_start": (2, 20),
        "ramp_step": (1, 10),
        "person_hours": (0, 4, 20),
    }
    return {name: lot.choice(values) for name, values in choices.items()}
