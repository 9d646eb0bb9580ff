"""What the doctor saw, and what it says about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """How grave a finding is: only `wrong` makes an installation unwell."""

    OK = "ok"
    OFF = "off"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `said` is a sentence; `remedy` is empty where there is nothing to do."""

    area: str
    subject: str
    state: State
    said: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class MailboxFacts:
    """A mailbox as the database has it.

    `next_sync_at` is None where sync does not know the mailbox; `last_success_at` where no drain has reached the end;
    `grant_problem` is empty where the grant opens. `waiting` counts pending ids, `stuck` those that failed often.
    """

    mailbox_id: int
    address: str
    owner: str
    status: str
    status_reason: str
    connected_at: datetime
    next_sync_at: datetime | None
    last_success_at: datetime | None
    is_listing: bool
    failures: int
    last_error: str
    waiting: int
    stuck: int
    grant_problem: str = ""


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """PostgreSQL's job queue: jobs by state, workers whose heart beats, and those whose heart stopped."""

    waiting: int
    running: int
    crashed: int
    workers: int
    dead_workers: int


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """Who can sign in."""

    users: int
    admins: int
