"""What went wrong on our side of the wire, and the way out. Where we cannot be asked, `addon/Trouble.gs` speaks."""

from __future__ import annotations

from enum import StrEnum

from backend.card.cards.parts import act, button, buttons, link, section
from backend.card.facts import Do, Mail
from backend.card.shapes import Card, Header
from backend.card.widgets import Paragraph
from backend.card.words import Words


class Trouble(StrEnum):
    """The ways in which a card cannot be made."""

    NOT_CONNECTED = "not_connected"  # nobody here by that address, or no mailbox connected yet
    NO_PERMISSION = "no_permission"  # a user, but not allowed to see this
    GONE = "gone"  # not there any more, or not theirs
    GOOGLE_OFFLINE = "google_offline"  # Gmail does not answer us
    TIMED_OUT = "timed_out"  # our own time is up
    FAILED = "failed"  # anything else; `reference` finds it in the log


def card(trouble: Trouble, words: Words, *, mail: Mail | None = None, url: str = "", reference: str = "") -> Card:
    """Say what happened, what was kept and what to do. `url` is where it is mended; `reference` is for the admin."""
    title, text, mend = _sentences(words)[trouble]
    number = Paragraph(words.gettext("Reference: %(reference)s", reference=reference)) if reference else None
    again = button(words.gettext("Try again"), act(Do.REFRESH, mail), filled=not (mend and url))
    way_out = button(mend, link(url), filled=True) if mend else None
    return Card("trouble", Header(title), section([Paragraph(text), number, buttons(way_out, again)]))


def _sentences(words: Words) -> dict[Trouble, tuple[str, str, str]]:
    """Title, text, and the label of the button that leads to the remedy."""
    _ = words.gettext
    return {
        Trouble.NOT_CONNECTED: (
            _("Not connected"),
            _("This mailbox is not connected to Enlace yet. Nothing was read. Connect it once; it takes a minute."),
            _("Connect my mailbox"),
        ),
        Trouble.NO_PERMISSION: (
            _("No permission"),
            _("You may not see this. Nothing was changed. Ask your admin for the right role."),
            _("Open Enlace"),
        ),
        Trouble.GONE: (
            _("Not there any more"),
            _("This was deleted, moved or changed meanwhile. Nothing was changed now. Open the mail again."),
            _("Open Enlace"),
        ),
        Trouble.GOOGLE_OFFLINE: (
            _("Gmail does not answer"),
            _("Gmail did not answer Enlace just now. What is stored is safe. Try again in a minute."),
            "",
        ),
        Trouble.TIMED_OUT: (
            _("This took too long"),
            _("Enlace is busy and gave up before Gmail would. Nothing was changed. Try again in a moment."),
            "",
        ),
        Trouble.FAILED: (
            _("Something went wrong"),
            _("Enlace could not do this. Nothing was changed. If it stays, give your admin the reference below."),
            _("Open Enlace"),
        ),
    }
