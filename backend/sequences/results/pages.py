"""Results in the browser: a table with filters, and the same as CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from flask import Blueprint, Response, render_template, request
from flask_babel import gettext, lazy_gettext, ngettext

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import UserError
from backend.sequences.results import service, store
from backend.sequences.results.shapes import DEAL_DAYS, MEETING_DAYS, REPLY_DAYS, By, Line, Tally, Wanted
from backend.web.house import house
from backend.web.i18n import money
from backend.web.ids import row_id
from backend.web.nav import Way, open_way

DAYS = 90  # what is shown unless asked otherwise

blueprint = Blueprint("results", __name__, url_prefix="/results", template_folder="../templates")
open_way(blueprint, Way("results", lazy_gettext("Results"), "reports", "results.show", 84))

COLUMNS = (
    "name", "detail", "version", "step", "wording", "sent", "bounced", "replied", "unsubscribed", "meetings", "deals",
    "won", "revenue",
)  # fmt: skip
TABS = {
    By.SEQUENCE: lazy_gettext("Sequences"),
    By.CAMPAIGN: lazy_gettext("Campaigns"),
    By.VERSION: lazy_gettext("Versions"),
    By.STEP: lazy_gettext("Steps"),
    By.VARIANT: lazy_gettext("Wordings"),
    By.TEMPLATE: lazy_gettext("Templates"),
    By.SENDER: lazy_gettext("Senders"),
}


@blueprint.get("")
@needs()
def show() -> str:
    """What our mails brought about, divided as the tab says."""
    wanted = _wanted()
    with house().db.read() as session:
        lines, whole = service.results(session, current_actor(), wanted)
        sequences, senders = store.choices(session, current_actor())
    return render_template(
        "results/results.html", lines=lines, whole=whole, wanted=wanted, tabs=TABS,
        last_day=wanted.until - timedelta(seconds=1), sequences=sequences, senders=senders, here=_here,
        beside=_beside, days={"reply": REPLY_DAYS, "meeting": MEETING_DAYS, "deal": DEAL_DAYS},
    )  # fmt: skip


def _beside(tally: Tally) -> list[str]:
    """What else came of it, in words, for a phone, where only sent and replied have a column; nothings are left out."""
    words = (
        (tally.bounced, ngettext("%(num)s bounced", "%(num)s bounced", tally.bounced)),
        (tally.unsubscribed, ngettext("%(num)s unsubscribed", "%(num)s unsubscribed", tally.unsubscribed)),
        (tally.meetings, ngettext("%(num)s meeting", "%(num)s meetings", tally.meetings)),
        (tally.deals, ngettext("%(num)s deal", "%(num)s deals", tally.deals)),
        (tally.won, ngettext("%(num)s won", "%(num)s won", tally.won)),
    )
    amounts = [money(minor, currency) for currency, minor in sorted(tally.revenue.items())]
    return [word for number, word in words if number] + amounts


@blueprint.get("/results.csv")
@needs()
def download() -> Response:
    """The same lines for a spreadsheet."""
    with house().db.read() as session:
        lines, _ = service.results(session, current_actor(), _wanted())
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_cells(line) for line in lines)
    headers = {"Content-Disposition": "attachment; filename=results.csv"}
    return Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def _cells(line: Line) -> list[object]:
    """A line's cells, in the head's order; numbers count from 1."""
    tally = line.tally
    numbers = [None if n is None else n + 1 for n in (line.step, line.variant)]
    counts = (tally.sent, tally.bounced, tally.replied, tally.unsubscribed, tally.meetings, tally.deals, tally.won)
    return [_text(line.name), _text(line.detail), line.version, *numbers, *counts, _revenue(line)]


def _revenue(line: Line) -> str:
    """Amounts as a spreadsheet reads them, with a point, each with its currency."""
    amounts = sorted(line.tally.revenue.items())
    return "; ".join(f"{minor / 10 ** get_currency_precision(code):.2f} {code}" for code, minor in amounts)


def _text(value: str) -> str:
    """A name that a spreadsheet would take for a formula is made text."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _wanted() -> Wanted:
    """Read what the address asks for, in days of the visitor's own zone; nonsense counts as not asked."""
    zone, by = ZoneInfo(current_actor().timezone), request.args.get("by", "")
    today = house().clock.now().astimezone(zone).date()
    until = _day("until") or today
    since = _day("since") or until - timedelta(days=DAYS)
    if since > until:
        raise UserError(gettext("The first day is after the last one; change one of them."))
    return Wanted(
        since=_midnight(since, zone),
        until=_midnight(until + timedelta(days=1), zone),
        by=By(by) if by in set(By) else By.SEQUENCE,
        sequence_id=request.args.get("sequence", type=row_id),
        user_id=request.args.get("sender", type=row_id),
    )


def _day(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if date(1990, 1, 1) < found < date(2200, 1, 1) else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _here(endpoint_path: str = "", **changes: object) -> str:
    """This page's address, or another's, with some of its questions changed; None takes one away."""
    asked = {k: v for k, v in request.args.items() if k not in changes}
    asked |= {k: str(v) for k, v in changes.items() if v is not None}
    return (endpoint_path or request.path) + (f"?{urlencode(asked)}" if asked else "")
