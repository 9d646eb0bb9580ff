"""What linking decides from and what it decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from backend.accounts.shapes import ContactPolicy
from backend.mail.shapes import StoredMessage
from backend.records.shapes import ContactRef, DealRef, RecordKind

Evidence = Mapping[str, Any]


class Rule(StrEnum):
    """Which rule made a link; its wording for people stands in `words`."""

    ADDRESS = "address"
    COMPANY = "company"
    DOMAIN = "domain"
    CONVERSATION = "conversation"
    DEAL_REFERENCE = "deal_reference"
    DEAL_ONLY = "deal_only"
    DEAL_EVIDENCE = "deal_evidence"
    ANSWER = "answer"
    HAND = "hand"


DEAL_RULES = frozenset({Rule.DEAL_REFERENCE, Rule.DEAL_ONLY, Rule.DEAL_EVIDENCE, Rule.ANSWER})


class Outcome(StrEnum):
    """What became of a mail: linked, not linked though it might have been, or left out by policy."""

    LINKED = "linked"
    UNLINKED = "unlinked"
    LEFT_OUT = "left_out"


class Reason(StrEnum):
    """Why a mail is linked to nothing."""

    NONE = ""
    PRIVATE = "private"
    EXCLUDED = "excluded"
    INTERNAL = "internal"
    NO_PEOPLE = "no_people"
    BULK = "bulk"
    AUTOMATIC = "automatic"
    NOBODY_KNOWN = "nobody_known"
    VETOED = "vetoed"


class Scope(StrEnum):
    """How far an undo reaches."""

    MAIL = "mail"
    THREAD = "thread"
    ADDRESS = "address"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a team decided about linking. `own_domains` are the team's, each with a dot before it."""

    contact_policy: ContactPolicy
    own_domains: tuple[str, ...]
    own_keys: frozenset[str]
    deal_reference_prefix: str
    excluded_keys: Mapping[str, int] = field(default_factory=dict)
    excluded_domains: Mapping[str, int] = field(default_factory=dict)

    def is_ours(self, address_key: str) -> bool:
        """Whether an address is the team's: a mailbox, an alias, a user, or anybody at a domain of the team's."""
        return f".{address_key.rpartition('@')[2]}".endswith(self.own_domains) or address_key in self.own_keys


@dataclass(frozen=True, slots=True)
class KnownLink:
    """A link that a conversation has already; `is_hand` says that a person made it."""

    record_id: int
    kind: str
    is_hand: bool


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the team knows that may concern a batch of mails; every mapping is complete for the mails taken in so far.

    `links` are the conversations' present links, `vetoes` the (record, scope, value) triples that forbid one, `answers`
    the deals that people chose for a conversation (None: none of them).
    """

    contacts: dict[str, ContactRef] = field(default_factory=dict)
    company_by_domain: dict[str, int] = field(default_factory=dict)
    deals_by_contact: dict[int, tuple[DealRef, ...]] = field(default_factory=dict)
    deals_by_company: dict[int, tuple[DealRef, ...]] = field(default_factory=dict)
    deals_by_reference: dict[str, DealRef] = field(default_factory=dict)
    links: dict[int, list[KnownLink]] = field(default_factory=dict)
    answers: dict[int, int | None] = field(default_factory=dict)
    vetoes: set[tuple[int, str, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A link that a rule wants, with what it saw."""

    record_id: int
    kind: str
    rule: Rule
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Rejection:
    """A candidate that lost, and why."""

    record_id: int
    rule: Rule
    why: str
    evidence: Evidence = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A deal in a question: its score (0 to 100) and what speaks for it, in points."""

    deal_id: int
    score: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one mail. `question` holds the deals that claim its conversation alike, best first."""

    message: StoredMessage
    outcome: Outcome
    reason: Reason = Reason.NONE
    links: tuple[Proposal, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    question: tuple[Candidate, ...] = ()

    @property
    def is_about_deals(self) -> bool:
        """Whether a deal was found or weighed."""
        return (
            bool(self.question)
            or any(p.kind == RecordKind.DEAL for p in self.links)
            or any(r.rule in DEAL_RULES for r in self.rejected)
        )


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody whom correspondence makes a contact. `because` is the evidence: written_to, answered, or all."""

    address_key: str
    email: str
    name: str
    because: str
    message_id: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a relinking would change: (mail, record) pairs that come and go, and how many mails it looked at."""

    looked_at: int
    added: tuple[tuple[int, int], ...]
    removed: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class MergeView:
    """What a merge moves to the record that is kept: how many of each; `merge_id` is None for a preview.

    `mails` are those linked to the lost record, `fields` the names of fields that it fills.
    """

    merge_id: int | None
    kept_id: int
    kept_name: str
    lost_id: int
    lost_name: str
    mails: int
    addresses: int
    domains: int
    people: int
    deals: int
    activities: int
    fields: tuple[str, ...]
