"""Mail for page tests: written as RFC 5322, read as sync reads it, stored and linked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import count

from cryptography.fernet import Fernet

from backend.accounts.grants import Vault
from backend.accounts.mailboxes import connect_mailbox
from backend.accounts.shapes import GrantKind
from backend.accounts.store import get_user
from backend.gmail.payload import payload_of
from backend.gmail.shapes import GmailMessage
from backend.kit.clock import to_epoch_ms
from backend.linking.policy_store import load_policy
from backend.linking.service import linker_for
from backend.mail.addresses import key_of
from backend.mail.normalise import normalise
from backend.mail.store import Incoming, MailboxFacts, store_messages
from tests.web.team import Office

_numbers = count(1)


@dataclass
class Post:
    """The post of an office; `deliver` puts a mail into somebody's mailbox and answers with its id in our store."""

    office: Office
    mailboxes: dict[int, int] = field(default_factory=dict)

    def deliver(
        self, subject: str, text: str = "Hello.", *, sender: str, to: str = "lucia@lumbrera.example",
        owners: tuple[int, ...] = (), at: datetime | None = None, answers: str = "", name: str = "",
    ) -> int:  # fmt: skip
        """Deliver to the mailboxes of `owners` (the rep, where none is named); `name` becomes the Message-ID."""
        at = at or self.office.clock.now()
        raw = _write(subject, text, sender, to, at, answers, name or f"m{next(_numbers)}")
        message_ids = {self._store(owner, raw, at, text[:200]) for owner in owners or (self.office.rep_id,)}
        assert len(message_ids) == 1
        return message_ids.pop()

    def _store(self, owner: int, raw: bytes, at: datetime, snippet: str) -> int:
        office, number = self.office, next(_numbers)
        mailbox_id = self.mailboxes.get(owner) or self._connect(owner)
        payload = payload_of(raw)
        gmail = GmailMessage(f"g{number}", f"t{number}", ("INBOX",), "1", to_epoch_ms(at), len(raw), snippet, payload)
        with office.db.write() as session:
            policy = load_policy(session, office.workspace_id)
            facts = MailboxFacts(office.workspace_id, mailbox_id, policy.is_ours)
            stored = store_messages(session, facts, [Incoming(gmail, normalise(payload))])
            linker_for(session, office.workspace_id, office.clock).link(session, stored)
            return stored.messages[0].id

    def _connect(self, owner: int) -> int:
        office, vault = self.office, Vault([Fernet.generate_key().decode()])
        with office.db.write() as session:
            user = get_user(session, office.workspace_id, owner)
            mailbox = connect_mailbox(
                session, office.clock, vault, user, address=user.email, address_key=key_of(user.email),
                kind=GrantKind.EMULATOR,
            )  # fmt: skip
            self.mailboxes[owner] = mailbox.id
        return self.mailboxes[owner]


def _write(subject: str, text: str, sender: str, to: str, at: datetime, answers: str, name: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Date"] = sender, to, subject, format_datetime(at)
    mail["Message-ID"] = f"<{name}@post.example>"
    if answers:
        mail["In-Reply-To"] = mail["References"] = f"<{answers}@post.example>"
    mail.set_content(text)
    return mail.as_bytes()
