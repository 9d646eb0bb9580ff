"""Beside the mail of somebody whom the CRM knows: who they are, who owes a reply, what is at stake, what is next."""

from __future__ import annotations

from collections.abc import Iterator

from backend.card.cards.deal import stage_select
from backend.card.cards.parts import (
    act,
    buttons,
    deal_figures,
    deal_line,
    deal_name,
    first_shown,
    keep_items,
    kept_section,
    link,
    more_line,
    notice_section,
    person_line,
    section,
    shown_name,
    task_line,
)
from backend.card.cards.sequence import sequence_line
from backend.card.facts import Do, Known, LastTouch, Means, Speaker
from backend.card.markup import dotted
from backend.card.shapes import Card, Header, MenuItem, Section
from backend.card.widgets import Button, Icon, Line, Widget
from backend.card.words import Words

MAX_DEALS, MAX_CANDIDATES, MAX_OTHERS = 5, 4, 12


def card(known: Known, words: Words) -> Card:
    """The card that most mails get."""
    person = known.person
    header = Header(shown_name(person, words), subtitle=person.title)
    sections = (
        *notice_section(known.notice, known.mail, words),
        *kept_section(known.mail, words),
        *section(_who(known, words)),
        *_question(known, words),
        *_deals(known, words),
        *section(_next(known, words)),
        *section([_tools(known, words)]),
        *_others(known, words),
    )
    return Card("contact", header, sections, menu=tuple(_menu(known, words)))


def _who(known: Known, words: Words) -> Iterator[Widget]:
    person = known.person
    yield Line(_shown_address(known, words), icon=Icon.PERSON, on_click=link(person.url))
    if person.company and (name := first_shown(person.company.name)):
        yield Line(name, icon=Icon.COMPANY, on_click=link(person.company.url))
    if known.last_touch:
        yield Line(_last_touch(known.last_touch, words), icon=_TOUCH_ICONS[known.last_touch.means])


_TOUCH_ICONS = {Means.MAIL: Icon.EMAIL, Means.CALL: Icon.PHONE, Means.MEETING: Icon.PEOPLE}


def _shown_address(known: Known, words: Words) -> str:
    """The address that the person writes from, or the name where it is all there is."""
    return first_shown(known.person.address) or shown_name(known.person, words)


def _last_touch(touch: LastTouch, words: Words) -> str:
    owed = words.gettext("you owe a reply") if touch.you_owe_reply else ""
    return dotted(_who_spoke(touch, words), owed)


def _who_spoke(touch: LastTouch, words: Words) -> str:
    _ = words.gettext
    when = words.ago(touch.at)
    if touch.means is Means.MEETING:
        return _("Met %(when)s", when=when)
    if touch.speaker is Speaker.YOU:
        return _("You called %(when)s", when=when) if touch.means is Means.CALL else _("You wrote %(when)s", when=when)
    name = first_shown(touch.name) or (_("They") if touch.speaker is Speaker.THEM else _("A colleague"))
    if touch.means is Means.CALL:
        return _("%(name)s called %(when)s", name=name, when=when)
    return _("%(name)s wrote %(when)s", name=name, when=when)


def _question(known: Known, words: Words) -> tuple[Section, ...]:
    """Where the deal is unsure the card asks, once, and shows what speaks for each."""
    if not known.candidates:
        return ()
    choices = [
        Line(
            first_shown(candidate.name) or words.gettext("Deal without a name"),
            bottom=candidate.evidence,
            button=Button(words.gettext("This one"), act(Do.CHOOSE_DEAL, known.mail, deal=candidate.deal)),
        )
        for candidate in known.candidates[:MAX_CANDIDATES]
    ]
    neither = buttons(Button(words.gettext("None of these"), act(Do.CHOOSE_DEAL, known.mail)))
    return section([*choices, neither], words.gettext("Which deal is this about?"))


def _deals(known: Known, words: Words) -> tuple[Section, ...]:
    if not known.deals:
        return ()
    first, *rest = known.deals
    why = act(Do.WHY, known.mail, link=first.receipt.link) if first.receipt else None
    head = Line(
        deal_name(first, words),
        icon=Icon.DEAL,
        bottom=deal_figures(first, words),
        button=Button(words.gettext("Why?"), why) if why else None,
        on_click=act(Do.OPEN_DEAL, known.mail, deal=first.id),
    )
    lines = [deal_line(deal, known.mail, words) for deal in rest[: MAX_DEALS - 1]]
    more = more_line(len(known.deals) - MAX_DEALS, known.person.url, words)
    title = words.ngettext("Deal", "Deals", len(known.deals))
    return section([head, stage_select(first, known.mail, words), *lines, more], title, shown=3)


def _next(known: Known, words: Words) -> Iterator[Widget]:
    if known.next_task:
        yield task_line(known.next_task, known.mail, words, top=words.gettext("Next"))
    for enrolment in known.enrolments:
        yield sequence_line(enrolment, known.mail, words)


def _tools(known: Known, words: Words) -> Widget | None:
    _ = words.gettext
    tools = {Do.NEW_NOTE: _("Note"), Do.NEW_TASK: _("Task"), Do.ENROL: _("Enrol"), Do.NEW_CALL: _("Log call")}
    record = known.person.id
    clicks = {do: act(do, known.mail, record=record) for do in tools}
    clicks[Do.ENROL] = act(Do.ENROL, known.mail, record=record, deal=_deal_at_hand(known))
    return buttons(*(Button(text, clicks[do]) for do, text in tools.items() if do in known.offers))


def _deal_at_hand(known: Known) -> str:
    """The deal that the mail hangs on, or the only one; "" where neither."""
    linked = [deal.id for deal in known.deals if deal.receipt]
    return linked[0] if linked else known.deals[0].id if len(known.deals) == 1 else ""


def _others(known: Known, words: Words) -> tuple[Section, ...]:
    lines = [person_line(person, known.mail, words) for person in known.others[:MAX_OTHERS]]
    more = more_line(len(known.others) - len(lines) + known.more_others, "", words)
    return section([*lines, more], words.gettext("Also in this mail"), shown=2)


def _menu(known: Known, words: Words) -> Iterator[MenuItem]:
    if known.receipt:
        yield MenuItem(words.gettext("Why is this linked?"), act(Do.WHY, known.mail, link=known.receipt.link))
    if Do.LINK_EXISTING in known.offers:
        yield MenuItem(words.gettext("Link to another deal"), act(Do.LINK_EXISTING, known.mail, person=known.person.id))
    if Do.NEW_DEAL in known.offers:
        yield MenuItem(words.gettext("New deal"), act(Do.NEW_DEAL, known.mail, record=known.person.id))
    if Do.EDIT_CONTACT in known.offers:
        yield MenuItem(words.gettext("Edit contact"), act(Do.EDIT_CONTACT, known.mail, record=known.person.id))
    yield from keep_items(known.mail, words)
    if opens := link(known.person.url):
        yield MenuItem(words.gettext("Open in Enlace"), opens)
