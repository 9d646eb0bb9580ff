"""What goes into a rehearsal and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from backend.kit.errors import UserError
from backend.sequences.shapes import EventKind

MOST_DAYS = 366
MOST_PEOPLE = 5_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What is rehearsed. The same plan over the same database gives the same rehearsal.

    `contact_ids` are enrolled first, as if now; `invented`: so many made-up people are too. Without either, those on
    the way are followed, and where nobody is, `USUALLY` people are invented. `mailbox_ids`: from whose mailboxes;
    empty: those of the people on the way, else all of the team's. `definition` None: the published version; else who
    is on the way changes over to it first.
    `replies`, `bounces`, `away`: shares (0 to 1) of the people who answer, cannot be reached, or send a notice.
    """

    days: int = 30
    seed: int = 0
    contact_ids: tuple[int, ...] = ()
    invented: int = 0
    mailbox_ids: tuple[int, ...] = ()
    replies: float = 0.0
    bounces: float = 0.0
    away: float = 0.0
    definition: Mapping[str, Any] | None = None

    def check(self) -> None:
        """Raise `UserError` for what cannot be rehearsed."""
        if not 1 <= self.days <= MOST_DAYS:
            raise UserError("A rehearsal has 1 to %(most)s days.", most=MOST_DAYS)
        if not 0 <= self.invented + len(self.contact_ids) <= MOST_PEOPLE:
            raise UserError("A rehearsal has at most %(most)s people; choose fewer.", most=MOST_PEOPLE)
        shares = (self.replies, self.bounces, self.away)
        if not all(0 <= share <= 1 for share in shares) or sum(shares) > 1:
            raise UserError("Those who reply, bounce and are away are shares of all people: together at most 100 %.")


@dataclass(frozen=True, slots=True)
class Sender:
    """A rep's mailbox, and the zone in which its day is reckoned."""

    mailbox_id: int
    user_id: int
    address: str
    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the way through the sequence that is rehearsed, as they stand in the end."""

    enrolment_id: int
    contact_id: int
    name: str
    email: str
    mailbox_id: int
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class RehearsedMail:
    """A mail as it would leave. `local` is the sender's wall time, `step` counts from 0, `raw` is the mail as sent."""

    person: Person
    sender: Sender
    step: int
    local: datetime
    subject: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something beside mail: a shift, a hold, a stop, a skip, the end.

    `local` and `until` are the sender's wall time; `until` None: nothing is
    tried again, or nobody can say when.
    """

    person: Person
    sender: Sender
    step: int
    local: datetime
    kind: EventKind
    reason: str = ""
    evidence: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """A rep's day: mails that leave, and mails that were ready and leave on a later day or not at all."""

    day: date
    sent: int
    held: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """A rep's days, without gaps."""

    sender: Sender
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of it. `refused`: who could not be enrolled, and why; `invented`: how many of the people are made up.

    `ends_at` lies before the plan's end where the patience for it ran out first.
    """

    name: str
    version: int
    starts_at: datetime
    ends_at: datetime
    is_cut_short: bool
    people: tuple[Person, ...]
    invented: int
    mails: tuple[RehearsedMail, ...]
    happenings: tuple[Happening, ...]
    calendars: tuple[Calendar, ...]
    refused: Mapping[str, str]
