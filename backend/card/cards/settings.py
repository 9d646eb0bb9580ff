"""What the reader's card rests on: who they are in the CRM, which mailboxes are read, and where that is changed."""

from __future__ import annotations

from backend.card.cards.parts import button, buttons, first_shown, link, section
from backend.card.form_facts import Settings
from backend.card.shapes import Card, Header
from backend.card.widgets import Icon, Line, Paragraph, Widget
from backend.card.words import Words

MAX_MAILBOXES = 10


def card(settings: Settings, words: Words) -> Card:
    """The card that `settings` pushes."""
    _ = words.gettext
    boxes: list[Widget | None] = [
        Line(address, icon=Icon.EMAIL, bottom=state) for address, state in settings.mailboxes[:MAX_MAILBOXES]
    ]
    none = Paragraph(_("No mailbox of yours is connected yet, so that nothing is read."))
    sections = (
        *section([Line(first_shown(settings.reader) or _("Unknown user"), icon=Icon.PERSON, bottom=settings.role)]),
        *section(boxes or [none], _("My mailboxes")),
        *section(
            [
                buttons(
                    button(_("My mailboxes"), link(settings.mailboxes_url), filled=not boxes),
                    button(_("Templates"), link(settings.templates_url)),
                    button(_("Open Enlace"), link(settings.crm_url)),
                )
            ]
        ),
    )
    return Card("settings", Header(_("Settings")), sections)
