"""What can be left out, how far mail can be seen, and what a mailbox takes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from backend.accounts.shapes import Sharing


class ExclusionKind(StrEnum):
    """An address as compared, or a registrable domain."""

    ADDRESS = "address"
    DOMAIN = "domain"


class Sight(StrEnum):
    """How much of a mail somebody may see, most first.

    METADATA is who wrote to whom and when; LOCKED only that a colleague has a conversation of their own.
    """

    EVERYTHING = "everything"
    SUBJECT = "subject"
    METADATA = "metadata"
    LOCKED = "locked"
    NOTHING = "nothing"

    def reaches(self, least: Sight) -> bool:
        """Whether this is at least as much as `least`."""
        order = list(Sight)
        return order.index(self) <= order.index(least)


@dataclass(frozen=True, slots=True)
class Holding:
    """One mailbox's copy of a mail, as somebody stands to it.

    `has_label` says that it bears the private label, `is_locked` that its owner keeps the conversation to themselves,
    `is_granted` that the owner let this very person read the conversation.
    """

    is_own: bool
    sharing: Sharing
    has_label: bool
    is_locked: bool
    is_granted: bool


class RequestState(StrEnum):
    """What became of the question whether somebody may read a conversation."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


class PolicyKind(StrEnum):
    """Whose import policy: the team's default, the most that anybody may take in, or one mailbox's own."""

    DEFAULT = "default"
    BOUNDS = "bounds"
    MAILBOX = "mailbox"


@dataclass(frozen=True, slots=True)
class ImportPolicy:
    """What mail is taken in, as somebody chose it.

    `months` counts back from the day on which a mailbox was connected, `since` is a fixed moment; both may hold, None:
    everything. `labels_in` and `labels_out` are names of Gmail labels; with `labels_in` only mail that bears one of
    them comes in. `is_known_only`: only mail with contacts. `keeps_internal`: also mail among colleagues.
    """

    months: int | None = None
    since: datetime | None = None
    labels_in: tuple[str, ...] = ()
    labels_out: tuple[str, ...] = ()
    is_known_only: bool = False
    keeps_internal: bool = True


class Refusal(StrEnum):
    """Why policy keeps a mail out; the values are those of `sync.shapes.SkipReason`."""

    WINDOW = "outside_window"
    LABEL = "label_rule"
    UNKNOWN = "unknown_people"
    INTERNAL = "internal"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal with what it rests on: a day, a label, an address or domain; never a mail's content."""

    why: Refusal
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ImportRules:
    """What one mailbox takes in, everything considered: policies narrowed down, the team's exclusions and its own.

    Labels are in small letters. `excluded` holds addresses as compared and registrable domains.
    """

    since: datetime | None = None
    labels_in: frozenset[str] = frozenset()
    labels_out: frozenset[str] = frozenset()
    is_known_only: bool = False
    keeps_internal: bool = True
    excluded: Mapping[ExclusionKind, frozenset[str]] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether everything is taken in."""
        return self == ImportRules(excluded=self.excluded) and not any(self.excluded.values())


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What policy needs to know of a mail. `label_names` are in small letters, `others` the outsiders' address keys.

    `knows` says whether any of the others is a contact; None: not asked.
    """

    sent_at: datetime
    label_names: frozenset[str]
    sender_key: str
    others: tuple[str, ...]
    has_people: bool = True
    knows: bool | None = None
