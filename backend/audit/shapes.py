"""What is written into the log, and what reading it back shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class Doer(Protocol):
    """Who does something: `accounts.Actor`, which lies above this room."""

    @property
    def user_id(self) -> int:
        """The user."""
        ...

    @property
    def workspace_id(self) -> int:
        """The user's workspace, whose chain grows."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """The thing that something is done to: its kind and its id."""

    kind: str
    id: int | str


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of a chain, as stored or as read from an export."""

    workspace_id: int
    seq: int
    at: datetime
    actor_id: int | None
    action: str
    subject_type: str
    subject_id: str
    details: Mapping[str, Any]
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking a chain found. `broken_at` is the first place that does not hold, None where all do."""

    entries: int
    head: str
    broken_at: int | None = None
    why: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing was altered, removed or put in between."""
        return self.broken_at is None
