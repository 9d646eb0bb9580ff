"""When people work: local wall time into UTC, windows, holidays. Pure.

People plan in local time, so that 09:00 stays 09:00 when the clocks change; UTC is reckoned at the last moment. A time
that the clocks skip is taken as much later, one that comes twice is taken the first time.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from babel.core import get_global

from backend.kit.errors import UserError

EVERY_DAY = frozenset(range(7))
_FARTHEST_DAYS = 60  # no country has so many days off in a row


# Countries of several zones in one of which most people live; of the United States, say, nobody can tell.
_MOST_PEOPLE_LIVE_IN = {
    "AR": "America/Argentina/Buenos_Aires", "CL": "America/Santiago", "CN": "Asia/Shanghai", "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin", "EC": "America/Guayaquil", "ES": "Europe/Madrid", "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland", "PT": "Europe/Lisbon", "UA": "Europe/Kyiv", "UZ": "Asia/Tashkent",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Days on which nothing leaves: public holidays, and the rep's own absences by first and last day."""

    public: Container[date]
    absences: tuple[tuple[date, date], ...] = ()

    def __contains__(self, day: object) -> bool:
        """Whether it is one of them."""
        assert isinstance(day, date)
        return day in self.public or any(first <= day <= last for first, last in self.absences)


@dataclass(frozen=True, slots=True)
class Window:
    """Weekdays (0 is Monday) and the hours between which mail leaves, in local time."""

    days: frozenset[int]
    opens: time
    closes: time


@lru_cache(maxsize=1000)
def zone_of(name: str) -> ZoneInfo:
    """A zone by its IANA name. Raises `UserError`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown, not a name at all, a folder
        raise UserError("There is no time zone “%(name)s”; write it as in Europe/Madrid.", name=name) from error


@lru_cache(maxsize=300)
def zone_in(country: str) -> ZoneInfo | None:
    """The zone of a country by its two letters: its only one, or the one where most of its people live; else None."""
    names = get_global("territory_zones").get(country, ())
    name = names[0] if len(names) == 1 else _MOST_PEOPLE_LIVE_IN.get(country)
    return zone_of(name) if name else None


def to_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    """Local wall time (naive) in UTC."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def after_days(moment: datetime, days: int, at: time | None, zone: ZoneInfo) -> datetime:
    """The wall time (naive) so many days by the calendar after a moment, at a time of day or at the same one."""
    local = moment.astimezone(zone).replace(tzinfo=None)
    return datetime.combine(local.date() + timedelta(days=days), at or local.time().replace(second=0, microsecond=0))


def next_open(moment: datetime, window: Window, zone: ZoneInfo, days_off: Container[date]) -> datetime:
    """The first moment from `moment` on that lies in the window and on no day off, in UTC."""
    today = moment.astimezone(zone).date()
    for day in (today + timedelta(days=n) for n in range(_FARTHEST_DAYS)):
        if day.weekday() not in window.days or day in days_off:
            continue
        opens, closes = (to_utc(datetime.combine(day, at), zone) for at in (window.opens, window.closes))
        if moment < closes:
            return max(moment, opens)
    return moment + timedelta(days=_FARTHEST_DAYS)


@lru_cache(maxsize=200)
def days_off(country: str) -> Container[date]:
    """A country's public holidays by its two letters, of every year that is asked for; "": none."""
    return holidays.country_holidays(country) if country else frozenset()


def country_exists(country: str) -> bool:
    """Whether the holidays of these two letters are known."""
    return country in holidays.list_supported_countries(include_aliases=False)
