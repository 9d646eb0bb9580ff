"""What goes into the store."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from backend.gmail.shapes import GmailMessage
from backend.mail.shapes import NormalisedMail


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message from Gmail with what reading it yielded."""

    gmail: GmailMessage
    mail: NormalisedMail


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A mail that no mailbox held yet: where it goes, and what the copies of it that came with it say."""

    fingerprint: str
    item: Incoming
    conversation_id: int
    live_copies: int
    is_private: bool


@dataclass(frozen=True, slots=True)
class MailboxFacts:
    """What storing needs to know of the mailbox: `is_ours` tells the team's addresses by their key."""

    workspace_id: int
    mailbox_id: int
    is_ours: Callable[[str], bool]
    private_label_ids: Collection[str] = frozenset()
    listing: int = 0
