"""A deal on its own: stage, amount, close date, next step, and why this mail hangs on it."""

from __future__ import annotations

from collections.abc import Iterator

from backend.card.cards.parts import (
    act,
    buttons,
    deal_figures,
    deal_name,
    first_shown,
    link,
    notice_section,
    section,
    task_line,
)
from backend.card.facts import Deal, Do, Mail, Notice
from backend.card.shapes import Card, Header, MenuItem
from backend.card.widgets import Button, Choice, Icon, Line, Select, Widget
from backend.card.words import Words

MAX_STAGES = 50


def card(deal: Deal, mail: Mail | None, words: Words, notice: Notice | None = None) -> Card:
    """The card that `open-deal` pushes."""
    _ = words.gettext
    note = Button(_("Note"), act(Do.NEW_NOTE, mail, record=deal.id))
    task = Button(_("Task"), act(Do.NEW_TASK, mail, record=deal.id))
    sections = (
        *notice_section(notice, mail, words),
        *section(_facts(deal, mail, words)),
        *section([task_line(deal.next_task, mail, words, top=_("Next")) if deal.next_task else None]),
        *section([buttons(note, task)]),
    )
    opens = link(deal.url)
    edit = MenuItem(_("Edit deal"), act(Do.EDIT_DEAL, mail, deal=deal.id))
    menu = (edit, MenuItem(_("Open in Enlace"), opens)) if opens else (edit,)
    return Card("deal", Header(deal_name(deal, words), subtitle=deal_figures(deal, words)), sections, menu=menu)


def _facts(deal: Deal, mail: Mail | None, words: Words) -> Iterator[Widget | None]:
    _ = words.gettext
    if deal.company and (company := first_shown(deal.company.name)):
        yield Line(company, icon=Icon.COMPANY, on_click=link(deal.company.url))
    if owner := first_shown(deal.owner):
        yield Line(owner, icon=Icon.PERSON, top=_("Owner"))
    yield stage_select(deal, mail, words)
    if deal.receipt and first_shown(deal.receipt.why):
        receipt = act(Do.WHY, mail, link=deal.receipt.link)
        yield Line(deal.receipt.why, icon=Icon.BOOKMARK, top=_("Why this deal?"), button=Button(_("Receipt"), receipt))


def stage_select(deal: Deal, mail: Mail | None, words: Words) -> Select | None:
    """The stage as a dropdown that moves the deal at once; nothing where there is no stage to choose."""
    choices = tuple(
        Choice(first_shown(stage.name) or stage.id, stage.id, selected=stage.id == deal.stage_id)
        for stage in deal.stages[:MAX_STAGES]
    )
    moves = act(Do.SET_STAGE, mail, deal=deal.id)
    return Select("stage", words.gettext("Stage"), choices, on_change=moves) if choices else None
