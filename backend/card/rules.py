"""Which card belongs beside a mail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from backend.linking.shapes import Reason

# A mail left out for one of these reasons says so, and does not ask to make its sender a contact.
SET_ASIDE = frozenset({Reason.PRIVATE, Reason.EXCLUDED, Reason.BULK, Reason.AUTOMATIC, Reason.NO_PEOPLE, Reason.VETOED})


class Kind(StrEnum):
    """What is shown first."""

    INTERNAL = "internal"
    SET_ASIDE = "set_aside"
    PERSON = "person"
    PEOPLE = "people"


def kind_of_card(
    reason: Reason, sender: str, others: Sequence[str], known: Collection[str], *, is_linked: bool
) -> Kind:
    """Choose the card from why a mail is unlinked and from the address keys outside the team.

    `sender` is "" where the team wrote; `known` are the keys of contacts. A known sender is shown at once, however many
    are in copy: they stand below. Where nobody stands out, the reader picks.
    """
    is_aside = reason in SET_ASIDE and not is_linked and not (reason is Reason.AUTOMATIC and sender in known)
    if is_aside:
        return Kind.SET_ASIDE
    if not others:
        return Kind.INTERNAL
    return Kind.PERSON if len(others) == 1 or sender in known else Kind.PEOPLE


def most_relevant_first(sender: str, others: Sequence[str], known: Collection[str]) -> list[str]:
    """Order people for a picker: who wrote, then whom the team knows, then the rest as the headers have them."""
    return sorted(others, key=lambda key: (key != sender, key not in known))
