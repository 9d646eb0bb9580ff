"""Where a person stands in a sequence: a line on their card, and a card of its own with the ledger and every lever."""

from __future__ import annotations

from backend.card.cards.parts import act, buttons, first_shown, link, section
from backend.card.facts import Do, Mail
from backend.card.markup import dotted
from backend.card.sequence_facts import Enrolment, LedgerLine, Standing
from backend.card.shapes import Card, Header, MenuItem
from backend.card.widgets import Button, Icon, Line, Widget
from backend.card.words import Words
from backend.sequences.shapes import EnrolmentState
from backend.sequences.wording.words import state_word


def sequence_line(enrolment: Enrolment, mail: Mail | None, words: Words) -> Line:
    """A sequence in one line: a tap opens its card, the button pauses it or lets it go on."""
    _ = words.gettext
    opens = act(Do.OPEN_SEQUENCE, mail, enrolment=enrolment.id) if enrolment.may_steer else link(enrolment.url)
    return Line(
        dotted(first_shown(enrolment.sequence), _place(enrolment, words)),
        icon=Icon.SEQUENCE,
        top=dotted(_("Sequence"), first_shown(enrolment.rep)),
        bottom=dotted(_state(enrolment, words), _coming(enrolment, words)),
        button=_main_lever(enrolment, mail, words),
        on_click=opens,
    )


def card(standing: Standing, mail: Mail | None, words: Words) -> Card:
    """The card that `open-sequence` pushes."""
    _, enrolment = words.gettext, standing.enrolment
    levers = buttons(
        _main_lever(enrolment, mail, words), _mail_lever(enrolment, mail, words), _stop_lever(enrolment, mail, words)
    )
    state: list[Widget | None] = [
        Line(
            _state(enrolment, words), icon=Icon.SEQUENCE, top=_place(enrolment, words), bottom=_coming(enrolment, words)
        ),
        levers,
    ]
    name = first_shown(enrolment.sequence) or _("Sequence without a name")
    opens = link(enrolment.url)
    sections = (*section(state), *section([_ledger_line(line, words) for line in standing.lines], _("What happened")))
    menu = (MenuItem(_("Open in Enlace"), opens),) if opens else ()
    return Card("sequence", Header(name, subtitle=standing.person), sections, menu=menu)


def _place(enrolment: Enrolment, words: Words) -> str:
    return words.gettext("step %(step)s of %(steps)s", step=enrolment.step, steps=enrolment.steps)


def _state(enrolment: Enrolment, words: Words) -> str:
    state, reason = state_word(enrolment.state, words.gettext), first_shown(enrolment.reason)
    return f"{state}: {reason}" if reason else state


def _coming(enrolment: Enrolment, words: Words) -> str:
    if not enrolment.is_running:
        return ""
    if enrolment.is_skipping:
        return words.gettext("the next mail is left out")
    return words.gettext("next %(day)s", day=words.day(enrolment.next_on)) if enrolment.next_on else ""


def _main_lever(enrolment: Enrolment, mail: Mail | None, words: Words) -> Button | None:
    if not enrolment.may_steer or not enrolment.is_running:
        return None
    if enrolment.state is EnrolmentState.PAUSED:
        return Button(words.gettext("Resume"), act(Do.RESUME_SEQUENCE, mail, enrolment=enrolment.id))
    return Button(words.gettext("Pause"), act(Do.PAUSE_SEQUENCE, mail, enrolment=enrolment.id))


def _mail_lever(enrolment: Enrolment, mail: Mail | None, words: Words) -> Button | None:
    if not enrolment.may_steer or not enrolment.is_running:
        return None
    if enrolment.is_skipping:
        return Button(words.gettext("Send it after all"), act(Do.SEND_AFTER_ALL, mail, enrolment=enrolment.id))
    return Button(words.gettext("Skip the next mail"), act(Do.SKIP_MAIL, mail, enrolment=enrolment.id))


def _stop_lever(enrolment: Enrolment, mail: Mail | None, words: Words) -> Button | None:
    if not enrolment.may_steer or not enrolment.is_running:
        return None
    return Button(words.gettext("Stop"), act(Do.STOP_SEQUENCE, mail, enrolment=enrolment.id))


def _ledger_line(line: LedgerLine, words: Words) -> Line:
    return Line(first_shown(line.what) or "–", top=words.ago(line.at), bottom=first_shown(line.reason))  # noqa: RUF001 - a dash
