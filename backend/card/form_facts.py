"""What a form, the settings and a mail being written are built from; like `facts`, plain and already allowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backend.card.facts import Deal


@dataclass(frozen=True, slots=True)
class PersonForm:
    """What a contact's form shows; `record` is a contact's id, or a stranger's sealed address."""

    record: str
    name: str = ""
    title: str = ""
    phone: str = ""
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class DealForm:
    """What a deal's form shows; `record` is the deal's id, or that of the contact whom a new one is with.

    `amount` is written as the reader writes it.
    """

    record: str
    whose: str = ""
    name: str = ""
    amount: str = ""
    currency: str = "EUR"
    closes_on: date | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """What the reader's card rests on: who they are here, their mailboxes (address and state), where to change it."""

    reader: str
    role: str
    mailboxes: tuple[tuple[str, str], ...] = ()
    mailboxes_url: str = ""
    templates_url: str = ""
    crm_url: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A template; `missing` are the fields that this draft's recipient leaves open."""

    id: str
    name: str
    subject: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail that is being written: whom the team knows of its recipients, what can be put into it.

    `person` (called `person_name`) and `deal` (ids, or "") fill in the templates' fields; `deals` are those with a
    reference to put into the subject; `templates_url` is where templates are written.
    """

    recipients: tuple[str, ...] = ()
    person: str = ""
    person_name: str = ""
    deal: str = ""
    templates: tuple[Template, ...] = ()
    deals: tuple[Deal, ...] = ()
    templates_url: str = ""
