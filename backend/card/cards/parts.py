"""Pieces of which the cards are made: clicks, names, lines for a person, a deal or a task, the notice on top."""

from __future__ import annotations

from collections.abc import Iterable

from backend.card.facts import Deal, Do, Mail, Notice, Person, Task
from backend.card.limits import TITLE_CHARS
from backend.card.markup import dotted, plain
from backend.card.shapes import MenuItem, Section
from backend.card.widgets import Action, Button, Buttons, ButtonStyle, Icon, Line, Link, OnClick, Paragraph, Widget
from backend.card.words import Words


def act(do: Do, mail: Mail | None = None, /, required: tuple[str, ...] = (), **ids: str) -> Action:
    """A click that does `do`, with the mail's id and those `ids` that are set."""
    about_mail = {"mail": mail.id} if mail else {}
    return Action(do.value, {**about_mail, **{key: value for key, value in ids.items() if value}}, required)


def link(url: str) -> OnClick | None:
    """A click that opens `url`, or none where there is no URL."""
    return Link(url) if url else None


def shown_name(person: Person, words: Words) -> str:
    """What to call a person: the name, else the address; both may show nothing at all."""
    return first_shown(person.name, person.address) or words.gettext("Unknown sender")


def first_shown(*texts: str) -> str:
    """Return the first text that shows something once invisible characters are gone; "" where none does."""
    return next((shown for text in texts if (shown := plain(text, TITLE_CHARS))), "")


def person_line(person: Person, mail: Mail, words: Words) -> Line:
    """A participant to pick."""
    company = person.company.name if person.company else ""
    known = dotted(person.title, company) or person.address
    bottom = known if person.is_known else words.gettext("Not in the CRM yet")
    pick = act(Do.OPEN_PERSON, mail, person=person.id)
    return Line(shown_name(person, words), icon=Icon.PERSON, bottom=bottom, on_click=pick)


def deal_line(deal: Deal, mail: Mail, words: Words) -> Line:
    """A deal in one line, which opens its card."""
    stage = next((s.name for s in deal.stages if s.id == deal.stage_id), "")
    return Line(
        deal_name(deal, words),
        icon=Icon.DEAL,
        top=stage,
        bottom=deal_figures(deal, words),
        on_click=act(Do.OPEN_DEAL, mail, deal=deal.id),
    )


def deal_name(deal: Deal, words: Words) -> str:
    """A deal's name, or words for a deal that has none."""
    return first_shown(deal.name) or words.gettext("Deal without a name")


def deal_figures(deal: Deal, words: Words) -> str:
    """Amount and close date, as far as they are known: "€12,000 · closes Dec 15"."""
    amount = words.money(deal.amount_minor, deal.currency) if deal.amount_minor is not None else ""
    closes = words.gettext("closes %(day)s", day=words.day(deal.closes_on)) if deal.closes_on else ""
    return dotted(amount, closes)


def task_line(task: Task, mail: Mail | None, words: Words, *, top: str = "") -> Line:
    """An open task, with when it is due and a button that completes it."""
    done = Button(words.gettext("Done"), act(Do.COMPLETE_TASK, mail, task=task.id))
    title = first_shown(task.title) or words.gettext("Task without a title")
    bottom = dotted(_due(task, words), task.record)
    return Line(title, icon=Icon.TASK, top=top, bottom=bottom, button=done, on_click=link(task.url))


def _due(task: Task, words: Words) -> str:
    if task.due_on is None:
        return ""
    day = words.day(task.due_on)
    if task.due_on < words.today():
        return words.gettext("overdue: %(day)s", day=day)
    return words.gettext("due %(day)s", day=day)


def notice_section(notice: Notice | None, mail: Mail | None, words: Words) -> tuple[Section, ...]:
    """What has just been done, with its undo, at the top of the card; nothing where nothing was done."""
    if notice is None or not first_shown(notice.text):
        return ()
    undo = Button(words.gettext("Undo"), act(Do.UNDO, mail, change=notice.change)) if notice.change else None
    return (Section((Line(notice.text, icon=Icon.STAR, button=undo),)),)


def kept_section(mail: Mail, words: Words) -> tuple[Section, ...]:
    """Says that the reader keeps the mail's conversation private, and shares it again; nothing where they do not."""
    if not mail.is_kept:
        return ()
    share = Button(words.gettext("Share again"), act(Do.SHARE_AGAIN, mail))
    below = words.gettext("Colleagues see a locked line.")
    return (Section((Line(words.gettext("You keep it private"), icon=Icon.BOOKMARK, bottom=below, button=share),)),)


def keep_items(mail: Mail, words: Words) -> tuple[MenuItem, ...]:
    """The way to keep the reader's own mail private, where it is not."""
    if not mail.is_own or mail.is_kept:
        return ()
    return (MenuItem(words.gettext("Keep this conversation private"), act(Do.KEEP_PRIVATE, mail)),)


def section(widgets: Iterable[Widget | None], header: str = "", *, shown: int | None = None) -> tuple[Section, ...]:
    """A section of those widgets that are there, folded after `shown`; nothing where none is."""
    there = tuple(widget for widget in widgets if widget is not None)
    if not there:
        return ()
    folds = shown is not None and len(there) > shown
    return (Section(there, header, collapsible=folds, shown=shown if folds and shown else 0),)


def buttons(*row: Button | None) -> Buttons | None:
    """A row of those buttons that are there."""
    there = tuple(button for button in row if button is not None)
    return Buttons(there) if there else None


def button(text: str, on_click: OnClick | None, *, filled: bool = False) -> Button | None:
    """A button, or none where its click leads nowhere."""
    style = ButtonStyle.FILLED if filled else ButtonStyle.OUTLINED
    return Button(text, on_click, style) if on_click else None


def more_line(left_out: int, url: str, words: Words) -> Widget | None:
    """Says how many were left out, and leads to them where it can."""
    if left_out <= 0:
        return None
    text = words.ngettext("and %(num)s more", "and %(num)s more", left_out)
    return Line(text, on_click=link(url)) if url else Paragraph(text)
