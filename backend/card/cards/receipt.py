"""Why a mail hangs on a record: the rule, its evidence, what was rejected; and the undo, as far as the reader wants."""

from __future__ import annotations

from backend.card.cards.parts import act, buttons, first_shown, section
from backend.card.facts import Do, Mail, Receipt, Scope
from backend.card.markup import Html, html
from backend.card.shapes import Card, Header, Section
from backend.card.widgets import Button, Buttons, Icon, Line, Paragraph
from backend.card.words import Words

MAX_LINES = 12


def card(receipt: Receipt, mail: Mail, words: Words) -> Card:
    """The card that `why` pushes."""
    _ = words.gettext
    sections = (
        Section((Line(receipt.why if first_shown(receipt.why) else _("Linked by hand"), icon=Icon.BOOKMARK),)),
        *section([_list(receipt.evidence)], _("Evidence")),
        *section([_list(receipt.rejected)], _("Looked at and rejected")),
        *section([_undo_buttons(receipt, mail, words)], _("Not right? Unlink")),
    )
    return Card("receipt", Header(_title(receipt, words), subtitle=_linked(receipt, words)), sections)


def _title(receipt: Receipt, words: Words) -> str:
    record = first_shown(receipt.record)
    if not record:
        return words.gettext("Why is this linked?")
    return words.gettext("Why %(record)s?", record=record)


def _linked(receipt: Receipt, words: Words) -> str:
    _ = words.gettext
    when = words.ago(receipt.linked_at) if receipt.linked_at else ""
    who = first_shown(receipt.linked_by)
    if who:
        return _("Linked by %(who)s %(when)s", who=who, when=when)
    return _("Linked automatically %(when)s", when=when)


def _list(lines: tuple[str, ...]) -> Paragraph | None:
    shown = [html(line, 200) for line in lines[:MAX_LINES] if first_shown(line)]
    return Paragraph(Html("<br>".join(f"• {line}" for line in shown))) if shown else None


def _undo_buttons(receipt: Receipt, mail: Mail, words: Words) -> Buttons | None:
    _ = words.gettext
    labels = {
        Scope.MAIL: _("This mail"),
        Scope.THREAD: _("This conversation"),
        Scope.ADDRESS: _("This address"),
        Scope.DOMAIN: _("The whole domain"),
    }
    return buttons(
        *(
            Button(text, act(Do.UNLINK, mail, link=receipt.link, scope=scope))
            for scope, text in labels.items()
            if scope in receipt.scopes
        )
    )
