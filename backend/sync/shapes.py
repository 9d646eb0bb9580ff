"""What sync reports and decides with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SkipReason(StrEnum):
    """Why a Gmail message is not in the CRM."""

    DRAFT = "draft"
    CHAT = "chat"
    SPAM = "spam"
    TRASH = "trash"
    GONE = "gone"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    LEFT_OUT = "left_out"
    WINDOW = "outside_window"
    LABEL = "label_rule"
    UNKNOWN = "unknown_people"
    INTERNAL = "internal"
    EXCLUDED = "excluded"


class End(StrEnum):
    """How a drain ended."""

    DONE = "done"
    MORE = "more"
    BUSY = "busy"
    LATER = "later"
    STOPPED = "stopped"


class Task(StrEnum):
    """What is to be done for a mailbox; the order is that in which workers prefer them."""

    NEW_MAIL = "new_mail"
    SEND = "send"
    IMPORT = "import"
    UNWATCH = "unwatch"


@dataclass(frozen=True, slots=True)
class Job:
    """Due work for one mailbox."""

    mailbox_id: int
    task: Task = Task.NEW_MAIL


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a mailbox still waits for: when the earliest id of each kind may be fetched; None: none waits."""

    new_mail_at: datetime | None
    import_at: datetime | None
    history_id: str | None
    hinted_history_id: str | None
    hint_looks: int


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for one mailbox; `fence` grows with each lease, and only the newest may write."""

    mailbox_id: int
    workspace_id: int
    fence: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a mailbox stands; `history_id` None: a full listing must begin."""

    history_id: str | None
    is_listing: bool
    listing: int
    page_token: str | None


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A pending id; `is_stored` says that its copy is here and only its labels are in doubt."""

    gmail_id: str
    thread_id: str
    attempts: int
    is_stored: bool
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Audit:
    """Gmail's list against the store.

    `missing` ids are in Gmail and unexplained here, `extra` ones are live here and not in Gmail's list.
    """

    listed: int
    stored: int
    pending: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[tuple[str, str], ...] = ()
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def gap(self) -> int:
        """How many ids differ."""
        return len(self.missing) + len(self.extra)
