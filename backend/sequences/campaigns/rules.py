"""Who of a list can be written to, and by when all of them are: pure decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from backend.kit.errors import UserError
from backend.mail.addresses import domain_of, registrable_domain
from backend.outbox.rules import daily_cap
from backend.outbox.shapes import Sender
from backend.sequences.authoring.definitions import STAY, Definition, Habits, Mail, Variant
from backend.sequences.campaigns.shapes import Capacity, Expected, Obstacles, Out, Person, Sorted, Stand, Text
from backend.sequences.hours import Window, next_open, to_utc
from backend.sequences.texts import rules

EXPIRES_DAYS = 60
HABITS = Habits(stops_on_colleague=False, stops_on_deal=False, on_owner_change=STAY)
_FARTHEST_DAYS = 1000


def definition_of(text: Text, *, is_bold: bool = False) -> Definition:
    """The sequence of one step behind a campaign; a bold one heeds no colleague."""
    wording = Variant(text.subject, text.body, text.template_id)
    habits = replace(HABITS, collision_days=0) if is_bold else HABITS
    return Definition((Mail((wording,), is_html=text.is_html, expires_days=EXPIRES_DAYS),), habits)


def require_text(text: Text) -> None:
    """Refuse a text that could not leave. Raises `UserError`."""
    if not text.subject.strip() or not text.body.strip():
        raise UserError("A campaign has a subject and a text; fill in both.")
    rules.check(text.subject)
    rules.check(text.body)


def stand_of(started_at: datetime | None, paused_at: datetime | None, stopped_at: datetime | None, left: int) -> Stand:
    """Where a campaign stands; `left` are those whose mail is still to leave."""
    if started_at is None:
        return Stand.DRAFT
    if stopped_at is not None:
        return Stand.STOPPED
    if not left:
        return Stand.DONE
    return Stand.PAUSED if paused_at is not None else Stand.RUNNING


def sort_out(people: Sequence[Person], text: Text, sender: Mapping[str, str], obstacles: Obstacles) -> Sorted:
    """Tell who can be written to from who cannot, each with the first reason that holds."""
    fit, out = [], []
    missing = _Missing(text, sender)
    for person in people:
        found = _obstacle(person, obstacles) or missing.of(person)
        if found is None:
            fit.append(person)
        else:
            out.append(found)
    return Sorted(tuple(fit), tuple(out))


def _obstacle(person: Person, obstacles: Obstacles) -> Out | None:
    if not person.email:
        return Out(person, "no_address")
    if person.address_key in obstacles.suppressed:
        return Out(person, *obstacles.suppressed[person.address_key])
    mail_id = colleagues_mail(person, obstacles)
    return Out(person, "collision", f"mail {mail_id}") if mail_id else None


def colleagues_mail(person: Person, obstacles: Obstacles) -> int | None:
    """A colleague's latest mail to somebody, else to their company."""
    of_company = obstacles.colleagues_at.get(registrable_domain(domain_of(person.address_key)))
    return obstacles.colleagues_with.get(person.address_key) or of_company


class _Missing:
    """Which fields of a text have nothing to say for somebody.

    A text without tags (loops, conditions) lacks the same for all who lack the same fields, so it is filled in once for
    each such kind of person and not for each of fifty thousand.
    """

    def __init__(self, text: Text, sender: Mapping[str, str]) -> None:
        self._source, self._sender = f"{text.subject}\n{text.body}", sender
        self._is_plain = "{%" not in self._source
        self._known: dict[frozenset[str], tuple[str, ...]] = {}

    def of(self, person: Person) -> Out | None:
        names = self._named(person)
        return Out(person, "missing_field", ", ".join(names)) if names else None

    def _named(self, person: Person) -> tuple[str, ...]:
        filled = frozenset(name for name, value in person.fields.items() if value)
        if not self._is_plain:
            return self._fill(person)
        if filled not in self._known:
            self._known[filled] = self._fill(person)
        return self._known[filled]

    def _fill(self, person: Person) -> tuple[str, ...]:
        return rules.fill(self._source, {**person.fields, **self._sender}).missing


def expected(
    people: Sequence[Person], sender: Sender, window: Window, zone: ZoneInfo, days_off: Container[date],
    now: datetime, *, ahead: int = 0, spent: int = 0,
) -> Expected:  # fmt: skip
    """When so many mails would have left: `ahead` others wait in the mailbox, `spent` left it in the last 24 hours.

    What the rep writes by hand in these days counts against the caps too, and is not known yet.
    """
    left, at_a_domain = len(people) + ahead, _most_at_a_domain(people)
    first_at = last_at = now
    for number, day in enumerate(days_of_sending(sender, window, zone, days_off, now), 1):
        room = max(day.mails - (spent if number == 1 else 0), 0)
        first_at = day.opens if last_at == now else first_at
        taken = min(left, room)
        left, at_a_domain = left - taken, at_a_domain - sender.pace.domain_cap
        last_at = day.opens + (day.closes - day.opens) * (taken / max(day.mails, 1))
        if left <= 0 and at_a_domain <= 0:
            return Expected(first_at, last_at, number, ahead)
    return Expected(first_at, last_at, _FARTHEST_DAYS, ahead)


def _most_at_a_domain(people: Sequence[Person]) -> int:
    """At no more than the cap per domain and day, the domain with the most people takes longest."""
    domains = Counter(registrable_domain(domain_of(person.address_key)) for person in people)
    domains.pop("", None)
    return max(domains.values(), default=0)


def days_of_sending(
    sender: Sender, window: Window, zone: ZoneInfo, days_off: Container[date], now: datetime
) -> Iterator[Capacity]:
    """The days on which mail leaves, with what each takes: its hours at the mailbox's spacing, up to the day's cap."""
    moment = max(now, sender.paused_until or now) + timedelta(seconds=sender.pace.lead_s)
    begun = sender if sender.first_sent_at else replace(sender, first_sent_at=moment)
    between_s = sender.pace.spacing_s + sender.pace.jitter_s / 2
    for _ in range(_FARTHEST_DAYS):
        opens = next_open(moment, window, zone, days_off)
        day = opens.astimezone(zone).date()
        closes = to_utc(datetime.combine(day, window.closes), zone)
        by_hours = int((closes - opens).total_seconds() / between_s) + 1 if between_s else daily_cap(begun, opens)
        yield Capacity(day, opens, closes, min(by_hours, daily_cap(begun, opens)))
        moment = to_utc(datetime.combine(day + timedelta(days=1), window.opens), zone)
