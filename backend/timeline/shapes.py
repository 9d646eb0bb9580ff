"""One shape for everything that happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.privacy.shapes import Sight
from backend.records.shapes import RecordKind


class EntryKind(StrEnum):
    """What happened. The order breaks ties within one instant."""

    MAIL = "mail"
    STAGE = "stage"
    NOTE = "note"
    TASK = "task"
    CALL = "call"
    MEETING = "meeting"


@dataclass(frozen=True, slots=True)
class RecordChip:
    """A record that an entry belongs to."""

    kind: RecordKind
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened.

    `who` did it, `to` are those a mail went to. `title` is a mail's subject, a stage's name or None where sharing hides
    it; `text` a mail's beginning or the whole of a note. `mailboxes` name whose copies there are, `gmail_url` opens the
    viewer's own copy. `is_ours` says that the team acted. `due_at`, `done_at` belong to tasks, `detail` to calls
    (outcome) and stages (where the deal came from). `id` is unique within the kind. `sight` is how much of a mail this
    shows, `opened` how much it shows once opened (more, where its owner let the viewer in), `is_kept` that the viewer
    keeps its conversation to themselves.
    """

    kind: EntryKind
    id: int
    at: datetime
    who: str
    title: str | None = None
    text: str = ""
    to: tuple[str, ...] = ()
    is_ours: bool = True
    message_id: int | None = None
    conversation_id: int | None = None
    attachment_count: int = 0
    mailboxes: tuple[str, ...] = ()
    gmail_url: str = ""
    due_at: datetime | None = None
    done_at: datetime | None = None
    minutes: int | None = None
    detail: str = ""
    records: tuple[RecordChip, ...] = ()
    sight: Sight = Sight.EVERYTHING
    opened: Sight = Sight.EVERYTHING
    is_kept: bool = False

    @property
    def is_locked(self) -> bool:
        """Whether it is a colleague's conversation that they keep to themselves."""
        return self.sight is Sight.LOCKED


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the timeline ended: time, kind and id of its last entry."""

    at: datetime
    kind: EntryKind
    id: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries.

    `record_id` None: the whole team's; `user_id`: what this colleague took part in; `words`: in mail and notes; `since`
    inclusive, `until` exclusive.
    """

    record_id: int | None = None
    kinds: frozenset[EntryKind] = frozenset(EntryKind)
    user_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""
    after: Place | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class LastTouch:
    """Who last spoke with a record, when and how.

    `is_ours` False: they wrote. `is_viewer`: of the team it was the very one who asks. `is_owed`: it is a person's mail
    in the asker's own mailbox, and nothing followed it.
    """

    at: datetime
    who: str
    kind: EntryKind
    is_ours: bool
    is_viewer: bool = False
    is_owed: bool = False
