"""What a decision rests on, in the reader's language.

Evidence is kept as codes and facts, as in “mail 17”, “company.name” or “2026-11-22T05:30Z”, so that every reader gets
it in their own words. Like `words`, this takes the reader's `gettext` and knows nothing of the web.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from backend.outbox.words import ground_words
from backend.sequences.texts.rules import FIELDS
from backend.sequences.wording.step_words import field_word
from backend.sequences.wording.words import GetText

_OUR_ROWS = re.compile(r"(?:by |to |into |from )?(?:mail|order|user|record|task|activity|mailbox|version|stage) \d.*")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ")
_ATTEMPTS = re.compile(r"attempt (\d+)|(\d+) attempts")
_SAID_BY_THE_REASON = {
    "the enrolment ended", "see the enrolment's ledger", "the contact was deleted or erased",
    "the address is this contact's no more", "the deal is won, lost or gone", "away", "halted", "by_hand",
}  # fmt: skip

SayMoment = Callable[[datetime], str]


def evidence_words(evidence: str, _: GetText, say_moment: SayMoment) -> str:
    """Evidence as people read it; "" where it only names our own rows, and what people or servers wrote as it is."""
    if _OUR_ROWS.fullmatch(evidence) or evidence in _SAID_BY_THE_REASON:
        return ""
    if _MOMENT.fullmatch(evidence):
        return say_moment(datetime.strptime(evidence, "%Y-%m-%dT%H:%M%z").astimezone(UTC))
    if tried := _ATTEMPTS.fullmatch(evidence):
        return _("attempt %(number)s", number=tried[1] or tried[2])
    if names := [name for name in evidence.split(", ") if name in FIELDS]:
        return ", ".join(field_word(name, _) for name in names)
    return ground_words(evidence, _)
