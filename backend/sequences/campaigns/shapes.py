"""Campaigns as they cross the room's door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Stand(StrEnum):
    """Where a campaign stands. DONE: everybody got their mail, or a reason why not."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom it goes to: the contacts that a filter finds, or, where `contact_ids` is given, these very ones.

    `unknown` are addresses of a list that belong to no contact, and lines without one; nothing goes to them. `is_bold`:
    also to those with whom, or with whose company, a colleague writes.
    """

    words: str = ""
    owner_id: int | None = None
    company_id: int | None = None
    contact_ids: tuple[int, ...] | None = None
    unknown: tuple[str, ...] = ()
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """What it says; both texts are Liquid. `template_id`: the template that it was begun with."""

    subject: str = ""
    body: str = ""
    is_html: bool = False
    template_id: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the list; `email` "" where there is no address. `fields` are a template's, by name."""

    contact_id: int
    email: str
    address_key: str
    fields: Mapping[str, str]

    @property
    def name(self) -> str:
        """What people call them."""
        return self.fields.get("contact.name", "") or self.email


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What keeps people from being written to, by address key and by registrable domain; each with its evidence."""

    suppressed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    colleagues_with: Mapping[str, int] = field(default_factory=dict)
    colleagues_at: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Out:
    """Somebody who gets nothing, and why."""

    person: Person
    reason: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Sorted:
    """A list sorted out: who can be written to, and who cannot."""

    fit: tuple[Person, ...]
    out: tuple[Out, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """When mails would leave under the caps. `ahead` wait in the mailbox already and share the way."""

    first_at: datetime
    last_at: datetime
    days: int
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign in a list or on its page. `left` are those whose mail is still to leave."""

    id: int
    name: str
    user_id: int
    user_name: str
    stand: Stand
    text: Text
    audience: Audience
    version: int
    created_at: datetime
    started_at: datetime | None
    people: int = 0
    left: int = 0
    sent: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class LeftOutView:
    """Somebody who was left out when it started; `name` "" where the contact is gone."""

    contact_id: int
    name: str
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a mailbox can send on a day."""

    day: date
    opens: datetime
    closes: datetime
    mails: int
