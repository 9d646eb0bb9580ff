"""On top of any card: that mail of the reader's own mailbox is missing, and the way out."""

from __future__ import annotations

from dataclasses import replace

from backend.card.cards.parts import link
from backend.card.facts import Alarm
from backend.card.limits import MAX_WIDGETS
from backend.card.shapes import Card, Section
from backend.card.widgets import Icon, Line
from backend.card.words import Words


def with_alarm(card: Card, alarm: Alarm | None, words: Words) -> Card:
    """Return the card with the alarm as its first section; as it is where there is none, or no room for it."""
    if alarm is None or sum(1 for _ in card.widgets()) >= MAX_WIDGETS:
        return card
    top = words.gettext("Your mailbox %(address)s", address=alarm.address)
    line = Line(alarm.sentence, icon=Icon.EMAIL, top=top, bottom=alarm.remedy, on_click=link(alarm.url))
    return replace(card, sections=(Section((line,)), *card.sections))
