"""Beside a mail that is being written: templates with their fields filled in, a deal's reference, a sequence."""

from __future__ import annotations

from backend.card.cards.parts import act, buttons, deal_name, first_shown, link, more_line, section
from backend.card.facts import Deal, Do, Notice
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
    return Card("compose", header, (*_templates(draft, words), *_deals(draft, words), *_sequence(draft, words)))


def done_card(notice: Notice, words: Words) -> Card:
    """What was just done beside a draft, with its undo."""
    undo = act(Do.UNDO, change=notice.change, draft="yes") if notice.change else None
    line = Line(notice.text, icon=Icon.STAR, button=Button(words.gettext("Undo"), undo) if undo else None)
    return Card("done", Header(words.gettext("Write with Enlace")), section([line]))


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


def _sequence(draft: Draft, words: Words) -> tuple[Section, ...]:
    """Instead of one mail a sequence of them, for the first recipient whom the team knows."""
    if not draft.person:
        return ()
    _ = words.gettext
    start = Button(_("Start a sequence"), act(Do.ENROL, record=draft.person, deal=draft.deal, draft="yes"))
    about = _("For %(name)s, who is a contact.", name=first_shown(draft.person_name)) if draft.person_name else ""
    return section([Paragraph(about) if about else None, buttons(start)], _("More than one mail?"))


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
