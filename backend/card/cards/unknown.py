"""Beside the mail of a stranger: who it may be, and one tap to make them a contact or to keep them out."""

from __future__ import annotations

from backend.card.cards.parts import (
    act,
    buttons,
    first_shown,
    keep_items,
    kept_section,
    link,
    notice_section,
    section,
    shown_name,
)
from backend.card.facts import Do, Guess, Unknown
from backend.card.markup import plain
from backend.card.shapes import Card, Header, MenuItem
from backend.card.widgets import Button, Buttons, ButtonStyle, Icon, Line
from backend.card.words import Words


def card(unknown: Unknown, words: Words) -> Card:
    """Name, guessed company with its evidence, and the four ways on."""
    _ = words.gettext
    address = first_shown(unknown.person.address)
    sections = (
        *notice_section(unknown.notice, unknown.mail, words),
        *kept_section(unknown.mail, words),
        *section(
            [
                Line(address, icon=Icon.EMAIL) if address else None,
                _guess(unknown.guess, words) if unknown.guess else None,
            ]
        ),
        *section([_create(unknown, words), _link(unknown, words)]),
        *section([_ignore(unknown, words)], _("Not a customer?")),
    )
    form = act(Do.NEW_CONTACT, unknown.mail, person=unknown.person.id)
    menu = (MenuItem(_("Create contact with details"), form), *keep_items(unknown.mail, words))
    header = Header(shown_name(unknown.person, words), subtitle=_("Not in the CRM yet"))
    return Card("unknown", header, sections, menu=menu)


def _guess(guess: Guess, words: Words) -> Line | None:
    name = first_shown(guess.company.name)
    if not name:
        return None
    top = words.gettext("Probably from")
    return Line(name, icon=Icon.COMPANY, top=top, bottom=guess.evidence, on_click=link(guess.company.url))


def _create(unknown: Unknown, words: Words) -> Buttons | None:
    _ = words.gettext
    mail, person = unknown.mail, unknown.person.id
    contact = Button(_("Create contact"), act(Do.CREATE_CONTACT, mail, person=person), ButtonStyle.FILLED)
    deal = Button(_("Create contact + deal"), act(Do.CREATE_CONTACT_AND_DEAL, mail, person=person))
    return buttons(contact, deal)


def _link(unknown: Unknown, words: Words) -> Buttons | None:
    find = act(Do.LINK_EXISTING, unknown.mail, person=unknown.person.id)
    return buttons(Button(words.gettext("Link to existing"), find))


def _ignore(unknown: Unknown, words: Words) -> Buttons | None:
    _ = words.gettext
    mail, person = unknown.mail, unknown.person.id
    address = Button(_("Ignore this address"), act(Do.IGNORE_ADDRESS, mail, person=person))
    name = plain(unknown.domain, 28)
    domain = Button(_("Ignore %(domain)s", domain=name), act(Do.IGNORE_DOMAIN, mail, person=person)) if name else None
    return buttons(address, domain)
