"""Beside a mail with several outside people: pick one; below them the deals that the mail hangs on."""

from __future__ import annotations

from backend.card.cards.parts import (
    deal_line,
    keep_items,
    kept_section,
    more_line,
    notice_section,
    person_line,
    section,
)
from backend.card.facts import Several
from backend.card.shapes import Card, Header
from backend.card.words import Words

MAX_PEOPLE, MAX_DEALS, PEOPLE_SHOWN = 25, 5, 6


def card(several: Several, words: Words) -> Card:
    """A picker: one line a person, known people as they are ordered by the service."""
    count = len(several.people)
    people = [person_line(person, several.mail, words) for person in several.people[:MAX_PEOPLE]]
    deals = [deal_line(deal, several.mail, words) for deal in several.deals[:MAX_DEALS]]
    sections = (
        *notice_section(several.notice, several.mail, words),
        *kept_section(several.mail, words),
        *section([*people, more_line(count - MAX_PEOPLE, "", words)], shown=PEOPLE_SHOWN),
        *section([*deals, more_line(len(several.deals) - MAX_DEALS, "", words)], words.gettext("Linked deals")),
    )
    title = words.ngettext("%(num)s person in this mail", "%(num)s people in this mail", count)
    header = Header(title, subtitle=words.gettext("Whose card do you want to see?"))
    return Card("several", header, sections, menu=keep_items(several.mail, words))
