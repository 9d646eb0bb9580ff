"""The sample's mail as Python's strict parser reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cached_property

from backend.demo.sample import Sample
from backend.demo.sample.shapes import SampleMail


@dataclass(frozen=True)
class Read:
    """One message of the sample, with what tests ask it for."""

    mail: SampleMail
    message: EmailMessage

    @cached_property
    def id(self) -> str:
        return str(self.message["Message-ID"])

    @cached_property
    def references(self) -> list[str]:
        return str(self.message.get("References", "")).split()

    @cached_property
    def sender(self) -> str:
        return str(self.message["From"].addresses[0].addr_spec)

    @cached_property
    def addresses(self) -> set[str]:
        fields = (self.message[name] for name in ("From", "To", "Cc") if self.message[name])
        return {address.addr_spec for field in fields for address in field.addresses}

    @cached_property
    def date(self) -> datetime:
        sent: datetime = self.message["Date"].datetime
        return sent

    @cached_property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        return str(body.get_content()).replace("\r\n", "\n") if body is not None else ""

    @cached_property
    def is_from_a_machine(self) -> bool:
        return "Auto-Submitted" in self.message or "List-Id" in self.message

    @cached_property
    def kinds(self) -> set[str]:
        """The content types of all parts."""
        return {part.get_content_type() for part in self.message.walk()}


def read_all(sample: Sample) -> list[Read]:
    """Parse every message."""
    parsed = (message_from_bytes(mail.raw, policy=default) for mail in sample.mails)
    return [Read(mail, message) for mail, message in zip(sample.mails, parsed, strict=True)]
