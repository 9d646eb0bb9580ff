"""Find the record that a mail belongs to, and hang the mail on it."""

from __future__ import annotations

from backend.card.cards.parts import act, buttons, first_shown, section
from backend.card.facts import Do, Found, Mail
from backend.card.shapes import Card, Header, Section
from backend.card.widgets import Button, Icon, Line, Paragraph, TextInput, Widget
from backend.card.words import Words

MAX_FOUND = 10


def card(query: str, found: tuple[Found, ...], mail: Mail, words: Words, *, person: str = "") -> Card:
    """The search that `link-existing` pushes and `search` updates; with no query yet, `found` are likely ones."""
    _ = words.gettext
    field = TextInput("query", _("Search"), hint=_("Name, company, deal or address"), value=query)
    go = Button(_("Search"), act(Do.SEARCH, mail, person=person, required=("query",)))
    lines: list[Widget | None] = [_line(record, mail, person, words) for record in found[:MAX_FOUND]]
    sections = (
        *section([field, buttons(go)]),
        *section(lines, _("Found") if first_shown(query) else _("Likely")),
        *(() if found else _nothing(query, words)),
    )
    return Card("search", Header(_("Link to a record"), subtitle=mail.subject), sections)


def _line(record: Found, mail: Mail, person: str, words: Words) -> Line:
    return Line(
        first_shown(record.name) or words.gettext("Record without a name"),
        icon=Icon.DEAL if record.is_deal else Icon.PERSON,
        bottom=record.detail,
        button=Button(words.gettext("Link"), act(Do.LINK_TO, mail, record=record.id, person=person)),
    )


def _nothing(query: str, words: Words) -> tuple[Section, ...]:
    if not first_shown(query):
        return ()
    return section([Paragraph(words.gettext("Nothing found. Try a part of the name, or the domain."))])
