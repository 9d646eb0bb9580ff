"""Beside a mail that a colleague keeps to themselves: whose it is, and the way to ask for it."""

from __future__ import annotations

from backend.card.cards.parts import act, buttons, first_shown, notice_section, section
from backend.card.facts import Do, Locked
from backend.card.shapes import Card, Header
from backend.card.widgets import Button, ButtonStyle, Icon, Line, Paragraph
from backend.card.words import Words


def card(locked: Locked, words: Words) -> Card:
    """Nothing of the mail itself stands here."""
    _ = words.gettext
    owners = ", ".join(shown for name in locked.owners if (shown := first_shown(name))) or _("A colleague")
    sections = (
        *notice_section(locked.notice, locked.mail, words),
        *section([Paragraph(_sentence(locked, owners, words)), _asked(locked, words), buttons(_ask(locked, words))]),
    )
    return Card("locked", Header(_("Private conversation"), subtitle=owners), sections)


def _sentence(locked: Locked, owners: str, words: Words) -> str:
    if locked.is_kept:
        return words.gettext("%(names)s keeps this conversation private. It is not shown to you.", names=owners)
    return words.gettext("%(names)s shares who wrote and when, and not what it is about.", names=owners)


def _asked(locked: Locked, words: Words) -> Line | None:
    if locked.asked_at is None:
        return None
    when = words.ago(locked.asked_at)
    text = words.gettext("You asked %(when)s", when=when)
    told = words.gettext("The answer was no.") if locked.is_refused else words.gettext("There is no answer yet.")
    return Line(text, icon=Icon.CLOCK, bottom=told)


def _ask(locked: Locked, words: Words) -> Button | None:
    if locked.asked_at is not None and not locked.is_refused:
        return Button(words.gettext("Look again"), act(Do.REFRESH, locked.mail))
    label = words.gettext("Ask again") if locked.is_refused else words.gettext("Request access")
    return Button(label, act(Do.ASK_TO_READ, locked.mail), ButtonStyle.FILLED)
