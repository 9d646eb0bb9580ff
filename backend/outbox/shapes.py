"""What crosses the outbox's door."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

HEADER = "X-Enlace-Send"


class State(StrEnum):
    """Where an order stands. The first three are open, the others are ends.

    CLAIMED: nothing is at Gmail that we know of; DRAFTED: a draft lies there; SENDING: `drafts.send` was or will be
    called once; UNKNOWN: it was called, and nothing at Gmail says what came of it: never called again, a task was made.
    """

    CLAIMED = "claimed"
    DRAFTED = "drafted"
    SENDING = "sending"
    SENT = "sent"
    SKIPPED = "skipped"
    VETOED = "vetoed"
    UNKNOWN = "unknown"

    @classmethod
    def open(cls) -> tuple[State, ...]:
        """Those that are no end."""
        return (cls.CLAIMED, cls.DRAFTED, cls.SENDING)

    @classmethod
    def unsent(cls) -> tuple[State, ...]:
        """Those in which it is sure that nothing left yet."""
        return (cls.CLAIMED, cls.DRAFTED)


class Ground(StrEnum):
    """Why somebody is written to no more."""

    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    BY_HAND = "by_hand"


class Pause(StrEnum):
    """Why nothing leaves a mailbox. `pause_reason` keeps it, and after a colon and a space what it rests on."""

    BY_HAND = "by_hand"
    GMAIL_LIMIT = "gmail_limit"
    SENDER_LIMIT = "sender_limit"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The mail to which a mail replies, as Gmail stored it.

    `rfc_id` is without brackets, `references` the ids before it, oldest first; `subject` as it stands there.
    `thread_id` "": it lies in another mailbox.
    """

    thread_id: str
    rfc_id: str
    subject: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says. `html` "": plain text only. A mail with an anchor keeps the thread's subject."""

    subject: str
    text: str
    html: str = ""
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A mail that is to leave.

    (`source`, `source_id`, `step`, `run`) names it once and for ever; `key` does so beyond this database: it stands in
    the mail's header, and a database restored from an old backup makes the same key again. `group` shares a mailbox
    fairly with others; follow-ups go before first touches. Not sent by `expires_at`, it is skipped. `version_id` says
    which text it bears, for whoever counts the results; of its `wordings` one is drawn when the order is taken in.
    """

    workspace_id: int
    mailbox_id: int
    source: str
    source_id: int
    step: int
    run: int
    key: str
    group: int
    contact_id: int
    email: str
    address_key: str
    due_at: datetime
    expires_at: datetime
    is_follow_up: bool = False
    version_id: int | None = None
    wordings: int = 1


@dataclass(frozen=True, slots=True)
class Sending:
    """An order as its row stands."""

    id: int
    workspace_id: int
    mailbox_id: int
    source: str
    source_id: int
    step: int
    run: int
    token: str
    contact_id: int
    email: str
    address_key: str
    domain: str
    state: State
    reason: str
    evidence: str
    due_at: datetime
    expires_at: datetime
    created_at: datetime
    attempts: int
    draft_id: str
    thread_id: str
    gmail_id: str
    rfc_id: str
    subject: str
    references: tuple[str, ...]
    sent_at: datetime | None
    variant: int = 0


@dataclass(frozen=True, slots=True)
class Go:
    """It may go."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Not now: ask again at `until`. `is_for_all`: it is the mailbox that waits, whoever the mail is for."""

    until: datetime
    reason: str
    evidence: str = ""
    is_for_all: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """Never: `reason` in one word, `evidence` what it rests on (a mail's id, an address, a date)."""

    reason: str
    evidence: str = ""


Verdict = Go | Hold | Skip


@dataclass(frozen=True, slots=True)
class Pace:
    """How a mailbox spreads its mail. Seconds; mails in any 24 hours, those that the rep writes by hand included.

    `ramp_start` mails on the first day, `ramp_step` more each day after, up to `daily_cap`. Drafts lie in the rep's own
    drafts for `lead_s` before they leave. `person_hours`: no two mails to one person, by us or by hand, within so many.
    """

    daily_cap: int = 150
    domain_cap: int = 20
    spacing_s: int = 60
    jitter_s: int = 40
    lead_s: int = 300
    ramp_start: int = 20
    ramp_step: int = 10
    person_hours: int = 20


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send from one mailbox; `fence` grows with each lease, and only the newest may write."""

    mailbox_id: int
    workspace_id: int
    fence: int


@dataclass(frozen=True, slots=True)
class Sender:
    """A mailbox as the one who sends from it needs it."""

    mailbox_id: int
    workspace_id: int
    user_id: int
    address: str
    name: str
    pace: Pace
    paused_until: datetime | None
    last_slot_at: datetime | None
    first_sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Spent:
    """What a mailbox sent in the last 24 hours, by hand or by us: in all, and of ours by recipient's domain."""

    total: int
    oldest_at: datetime | None
    by_domain: dict[str, int] = field(default_factory=dict)


class End(StrEnum):
    """How a round of sending ended."""

    DONE = "done"
    MORE = "more"
    BUSY = "busy"
    HELD = "held"
    STOPPED = "stopped"
