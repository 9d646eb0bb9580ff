"""What a leaver has, and what changed hands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Belongings:
    """What would change hands: records by kind, open tasks, mailboxes with their mails."""

    records: Mapping[str, int] = field(default_factory=dict)
    tasks: int = 0
    mailboxes: tuple[str, ...] = ()
    mails: int = 0
    private_mails: int = 0


@dataclass(frozen=True, slots=True)
class HandoverView:
    """A handover as it is shown."""

    id: int
    at: datetime
    leaver: str
    heir: str
    records: int
    tasks: int
    mailboxes: int
    undone_at: datetime | None
