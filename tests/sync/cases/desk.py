"""An office at which one case is played: what the store holds of a mailbox, and whether it agrees with Gmail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from backend.accounts.tables import Mailbox
from backend.gmail.emulator.faults import Armed
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.linking.tables import Link
from backend.mail.tables import Copy, Message, MessageAttachment
from backend.records.tables import Company, ContactAddress, Record
from backend.sync.shapes import End
from backend.sync.tables import SyncItem, SyncState
from tests.cast import ALICE, Office
from tests.sync.workers import Workers


@dataclass
class Desk:
    """An office with its workers."""

    office: Office
    workers: Workers

    @classmethod
    def of(cls, office: Office) -> Desk:
        """The desk of an office."""
        return cls(office, Workers(office))

    def drain(self, address: str = ALICE) -> End | None:
        """One drain, however it ends."""
        return self.workers.drain(address)

    def wait(self, **delta: float) -> None:
        """Let time pass."""
        self.office.clock.advance(timedelta(**delta))

    def fail(self, name: str, **how: object) -> Armed:
        """Arm a fault."""
        return self.office.emulator.faults.inject(name, **how)  # type: ignore[arg-type]  # handed on

    def gmail(self, address: str = ALICE) -> EmulatorGmail:
        """The mailbox at Gmail."""
        return self.office.gmail(address)

    def ids(self, address: str = ALICE) -> list[str]:
        """What Gmail lists, newest first."""
        return [ref.id for ref in self.gmail(address).list_messages().refs]

    def delete(self, gmail_id: str, address: str = ALICE) -> None:
        """Delete for good."""
        mailbox = self.office.emulator.mailbox(address)
        with self.office.emulator.store.transaction():
            mailbox.remove(mailbox.get(int(gmail_id, 16)))

    # What the store holds

    def subjects(self, address: str = ALICE) -> list[str]:
        """Of a mailbox's copies that are neither in the bin nor in spam."""
        with self.office.db.read() as session:
            query = select(Message.subject).join(Copy, Copy.message_id == Message.id)
            return sorted(session.scalars(query.where(Copy.mailbox_id == self.office.mailboxes[address], Copy.is_live)))

    def labels(self, gmail_id: str) -> list[str] | None:
        """Of a copy; None where there is none."""
        with self.office.db.read() as session:
            return session.scalar(select(Copy.labels).where(Copy.gmail_id == gmail_id))

    def items(self, address: str = ALICE) -> dict[str, str]:
        """What is pending or skipped, by Gmail id."""
        with self.office.db.read() as session:
            mine = select(SyncItem).where(SyncItem.mailbox_id == self.office.mailboxes[address])
            return {i.gmail_id: i.reason or i.state for i in session.scalars(mine)}

    def state(self, address: str = ALICE) -> SyncState:
        """Where the mailbox's sync stands."""
        with self.office.db.read() as session:
            return session.get_one(SyncState, self.office.mailboxes[address])

    def status(self, address: str = ALICE) -> str:
        """Whether the mailbox is read at all."""
        with self.office.db.read() as session:
            return session.get_one(Mailbox, self.office.mailboxes[address]).status

    def contacts(self) -> list[str]:
        """The address keys of all contacts."""
        with self.office.db.read() as session:
            return sorted(session.scalars(select(ContactAddress.address_key)))

    def companies(self) -> list[str]:
        """The names of all companies."""
        with self.office.db.read() as session:
            return sorted(session.scalars(select(Company.name)))

    def conversations(self) -> int:
        """How many conversations hold a mail."""
        with self.office.db.read() as session:
            return session.scalar(select(func.count(Message.conversation_id.distinct()))) or 0

    def messages(self) -> list[Message]:
        """All mails, oldest first."""
        with self.office.db.read() as session:
            return list(session.scalars(select(Message).order_by(Message.sent_at, Message.id)))

    def attachments(self) -> list[tuple[str, int]]:
        """Names and sizes of all attachments."""
        with self.office.db.read() as session:
            return [(a.filename, a.size_bytes) for a in session.scalars(select(MessageAttachment))]

    def linked(self, subject: str) -> list[str]:
        """The names of the records to which a mail is linked."""
        with self.office.db.read() as session:
            query = select(Record.name).join(Link, Link.record_id == Record.id).where(Link.undone_at.is_(None))
            mails = query.join(Message, Message.id == Link.message_id).where(Message.subject == subject)
            return sorted(session.scalars(mails))

    def agrees_with_gmail(self, *addresses: str) -> bool:
        """Whether an audit finds nothing: nothing missing, nothing too many, nothing left to do."""
        audits = [self.workers.audit(address) for address in addresses or self.office.mailboxes]
        return not any(a.missing or a.extra or a.pending for a in audits)
