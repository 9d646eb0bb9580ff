"""With no mail open: what the reader owes today: tasks, replies, deals that go cold."""

from __future__ import annotations

from backend.card.cards.parts import act, buttons, first_shown, link, more_line, notice_section, section, task_line
from backend.card.facts import ColdDeal, Do, Home, ReadRequest, Waiting
from backend.card.shapes import Card, Header, MenuItem, Section
from backend.card.widgets import Button, Icon, Line, Paragraph, Widget
from backend.card.words import Words

MAX_LINES, MAX_REQUESTS = 8, 5


def card(home: Home, words: Words) -> Card:
    """The homepage of the add-on."""
    _ = words.gettext
    work = (
        *_requests(home, words),
        *_tasks(home, words),
        *_waiting(home, words),
        *_cold(home, words),
        *_unlinked(home, words),
    )
    calm = (Section((Paragraph(_("Nothing waits for you. Open a mail to see who wrote it.")),)),)
    reader = first_shown(home.reader)
    header = Header(_("Today"), subtitle=reader)
    opens = link(home.more_url)
    settings = MenuItem(_("Settings"), act(Do.SETTINGS))
    menu = (settings, MenuItem(_("Open Enlace"), opens)) if opens else (settings,)
    return Card("home", header, (*notice_section(home.notice, None, words), *(work or calm)), menu=menu)


def _requests(home: Home, words: Words) -> tuple[Section, ...]:
    """Colleagues who ask to read what the reader keeps private."""
    widgets = [widget for request in home.requests[:MAX_REQUESTS] for widget in _request(request, words)]
    return section(widgets, words.gettext("They ask to read"))


def _request(request: ReadRequest, words: Words) -> tuple[Widget | None, ...]:
    _ = words.gettext
    asker = first_shown(request.asker) or _("A colleague")
    subject = first_shown(request.subject) or _("(no subject)")
    allow = Button(_("Allow"), act(Do.GRANT_ACCESS, request=request.id))
    refuse = Button(_("No"), act(Do.REFUSE_ACCESS, request=request.id))
    return (Line(asker, icon=Icon.PERSON, top=words.ago(request.asked_at), bottom=subject), buttons(allow, refuse))


def _tasks(home: Home, words: Words) -> tuple[Section, ...]:
    lines = [task_line(task, None, words) for task in home.tasks[:MAX_LINES]]
    return _list(lines, len(home.tasks), words.gettext("My tasks"), home, words)


def _waiting(home: Home, words: Words) -> tuple[Section, ...]:
    lines = [_waiting_line(waiting, words) for waiting in home.waiting[:MAX_LINES]]
    return _list(lines, len(home.waiting), words.gettext("They wait for your reply"), home, words)


def _waiting_line(waiting: Waiting, words: Words) -> Line:
    _ = words.gettext
    return Line(
        first_shown(waiting.name) or _("Unknown sender"),
        icon=Icon.EMAIL,
        top=words.ago(waiting.since),
        bottom=first_shown(waiting.subject) or _("(no subject)"),
        on_click=link(waiting.url),
    )


def _cold(home: Home, words: Words) -> tuple[Section, ...]:
    lines = [_cold_line(deal, words) for deal in home.cold[:MAX_LINES]]
    return _list(lines, len(home.cold), words.gettext("Going cold"), home, words)


def _cold_line(cold: ColdDeal, words: Words) -> Line:
    quiet = words.ngettext("quiet for %(num)s day", "quiet for %(num)s days", cold.quiet_days)
    name = first_shown(cold.name) or words.gettext("Deal without a name")
    return Line(name, icon=Icon.DEAL, top=cold.stage, bottom=quiet, on_click=act(Do.OPEN_DEAL, deal=cold.deal))


def _unlinked(home: Home, words: Words) -> tuple[Section, ...]:
    if home.unlinked_count <= 0:
        return ()
    text = words.ngettext("%(num)s mail is not linked", "%(num)s mails are not linked", home.unlinked_count)
    return (Section((Line(text, icon=Icon.BOOKMARK, on_click=link(home.unlinked_url)),)),)


def _list(lines: list[Line], count: int, title: str, home: Home, words: Words) -> tuple[Section, ...]:
    if not lines:
        return ()
    widgets: list[Widget | None] = [*lines, more_line(count - len(lines), home.more_url, words)]
    return section(widgets, title, shown=4)
