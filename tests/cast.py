"""The cast of the tests: a small team with emulated mailboxes, and people outside who write to them.

alice and bob are reps of Acme (acme.example), carol manages; dora, erik and others live elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import count

from backend.accounts.grants import Vault
from backend.accounts.mailboxes import connect_mailbox
from backend.accounts.service import create_user, create_workspace
from backend.accounts.shapes import Actor, GrantKind, Role
from backend.accounts.store import get_user
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.gateway import Gmail
from backend.kit.clock import VirtualClock
from backend.mail.addresses import key_of
from backend.records.service import make_sales_pipeline
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from backend.sync.store import ensure_state

ALICE, BOB, CAROL = "alice@acme.example", "bob@acme.example", "carol@acme.example"
DORA, ERIK = "dora@nordwind.example", "erik@suedwind.example"
KEY = "0" * 43 + "="


@dataclass
class Office:
    """A workspace in a database, with an emulator holding its mailboxes."""

    db: Database
    clock: VirtualClock
    emulator: Emulator
    workspace_id: int = 0
    actors: dict[str, Actor] = field(default_factory=dict)
    mailboxes: dict[str, int] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def connect(self, mailbox_id: int) -> Gmail:
        """The gateway of a mailbox, as the installation would open it."""
        address = next(a for a, i in self.mailboxes.items() if i == mailbox_id)
        return EmulatorGmail(self.emulator, address)

    def gmail(self, address: str) -> EmulatorGmail:
        """The gateway of somebody's mailbox."""
        return EmulatorGmail(self.emulator, address)

    def mail(
        self,
        sender: str,
        to: str | Sequence[str],
        subject: str = "Hello",
        text: str = "Hello there",
        *,
        cc: Sequence[str] = (),
        reply_to_id: str = "",
        headers: Iterable[tuple[str, str]] = (),
        mailboxes: Sequence[str] = (),
        labels: Sequence[str] = (),
    ) -> str:
        """Let a mail be sent; whoever of the team sends or gets it holds a copy. Returns its Message-ID."""
        self.clock.advance(timedelta(minutes=1))
        message_id = f"m{next(self._numbers)}@mail.example"
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, ", ".join(_several(to)), subject
        if cc:
            message["Cc"] = ", ".join(cc)
        message["Date"] = format_datetime(self.clock.now())
        message["Message-ID"] = f"<{message_id}>"
        if reply_to_id:
            message["In-Reply-To"] = message["References"] = f"<{reply_to_id}>"
        for name, value in headers:
            message[name] = value
        message.set_content(text)
        self.drop(message.as_bytes(), sender, [*_several(to), *cc, *mailboxes], labels)
        return message_id

    def drop(self, raw: bytes, sender: str, recipients: Iterable[str], labels: Sequence[str] = ()) -> None:
        """Put a message into the mailboxes of those of the team whom it concerns."""
        sender_address = sender.rpartition("<")[2].rstrip("> ")
        concerned = {a.rpartition("<")[2].rstrip("> ") for a in recipients} | {sender_address}
        for address in sorted(concerned & set(self.mailboxes)):
            given = labels or (("SENT",) if address == sender_address else ("INBOX", "UNREAD"))
            with self.emulator.store.transaction():
                date_ms = self.emulator.store.now_ms()
                self.emulator.mailbox(address).add(raw, given, date_ms=date_ms)

    def sync(self, *addresses: str) -> None:
        """Drain mailboxes (all, unless named) until nothing is left."""
        for address in addresses or tuple(self.mailboxes):
            for _ in range(1000):
                if drain_mailbox(self.db, self.clock, self.connect, self.mailboxes[address]) is not End.MORE:
                    break


def _several(to: str | Sequence[str]) -> Sequence[str]:
    return (to,) if isinstance(to, str) else to


def open_office(db: Database, clock: VirtualClock, emulator: Emulator, *reps: str) -> Office:
    """Make the team with mailboxes for `reps` (alice, unless named)."""
    office = Office(db, clock, emulator)
    with db.write() as session:
        workspace = create_workspace(session, clock, "Acme", domain="acme.example")
        office.workspace_id = workspace.id
        make_sales_pipeline(session, workspace.id)
        for email, role in (
            (ALICE, Role.REP),
            (BOB, Role.REP),
            (CAROL, Role.MANAGER),
            ("root@acme.example", Role.ADMIN),
        ):
            user = create_user(session, clock, workspace, email=email, role=role, name=email.split("@")[0].title())
            office.actors[email] = Actor(user.id, workspace.id, role, email, user.name)
    for address in reps or (ALICE,):
        open_mailbox(office, address)
    return office


def open_mailbox(office: Office, address: str) -> int:
    """Connect a user's mailbox, in the emulator and here."""
    office.emulator.add_mailbox(address)
    with office.db.write() as session:
        user = get_user(session, office.workspace_id, office.actors[address].user_id)
        mailbox = connect_mailbox(
            session,
            office.clock,
            Vault([KEY]),
            user,
            address=address,
            address_key=key_of(address),
            kind=GrantKind.EMULATOR,
        )
        ensure_state(session, mailbox, office.clock.now())
        office.mailboxes[address] = mailbox.id
        return mailbox.id
