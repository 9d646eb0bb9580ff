"""Activities as they cross the room's door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ActivityKind(StrEnum):
    """What was or will be done."""

    NOTE = "note"
    TASK = "task"
    CALL = "call"
    MEETING = "meeting"


class CallOutcome(StrEnum):
    """How a call ended."""

    CONNECTED = "connected"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class NewActivity:
    """Something to be written down. `at` None means now; `due_at` and `done_at` belong to tasks, `outcome` to calls."""

    kind: ActivityKind
    text: str
    record_ids: tuple[int, ...]
    owner_id: int
    at: datetime | None = None
    due_at: datetime | None = None
    done_at: datetime | None = None
    outcome: str = ""
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A task in a list; `records` are (id, kind, name)."""

    id: int
    text: str
    owner_id: int
    due_at: datetime | None
    done_at: datetime | None
    records: tuple[tuple[int, str, str], ...]
