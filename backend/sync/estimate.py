"""How many mails an import brings, and how long it takes under Gmail's quota: said before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from backend.gmail.gateway import UNITS, Gmail
from backend.privacy.rules.admission import list_query
from backend.privacy.shapes import ImportRules


@dataclass(frozen=True, slots=True)
class Estimate:
    """`mails` as Gmail guesses (`is_exact`: as it counts), and the least `minutes` that getting them takes."""

    mails: int
    minutes: int
    is_exact: bool


def estimate_import(gmail: Gmail, rules: ImportRules, units_per_minute: int) -> Estimate:
    """Ask Gmail how much the rules let in. Raises `GmailError`.

    Of a whole mailbox Gmail knows the number; of a search it guesses one, often too high for large results.
    """
    query = list_query(rules)
    mails = gmail.profile().messages_total if query is None else gmail.list_messages(query=query).estimate
    return Estimate(mails, minutes_for(mails, units_per_minute), query is None)


def minutes_for(mails: int, units_per_minute: int) -> int:
    """How many minutes it takes to get so many mails, rounded up."""
    return ceil(mails * UNITS["get"] / units_per_minute)
