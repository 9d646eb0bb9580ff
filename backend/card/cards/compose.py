"""Beside a mail that is being written: templates with their fields filled in, and a deal's reference for the subject.

Starting a sequence will stand here too, below the templates, when there are sequences.
"""

from __future__ import annotations

from backend.card.cards.parts import act, buttons, deal_name, first_shown, link, more_line, section
from backend.card.facts import Deal, Do
from backend.card.form_facts import Draft, Template
from backend.card.markup import dotted
from backend.card.shapes import Card, Header, Section
from backend.card.widgets import Action, Button, Icon, Line, Paragraph, TextInput, Widget
from backend.card.words import Words

MAX_TEMPLATES, TEMPLATES_SHOWN, MAX_DEALS = 20, 6, 8


def card(draft: Draft, words: Words) -> Card:
    """The card that the compose window's menu opens."""
    _ = words.gettext
    to = ", ".join(name for each in draft.recipients if (name := first_shown(each)))
    header = Header(_("Write with Enlace"), subtitle=_("to %(names)s", names=to) if to else "")
    return Card("compose", header, (*_templates(draft, words), *_deals(draft, words)))


def _templates(draft: Draft, words: Words) -> tuple[Section, ...]:
    _ = words.gettext
    title = _("Templates")
    if not draft.templates:
        none = Paragraph(_("There is no template yet. Write down what you send again and again, once."))
        write = Button(_("Write a template"), opens) if (opens := link(draft.templates_url)) else None
        return section([none, buttons(write)], title)
    lines: list[Widget | None] = [_template(each, draft, words) for each in draft.templates[:MAX_TEMPLATES]]
    more = more_line(len(draft.templates) - MAX_TEMPLATES, draft.templates_url, words)
    return section([*lines, more], title, shown=TEMPLATES_SHOWN)


def _template(template: Template, draft: Draft, words: Words) -> Line:
    """A tap on the line puts in the text, the button the subject too."""
    _ = words.gettext
    fields = ", ".join(template.missing)
    gaps = _("fill in by hand: %(fields)s", fields=fields) if fields else ""
    text = _insert(template, draft)
    whole = Button(_("With subject"), _insert(template, draft, "whole")) if template.subject else None
    return Line(
        first_shown(template.name) or _("Template without a name"),
        icon=Icon.NOTE,
        bottom=dotted(template.subject, gaps),
        button=whole or Button(_("Insert"), text),
        on_click=text if whole else None,
    )


def _insert(template: Template, draft: Draft, part: str = "") -> Action:
    return act(Do.INSERT_TEMPLATE, template=template.id, person=draft.person, deal=draft.deal, part=part)


def _deals(draft: Draft, words: Words) -> tuple[Section, ...]:
    _ = words.gettext
    deals = [deal for deal in draft.deals if first_shown(deal.reference)][:MAX_DEALS]
    if not deals:
        return ()
    subject = TextInput("subject", _("Subject"), hint=_("Takes the place of your draft's subject"))
    return section([*(_deal(deal, words) for deal in deals), subject], _("Tie this mail to a deal"))


def _deal(deal: Deal, words: Words) -> Line:
    use = Button(words.gettext("Use %(reference)s", reference=deal.reference), act(Do.INSERT_REFERENCE, deal=deal.id))
    stage = next((s.name for s in deal.stages if s.id == deal.stage_id), "")
    return Line(deal_name(deal, words), icon=Icon.DEAL, bottom=stage, button=use)
