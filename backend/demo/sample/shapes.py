"""What the sample hands over.

Addresses are lower case. Times are aware UTC and never after the `now` that the sample was made for, except the due
dates of tasks, the expected close of deals and the meetings inside invitations.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Role = Literal["rep", "manager", "admin"]
Stage = Literal["New", "Qualified", "Demo", "Proposal", "Negotiation", "Won", "Lost"]
ActivityKind = Literal["note", "task", "call", "meeting"]


@dataclass(frozen=True, slots=True)
class SampleUser:
    """Somebody of Lumbrera with a Gmail mailbox at that address; `locale` is "en" or "es", `timezone` an IANA name."""

    email: str
    name: str
    role: Role
    locale: str
    timezone: str
    password: str = "enlace-demo"  # noqa: S105 - printed on purpose, beside the address to open


@dataclass(frozen=True, slots=True)
class SampleMail:
    """One message, once, whoever holds a copy.

    `raw` is the complete RFC 5322 message with CRLF. `mailboxes` names each owner's address with the Gmail label ids
    of that copy (INBOX, SENT, UNREAD, …); a user's own label is written "label:" and its name. No INBOX: archived.
    """

    raw: bytes
    at: datetime
    mailboxes: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class SampleCompany:
    """A company, known by its mail domain; `country` is an ISO 3166 code, `size` the number of employees."""

    domain: str
    name: str
    industry: str
    city: str
    country: str
    size: int


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """A person outside Lumbrera; `company_domain` is None for somebody who stands for themselves."""

    address: str
    other_addresses: tuple[str, ...]
    name: str
    title: str
    phone: str
    company_domain: str | None
    country: str


@dataclass(frozen=True, slots=True)
class SampleDeal:
    """A deal as the team keeps it.

    `people` are addresses, `owner` a user's. `stage_history` runs from the oldest stage to the present one.
    `reference` ("D-1042") stands as "[D-1042]" in the subject of some of its mails. Names are unique. `company_domain`
    is None where the buyer is an individual.
    """

    name: str
    company_domain: str | None
    people: tuple[str, ...]
    owner: str
    stage: Stage
    amount_minor: int
    currency: str
    expected_close: date
    created_at: datetime
    closed_at: datetime | None
    lost_reason: str | None
    source: str
    products: tuple[str, ...]
    reference: str | None
    stage_history: tuple[tuple[Stage, datetime], ...]
    pipeline: str = "Sales"


@dataclass(frozen=True, slots=True)
class SampleActivity:
    """What a user wrote down; `about` is a person's address or a deal's name.

    A task has `due_at` and, when done, `done_at`; a call has an `outcome` (connected, voicemail, no_answer, busy) and
    `minutes`; a meeting has `minutes`.
    """

    kind: ActivityKind
    about: str
    owner: str
    at: datetime
    text: str
    due_at: datetime | None = None
    done_at: datetime | None = None
    outcome: str | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """The whole invented workspace; `mails` are in order of time."""

    workspace_name: str
    workspace_domain: str
    users: tuple[SampleUser, ...]
    companies: tuple[SampleCompany, ...]
    people: tuple[SamplePerson, ...]
    deals: tuple[SampleDeal, ...]
    activities: tuple[SampleActivity, ...]
    mails: tuple[SampleMail, ...]
