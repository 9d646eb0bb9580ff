"""When things happen, told from the present: office hours in people's own zones, quiet weekends, dates in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from backend.demo.sample.script import Ago

DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
    "es": ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
           "noviembre", "diciembre"),
}  # fmt: skip
_SLOT = re.compile(r"\{(?P<name>[a-z]+)(?P<shift>\+\d+|\+monday)?\}")
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Moments:
    """Turns "so long ago" into instants (aware UTC), seen from `now`. Nothing comes out later than `now`."""

    now: datetime

    def past(self, when: Ago, zone: ZoneInfo, rng: Random, hours: tuple[float, float] = (8.6, 17.7)) -> datetime:
        """Return an instant in the past: to the minute where `when` is exact, else within `hours` of a working day."""
        if when.exact:
            return self.now - timedelta(days=when.days, seconds=rng.randrange(240))
        moment = self._local(self._working_day(when.days, zone), rng.uniform(*hours), zone)
        return min(moment, self.now - timedelta(seconds=rng.randrange(300, 5400)))

    def ahead(self, words: str, clock: str, zone: ZoneInfo) -> datetime:
        """Return the instant of a meeting: `words` is "now+2" (on a working day) or days ago, `clock` HH:MM."""
        hour, minute = clock.split(":")
        day = self.coming(words) if words.startswith("now") else self._working_day(float(words), zone)
        return self._local(day, int(hour) + int(minute) / 60, zone)

    def due(self, when: Ago, zone: ZoneInfo) -> datetime:
        """Return the instant by which a task is due: that day at six in the evening, in the future if `when` is."""
        day = self.now.astimezone(zone).date() - timedelta(days=round(when.days))
        return self._local(day, 18.0, zone)

    def coming(self, words: str) -> date:
        """Return the working day that "now+1" or "now+monday" means."""
        today = self.now.date()
        shift = words.removeprefix("now+")
        days = 7 - today.weekday() if shift == "monday" else int(shift)
        return working_day(today + timedelta(days=days))

    def fill(self, text: str, language: str, at: datetime, words: Mapping[str, str]) -> str:
        """Fill the slots of `text`: {day+3}, {month+2} from the mail's date, {now+1} from today, the rest from `words`.

        A slot that nothing fills raises KeyError: no mail goes out with a hole in it.
        """

        def filled(found: re.Match[str]) -> str:
            name, shift = found["name"], found["shift"] or "+0"
            if name == "now":
                return spell(self.coming("now" + shift), language)
            if name == "day":
                return spell(working_day(at.date() + timedelta(days=int(shift))), language)
            if name == "month":
                return MONTHS[language][(at.month - 1 + int(shift)) % 12]
            return DAYS[language][at.weekday()] if name == "weekday" else words[name]

        return _SLOT.sub(filled, text)

    def _working_day(self, days: float, zone: ZoneInfo) -> date:
        """Saturday's mail was written on Friday, Sunday's on Monday (on Friday, where that Monday is still to come)."""
        today = self.now.astimezone(zone).date()
        day = today - timedelta(days=round(days))
        if day.weekday() < _SATURDAY:
            return day
        monday = day + timedelta(days=1)
        is_over = monday.weekday() == 0 and monday < today
        return monday if is_over else day - timedelta(days=day.weekday() - _SATURDAY + 1)

    @staticmethod
    def _local(day: date, hour: float, zone: ZoneInfo) -> datetime:
        seconds = round(hour * 3600)
        wall = datetime.combine(day, time(), zone) + timedelta(seconds=seconds)
        return wall.astimezone(UTC)


def working_day(day: date) -> date:
    """Return `day`, or the Monday after it where it falls on a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= _SATURDAY else day


def spell(day: date, language: str) -> str:
    """Write a date as people do: "Thursday 26 November", "jueves 26 de noviembre"."""
    of = " de " if language == "es" else " "
    return f"{DAYS[language][day.weekday()]} {day.day}{of}{MONTHS[language][day.month - 1]}"
