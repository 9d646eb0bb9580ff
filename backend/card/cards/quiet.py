"""Beside a mail that hangs on nothing: why that is so, and the way to link it all the same."""

from __future__ import annotations

from backend.card.cards.parts import (
    act,
    button,
    buttons,
    first_shown,
    keep_items,
    kept_section,
    link,
    notice_section,
    section,
    shown_name,
)
from backend.card.facts import Do, Internal, Mail, Unlinked
from backend.card.shapes import Card, Header, Section
from backend.card.widgets import Button, Paragraph
from backend.card.words import Words


def internal_card(internal: Internal, words: Words) -> Card:
    """A mail among colleagues, or one's own."""
    _ = words.gettext
    title = _("Your own mail") if internal.is_own else _("Internal mail")
    text = (
        _("You are the only one in this mail.")
        if internal.is_own
        else _("Only colleagues are in this mail. Internal mail stays out of the timeline unless you link it.")
    )
    sections = (
        *notice_section(internal.notice, internal.mail, words),
        *kept_section(internal.mail, words),
        Section((Paragraph(text),)),
        *_link_anyway(internal.mail, words),
    )
    return Card("internal", Header(title), sections, menu=keep_items(internal.mail, words))


def unlinked_card(unlinked: Unlinked, words: Words) -> Card:
    """A mail that was left out for a reason."""
    _ = words.gettext
    sender = shown_name(unlinked.person, words) if unlinked.person else ""
    reason = first_shown(unlinked.reason) and unlinked.reason
    settings = button(_("See the rule"), link(unlinked.url))
    sections = (
        *notice_section(unlinked.notice, unlinked.mail, words),
        *kept_section(unlinked.mail, words),
        *section([Paragraph(reason or _("Nothing in the CRM matches this mail.")), buttons(settings)]),
        *_link_anyway(unlinked.mail, words),
    )
    header = Header(_("Not linked"), subtitle=sender)
    return Card("unlinked", header, sections, menu=keep_items(unlinked.mail, words))


def _link_anyway(mail: Mail, words: Words) -> tuple[Section, ...]:
    return section([buttons(Button(words.gettext("Link to a record"), act(Do.LINK_EXISTING, mail)))])
