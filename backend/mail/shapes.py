"""What reading a message yields. Every text in here has passed `kit.text.clean`, so that any database stores it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a message is to a CRM: only PERSON is correspondence, only its people may become contacts."""

    PERSON = "person"
    BULK = "bulk"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    CALENDAR = "calendar"


class Role(StrEnum):
    """The address header in which somebody stands."""

    FROM = "from"
    SENDER = "sender"
    REPLY_TO = "reply_to"
    TO = "to"
    CC = "cc"
    BCC = "bcc"


@dataclass(frozen=True, slots=True)
class Address:
    """One mail address. `key` compares (see `addresses.key_of`), `email` is as written with its domain in lower case.

    `name` is decoded and trimmed; "" where there is none or where it only repeats the address.
    """

    key: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in an address header."""

    role: Role
    address: Address


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the message's own text; its bytes stay at Gmail.

    `size` is in bytes, `content_id` has no angle brackets, `is_inline` says that the text shows it (a picture in a
    signature), `attachment_id` is Gmail's handle, None where Gmail sent the bytes along.
    """

    part_id: str
    filename: str
    mime_type: str
    size: int
    content_id: str | None
    is_inline: bool
    attachment_id: str | None


@dataclass(frozen=True, slots=True)
class BounceRecipient:
    """One recipient of a delivery report.

    `recipient` is "" where the report names none, `status` an RFC 3463 code such as "5.1.1" or "". `hard` says that
    this address will never take mail; `reason` is one word of `bounces.Reason`.
    """

    recipient: str
    status: str
    hard: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A text divided: what its writer wrote now, what was quoted, and the signature (both may be "")."""

    text: str
    quoted: str
    signature: str


@dataclass(frozen=True, slots=True)
class NormalisedMail:
    """A message, read. Ids are without angle brackets; `message_id` and `in_reply_to` are "" where there is none.

    `references` holds References and then In-Reply-To, oldest first, each once. `date_header` is aware, None where it
    is missing or unreadable. `why` names the evidence for `kind`. `text` is all plain text, quotes included.
    `problems` says what was broken, unreadable or cut, in English.
    """

    message_id: str
    references: tuple[str, ...]
    in_reply_to: str
    subject: str
    participants: tuple[Participant, ...]
    date_header: datetime | None
    kind: Kind
    why: str
    text: str
    attachments: tuple[Attachment, ...]
    problems: tuple[str, ...]
    list_id: str = ""

    @property
    def sender(self) -> Address | None:
        """The first From, else the Sender; None where neither holds an address."""
        for role in (Role.FROM, Role.SENDER):
            for participant in self.participants:
                if participant.role is role:
                    return participant.address
        return None


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as the store has it, with what linking needs to decide about it.

    `is_private` says that every copy bears the team's private label.
    """

    id: int
    conversation_id: int
    kind: Kind
    subject: str
    sent_at: datetime
    is_ours: bool
    sender_key: str
    participants: tuple[Participant, ...]
    list_key: str
    is_private: bool
