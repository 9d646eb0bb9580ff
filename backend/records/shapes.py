"""Records as they cross the room's door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class RecordKind(StrEnum):
    """What a record is."""

    CONTACT = "contact"
    COMPANY = "company"
    DEAL = "deal"


class Origin(StrEnum):
    """How a record came to be."""

    MANUAL = "manual"
    MAIL = "mail"
    IMPORT = "import"
    API = "api"
    CARD = "card"


class Outcome(StrEnum):
    """Where a stage leaves a deal."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to be made. `addresses` are (key, as written), the first one primary; `company_id` may be None."""

    name: str
    addresses: tuple[tuple[str, str], ...] = ()
    first_name: str = ""
    last_name: str = ""
    title: str = ""
    phone: str = ""
    country: str = ""
    company_id: int | None = None
    owner_id: int | None = None
    origin: Origin = Origin.MANUAL


@dataclass(frozen=True, slots=True)
class NewCompany:
    """A company to be made; `domains` are registrable and never free mail."""

    name: str
    domains: tuple[str, ...] = ()
    industry: str = ""
    city: str = ""
    country: str = ""
    employees: int | None = None
    owner_id: int | None = None
    origin: Origin = Origin.MANUAL


@dataclass(frozen=True, slots=True)
class NewDeal:
    """A deal to be made. `stage_id` None means the pipeline's first stage, `reference` None the next free number."""

    name: str
    pipeline_id: int
    stage_id: int | None = None
    company_id: int | None = None
    contact_ids: tuple[int, ...] = ()
    amount_minor: int | None = None
    currency: str = "EUR"
    expected_close: date | None = None
    source: str = ""
    products: tuple[str, ...] = ()
    reference: str | None = None
    owner_id: int | None = None
    origin: Origin = Origin.MANUAL
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContactRef:
    """A contact as linking knows it."""

    id: int
    name: str
    company_id: int | None


@dataclass(frozen=True, slots=True)
class CompanyRef:
    """A company as linking knows it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class StageEntry:
    """A deal came to a stage: when, and whether it is open there."""

    at: datetime
    is_open: bool


@dataclass(frozen=True, slots=True)
class DealRef:
    """A deal as linking knows it: who takes part, where it stands, how it came there (`course`, oldest first)."""

    id: int
    name: str
    reference: str
    is_open: bool
    company_id: int | None
    contact_ids: frozenset[int]
    stage: str
    created_at: datetime
    course: tuple[StageEntry, ...]


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage of a pipeline."""

    id: int
    pipeline_id: int
    name: str
    position: int
    outcome: Outcome
    probability: int


@dataclass(frozen=True, slots=True)
class RecordView:
    """What any record shows in a list, a link or a search result."""

    id: int
    kind: RecordKind
    name: str
    owner_id: int | None
    owner_name: str
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ContactView:
    """A contact's page. `emails` has the primary address first."""

    record: RecordView
    first_name: str
    last_name: str
    title: str
    phone: str
    country: str
    emails: tuple[str, ...]
    company_id: int | None
    company_name: str


@dataclass(frozen=True, slots=True)
class CompanyView:
    """A company's page."""

    record: RecordView
    industry: str
    city: str
    country: str
    employees: int | None
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DealView:
    """A deal's page. `amount_minor` is in the currency's smallest unit; None: open."""

    record: RecordView
    reference: str
    pipeline_id: int
    stage: StageView
    stage_entered_at: datetime
    company_id: int | None
    company_name: str
    amount_minor: int | None
    currency: str
    expected_close: date | None
    closed_at: datetime | None
    lost_reason: str
    source: str
    products: tuple[str, ...]
    people: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Concerned:
    """Which stored mail a change of records may concern.

    It is that of addresses and domains, that of linked records, and that whose subject names a deal's reference.
    """

    address_keys: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    record_ids: frozenset[int] = frozenset()
    references: frozenset[str] = frozenset()

    def __or__(self, other: Concerned) -> Concerned:
        """Both together, as before and after a change."""
        return Concerned(
            self.address_keys | other.address_keys,
            self.domains | other.domains,
            self.record_ids | other.record_ids,
            self.references | other.references,
        )


@dataclass(frozen=True, slots=True)
class Relinked:
    """What deciding mail afresh did or would do: mails looked at, links that came and went.

    `batch_id` undoes it; None where no mail was concerned, or for a preview.
    """

    batch_id: int | None = None
    mails: int = 0
    added: int = 0
    removed: int = 0
