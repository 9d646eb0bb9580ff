"""Choose the sequence that a person is enrolled in."""

from __future__ import annotations

from dataclasses import dataclass

from backend.card.cards.parts import act, button, buttons, first_shown, link, section
from backend.card.facts import Do, Mail
from backend.card.sequence_facts import Startable
from backend.card.shapes import Card, Header
from backend.card.widgets import Button, Icon, Line, Paragraph, Widget
from backend.card.words import Words

MAX_SEQUENCES = 20


@dataclass(frozen=True, slots=True)
class Picker:
    """What can be started for the record with this id and name. `is_allowed`: the reader may enrol people at all.

    `deal` is what it would be about ("": nothing), `is_draft` says that it is chosen beside a mail being written.
    """

    record: str
    name: str
    choices: tuple[Startable, ...] = ()
    is_allowed: bool = True
    deal: str = ""
    is_draft: bool = False
    sequences_url: str = ""


def card(picker: Picker, mail: Mail | None, words: Words) -> Card:
    """The choice that `enrol` pushes."""
    _ = words.gettext
    lines: list[Widget | None] = [_line(picker, choice, mail, words) for choice in picker.choices[:MAX_SEQUENCES]]
    write = buttons(button(_("Open sequences"), link(picker.sequences_url)))
    none: list[Widget | None] = [Paragraph(_("There is no sequence yet. Write the first one in Enlace.")), write]
    if not picker.is_allowed:
        none = [Paragraph(_("In your team, enrolling takes a higher role; ask a manager or an admin to enrol them."))]
    return Card("enrol", Header(_("Enrol"), subtitle=picker.name), section(lines or none))


def _line(picker: Picker, choice: Startable, mail: Mail | None, words: Words) -> Line:
    refused = first_shown(choice.refusal)
    draft = "yes" if picker.is_draft else ""
    start = act(Do.START_SEQUENCE, mail, record=picker.record, sequence=choice.id, deal=picker.deal, draft=draft)
    return Line(
        first_shown(choice.name) or words.gettext("Sequence without a name"),
        icon=Icon.SEQUENCE,
        bottom=refused or choice.detail,
        button=None if refused else Button(words.gettext("Start"), start),
    )
