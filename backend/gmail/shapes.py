"""What crosses the gateway, in Gmail's words.

Ids and historyIds are opaque text; a historyId is an unsigned 64-bit number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

# A `MessagePart` as Gmail's JSON has it: partId, mimeType, filename, headers [{name, value}], body {size, data |
# attachmentId}, parts [...]. Kept as it is: one reader (`mail.normalise`) walks it, and copying would only cost.
Payload = Mapping[str, Any]


class Format(StrEnum):
    """How much of a message `get` returns."""

    MINIMAL = "minimal"
    METADATA = "metadata"
    FULL = "full"
    RAW = "raw"


class Change(StrEnum):
    """The four kinds of history."""

    ADDED = "messagesAdded"
    DELETED = "messagesDeleted"
    LABELS_ADDED = "labelsAdded"
    LABELS_REMOVED = "labelsRemoved"


@dataclass(frozen=True, slots=True)
class Profile:
    """`users.getProfile`."""

    address: str
    messages_total: int
    threads_total: int
    history_id: str


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message's two ids, as listings have them."""

    id: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of `users.messages.list`; `estimate` is Gmail's own guess of the whole."""

    refs: tuple[MessageRef, ...]
    next_page_token: str | None
    estimate: int


@dataclass(frozen=True, slots=True)
class GmailMessage:
    """`users.messages.get`. `payload` is None in minimal and raw format, `raw` (RFC 5322 bytes) only set in raw."""

    id: str
    thread_id: str
    label_ids: tuple[str, ...]
    history_id: str
    internal_date_ms: int
    size_estimate: int
    snippet: str
    payload: Payload | None = None
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One change to one message. `label_ids` are those added or removed; for ADDED those that the message bears.

    `record_id` is the historyId of the record that it stood in; 0 where the page did not say.
    """

    change: Change
    ref: MessageRef
    label_ids: tuple[str, ...] = ()
    record_id: int = 0


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of `users.history.list`, its events in order of their records' ids; Gmail's pages may overlap in time.

    `history_id` is the mailbox's present one; it may become the cursor only after the last page.
    """

    events: tuple[HistoryEvent, ...]
    history_id: str
    next_page_token: str | None


@dataclass(frozen=True, slots=True)
class GmailThread:
    """`users.threads.get`: its messages, oldest first."""

    id: str
    messages: tuple[GmailMessage, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """A label; `kind` is "system" or "user"."""

    id: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft: its own id (stable over edits) and its message's ids (new at each edit)."""

    id: str
    message: MessageRef


@dataclass(frozen=True, slots=True)
class SendAs:
    """An address that the mailbox may send from."""

    address: str
    display_name: str
    is_primary: bool
    is_verified: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """A running push registration."""

    history_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a batch of gets brought: the messages by id, and the error for each message or thread that failed."""

    messages: Mapping[str, GmailMessage] = field(default_factory=dict)
    errors: Mapping[str, Exception] = field(default_factory=dict)
