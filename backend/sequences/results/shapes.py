"""What results are made of, and what each figure means.

sent         mails that Gmail took.
replied      mails with an answer by a person: in the mail's own thread at any time, or a new mail of the same contact
             within `REPLY_DAYS`. Automatic replies and delivery reports never count. A reply counts for the last mail
             before it, once, however many follow.
bounced      mails after which the address was found to take no mail; what was only delayed does not count.
unsubscribed mails after which the person asked for no more, by the link.
meetings     meetings with the person within `MEETING_DAYS` of the last mail before them.
deals, won   deals that began, or were won, within `DEAL_DAYS` of the last mail before to one of their people; `revenue`
             is the amount of those won, by currency. It says what came after, not what it came from.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

REPLY_DAYS, MEETING_DAYS, DEAL_DAYS = 30, 30, 90


class By(StrEnum):
    """Into which lines results are divided."""

    SEQUENCE = "sequence"
    CAMPAIGN = "campaign"
    VERSION = "version"
    STEP = "step"
    VARIANT = "variant"
    TEMPLATE = "template"
    SENDER = "sender"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which mails: sent from `since` on and before `until`, of a sequence, from somebody's mailboxes; None: any."""

    since: datetime
    until: datetime
    by: By = By.SEQUENCE
    sequence_id: int | None = None
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Grain:
    """The finest division: a wording of a step of a version of a sequence, from a mailbox."""

    sequence_id: int
    version_id: int | None
    step: int
    variant: int
    mailbox_id: int


@dataclass(slots=True)
class Tally:
    """Counts of mails by what came of them; `revenue` in minor units by currency."""

    sent: int = 0
    replied: int = 0
    bounced: int = 0
    unsubscribed: int = 0
    meetings: int = 0
    deals: int = 0
    won: int = 0
    revenue: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Take another's counts in."""
        for name in ("sent", "replied", "bounced", "unsubscribed", "meetings", "deals", "won"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.revenue.update(other.revenue)

    @property
    def reply_rate(self) -> float | None:
        """Replied of sent, from 0 to 1; None where nothing was sent."""
        return self.replied / self.sent if self.sent else None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of results.

    `name` is the sequence's, campaign's, template's or sender's ("" where that is gone), `id` leads to it. `version`
    counts from 1, `step` and `variant` from 0; None where the line is not about one. `is_ahead`: of the wordings tried
    against each other, this one has more replies than chance explains.
    """

    name: str
    tally: Tally
    id: int | None = None
    detail: str = ""
    version: int | None = None
    step: int | None = None
    variant: int | None = None
    is_ahead: bool = False


@dataclass(frozen=True, slots=True)
class Came:
    """A mail of somebody outside that may answer one of ours."""

    message_id: int
    thread_id: str
    sender_key: str
    at: datetime
    is_person: bool


@dataclass(frozen=True, slots=True)
class Ours:
    """A mail of ours that may be answered; `sender_key` is an address of its recipient."""

    outbox_id: int
    thread_id: str
    sender_key: str
    sent_at: datetime
