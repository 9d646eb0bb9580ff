"""What the ledger holds, and what is said about a mailbox because of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

STORED, PENDING, REMOVED = "stored", "pending", "removed"


class Light(StrEnum):
    """How a mailbox stands; OFF: it is not read, by somebody's wish."""

    GREEN = "green"
    OFF = "off"
    AMBER = "amber"
    RED = "red"


class Cause(StrEnum):
    """What makes the light what it is: one sentence and one remedy each (`words`)."""

    WELL = "well"
    PAUSED = "paused"
    DISCONNECTED = "disconnected"
    RECONNECT = "reconnect"
    NO_WORKER = "no_worker"
    FAILING = "failing"
    QUOTA = "quota"
    GAP = "gap"
    STUCK = "stuck"
    LATE = "late"
    OVERDUE = "overdue"
    RESYNC = "resync"
    IMPORT = "import"
    NOT_AUDITED = "not_audited"


@dataclass(frozen=True, slots=True)
class Account:
    """Where an id stands: "stored", "pending" (since when), or the reason for skipping it."""

    name: str
    waiting_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Postings:
    """By how much one move changed the accounts; `skipped` by reason, `longest_wait_s` of what was settled."""

    seen: int = 0
    stored: int = 0
    pending: int = 0
    gone: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    longest_wait_s: int = 0

    @property
    def changes_anything(self) -> bool:
        """Whether there is anything to write down."""
        return any((self.seen, self.stored, self.pending, self.gone, *self.skipped.values()))


@dataclass(frozen=True, slots=True)
class Day:
    """One mailbox's day; the accounts as net changes, so that `seen` is the sum of the four others."""

    day: date
    seen: int
    stored: int
    pending: int
    skipped: Mapping[str, int]
    gone: int
    errors: int
    units: int
    longest_wait_s: int
    last_success_at: datetime | None


@dataclass(frozen=True, slots=True)
class Totals:
    """All days together: what is in the mailbox's accounts now."""

    seen: int = 0
    stored: int = 0
    pending: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    gone: int = 0

    @property
    def unexplained(self) -> int:
        """Ids that stand in no account; anything but 0 is a defect of the books."""
        return self.seen - self.stored - self.pending - sum(self.skipped.values()) - self.gone


@dataclass(frozen=True, slots=True)
class LastAudit:
    """The newest comparison with Gmail's own list."""

    at: datetime
    listed: int
    missing: int
    extra: int
    left: int
    misbooked: int

    @property
    def found(self) -> int:
        """How many ids differed."""
        return self.missing + self.extra


@dataclass(frozen=True, slots=True)
class Standing:
    """A mailbox's facts of this moment, as far as its light rests on them.

    `pending` counts ids that are not stored yet, `bulk` those among them that an import brings; `urgent_since` is since
    when the oldest other one waits. Of `stuck` the fetch failed several times, `unread` were given up.
    `next_sync_at` is None where sync does not know the mailbox yet; `lease_until` where nobody drains it.
    """

    mailbox_id: int
    workspace_id: int
    address: str
    user_id: int
    owner: str
    status: str
    status_reason: str
    grant_kind: str
    connected_at: datetime
    next_sync_at: datetime | None = None
    lease_until: datetime | None = None
    last_success_at: datetime | None = None
    is_listing: bool = False
    listing: int = 0
    estimate: int = 0
    failures: int = 0
    last_error: str = ""
    next_audit_at: datetime | None = None
    pending: int = 0
    bulk: int = 0
    waiting_since: datetime | None = None
    urgent_since: datetime | None = None
    stuck: int = 0
    unread: int = 0
    audit: LastAudit | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a mailbox. `number` and `since` fill its sentence, where it needs them.

    `seconds_left`: how long an import still takes, where the quota that it goes by is known.
    """

    light: Light
    cause: Cause
    number: int = 0
    since: datetime | None = None
    seconds_left: int | None = None
    detail: str = ""

    @property
    def is_alarm(self) -> bool:
        """Whether somebody should be told: mail is missing or will be, and it is not just a first import."""
        return self.light is Light.RED or (
            self.light is Light.AMBER and self.cause not in {Cause.IMPORT, Cause.RESYNC, Cause.QUOTA}
        )


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox with its figures and what is said of them."""

    standing: Standing
    totals: Totals
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Unread:
    """A mail that could not be fetched or read; `reason` is a SkipReason, or empty where it is still tried."""

    gmail_id: str
    reason: str
    detail: str
    attempts: int
    next_attempt_at: datetime
