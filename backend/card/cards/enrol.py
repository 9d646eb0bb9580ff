"""Choose the sequence that a person is enrolled in."""

from __future__ import annotations

from backend.card.cards.parts import act, first_shown, section
from backend.card.facts import Do, Mail, Startable
from backend.card.shapes import Card, Header
from backend.card.widgets import Button, Icon, Line, Paragraph, Widget
from backend.card.words import Words

MAX_SEQUENCES = 20


def card(record: str, name: str, startable: tuple[Startable, ...], mail: Mail | None, words: Words) -> Card:
    """The choice that `enrol` pushes for the record with this id and name."""
    _ = words.gettext
    lines: list[Widget | None] = [_line(record, choice, mail, words) for choice in startable[:MAX_SEQUENCES]]
    none = Paragraph(_("There is no sequence yet. Write the first one in Enlace."))
    return Card("enrol", Header(_("Enrol"), subtitle=name), section(lines or [none]))


def _line(record: str, choice: Startable, mail: Mail | None, words: Words) -> Line:
    refused = first_shown(choice.refusal)
    start = act(Do.START_SEQUENCE, mail, record=record, sequence=choice.id)
    return Line(
        first_shown(choice.name) or words.gettext("Sequence without a name"),
        icon=Icon.SEQUENCE,
        bottom=refused or choice.detail,
        button=None if refused else Button(words.gettext("Start"), start),
    )
