"""Templates and enrolments as they cross the room's door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A template. `owner_id` None: the whole team's; `subject` may be ""; both texts are Liquid.

    `is_html`: it leaves as HTML too. `kind`: mail, or snippet (a piece that mails take in by its name).
    """

    id: int
    name: str
    subject: str
    body: str
    owner_id: int | None
    version: int
    is_html: bool = False
    kind: str = "mail"


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its fields filled in; `missing` are those that had nothing to say, in brackets in the text."""

    text: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilledMail:
    """A mail as somebody would read it; `missing` are fields that had nothing to say."""

    subject: str
    text: str
    missing: tuple[str, ...] = ()


class EnrolmentState(StrEnum):
    """Where a person stands: on the way, standing still, through, or stopped before the end."""

    ACTIVE = "active"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"


class EventKind(StrEnum):
    """What a line of an enrolment's ledger tells."""

    ENROLLED = "enrolled"
    ORDERED = "ordered"
    HELD = "held"
    SENT = "sent"
    SKIPPED = "skipped"
    VETOED = "vetoed"
    UNKNOWN = "unknown"
    DONE = "done"
    TURNED = "turned"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"
    FINISHED = "finished"
    TROUBLED = "troubled"
    MOVED = "moved"
    MIGRATED = "migrated"


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a sequence ends for somebody: one word, and what it rests on (ids, never content)."""

    reason: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Away:
    """An automatic reply: nothing is sent before `until`."""

    until: datetime
    evidence: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A wait that has begun: until which local wall time (ISO, naive), and when that is in UTC."""

    wall: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail that came since the enrolment and may stop it. `how`: in_thread, outside, colleague."""

    message_id: int
    kind: str
    sent_at: datetime
    how: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a sequence looks at beside mail. None: there is none; `merged_into_id` names the record that took it up.

    `country` by its two letters; "": not known.
    """

    is_living: bool
    merged_into_id: int | None
    has_address: bool
    owner_id: int | None
    stage_id: int | None
    is_deal_open: bool
    meeting_id: int | None
    country: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What held when somebody was enrolled; with `stage_id` None there was no deal."""

    owner_id: int | None = None
    stage_id: int | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What enrolling many came to: how many were, and for each other one why not."""

    enrolled: int
    refused: dict[int, str]
