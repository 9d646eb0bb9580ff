"""One file a card: facts and a reader's words in, a `Card` out. Pure.

`context_card` chooses the card of a mail by what is known of it. Actions push `receipt`, `deal`, `search`, `enrol` and
`forms`; `home` stands where no mail is open, `trouble` where something failed.
"""

from __future__ import annotations

from backend.card.cards import contact, locked, quiet, several, unknown
from backend.card.facts import Internal, Known, Locked, Several, Subject, Unknown, Unlinked
from backend.card.shapes import Card
from backend.card.words import Words


def context_card(subject: Subject, words: Words) -> Card:
    """Return the card that belongs beside a mail."""
    match subject:
        case Known():
            return contact.card(subject, words)
        case Unknown():
            return unknown.card(subject, words)
        case Several():
            return several.card(subject, words)
        case Locked():
            return locked.card(subject, words)
        case Internal():
            return quiet.internal_card(subject, words)
        case Unlinked():
            return quiet.unlinked_card(subject, words)
