"""On which day how many of the mails that wait in a mailbox would leave it, each in its own sequence's hours. Pure.

What the rep writes by hand in these days counts against the caps too and is not known yet; a sequence that keeps to the
recipients' own hours is reckoned in the rep's.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from heapq import merge
from itertools import groupby, islice
from zoneinfo import ZoneInfo

from backend.outbox.shapes import Sender
from backend.sequences.campaigns.rules import days_of_sending
from backend.sequences.hours import Window

FARTHEST_DAYS = 60


@dataclass(frozen=True, slots=True)
class Crowd:
    """Mails that wait for the same hours. `days_off`: holidays and absences on which none of them leaves."""

    window: Window
    days_off: Container[date]
    mails: int


@dataclass(frozen=True, slots=True)
class DayPlan:
    """How many of the waiting mails would leave on a day."""

    day: date
    mails: int


@dataclass(frozen=True, slots=True)
class _Room:
    """What a day takes of one crowd, were the mailbox its own."""

    day: date
    crowd: int
    mails: int


def plan(crowds: Sequence[Crowd], sender: Sender, zone: ZoneInfo, spent: int, now: datetime) -> tuple[DayPlan, ...]:
    """The days until nothing waits any more, or the first many; `spent` left the mailbox in the last 24 hours."""
    left, today = [crowd.mails for crowd in crowds], now.astimezone(zone).date()
    found: list[DayPlan] = []
    days = merge(*(_rooms(n, crowd, sender, zone, now) for n, crowd in enumerate(crowds)), key=lambda room: room.day)
    for day, rooms in islice(groupby(days, key=lambda room: room.day), FARTHEST_DAYS):
        if not any(left):
            break
        if mails := _fill(left, list(rooms), spent if day == today else 0):
            found.append(DayPlan(day, mails))
    return tuple(found)


def _rooms(number: int, crowd: Crowd, sender: Sender, zone: ZoneInfo, now: datetime) -> Iterator[_Room]:
    for day in days_of_sending(sender, crowd.window, zone, crowd.days_off, now):
        yield _Room(day.day, number, day.mails)


def _fill(left: list[int], rooms: Sequence[_Room], spent: int) -> int:
    """Take from each crowd what the day has room for; together no more than the crowd with the longest hours could."""
    most = max(max(room.mails for room in rooms) - spent, 0)
    taken = 0
    for room in rooms:
        mails = min(left[room.crowd], room.mails, most - taken)
        left[room.crowd] -= mails
        taken += mails
    return taken
