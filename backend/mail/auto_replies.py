"""What an automatic reply says about the writer's return.

Pure reading: dates in the words of many languages, and of those the one that a word such as "until" or "back on"
leads to. A notice without a date gives None; the caller knows how long to wait then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from backend.mail.lexicon import alternatives, phrases, terms
from backend.mail.quotes import split_reply

_LONGEST_NOTICE = 10_000
_FARTHEST = timedelta(days=400)
_CUE_REACH = 45  # characters between "until" and the date: "until the evening of Monday, the 5th of"
_CENTURY = 2000

_MONTHS = {name: int(number) for name, number in terms("months").items()}
_WEEKDAYS = {name: int(number) for name, number in terms("weekdays").items()}
_MONTH = alternatives(_MONTHS)
_ORDINAL = r"(?:st|nd|rd|th|er|\.|º|ª|°)?"
_YEAR = r"(?:,?\s*(?:de|del|of)?\s*((?:19|20)\d\d)\b)?"

_CUE = re.compile(rf"(?<!\w)(?:{alternatives(phrases('return_cues'))})(?!\w)|まで|から|까지|부터")
_SENTENCE_END = re.compile(r"[^\W\d_]{4,}[.!?]\s|\n\n")  # not the dot of "12. Januar" or "Mon. 12"
_DAY_MONTH = re.compile(rf"(?<![\d.])(\d{{1,2}}){_ORDINAL}\s*(?:de|of|d['’])?\s*({_MONTH})\b\.?{_YEAR}")  # noqa: RUF001 - the apostrophe of print
_MONTH_DAY = re.compile(rf"(?<!\w)({_MONTH})\.?\s+(?:the\s+)?(\d{{1,2}}){_ORDINAL}(?![\d:]){_YEAR}")
_ISO = re.compile(r"(?<!\d)(20\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_CJK = re.compile(r"(?:(20\d\d)\s?[年년]\s?)?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
_NUMERIC = re.compile(r"(?<![\d./-])(\d{1,2})([./-])(\d{1,2})(?:\2(20\d\d|\d\d)?)?(?![\d/-])")
_WEEKDAY = re.compile(rf"(?<!\w)({alternatives(_WEEKDAYS)})(?!\w)")


def auto_reply_until(text: str, subject: str, received_at: datetime) -> date | None:
    """Return the day of return that a notice states; None if it states none within the next 400 days.

    Of several days those after a word such as "until" count first, then the latest. A day without a year is the next
    one after `received_at`; of "3/4" the reading that comes sooner.
    """
    # Lower case once, rather than patterns that ignore case: those let a long s stand for "s", which no table lists.
    notice = f"{subject}\n{split_reply(text[:_LONGEST_NOTICE]).text}".lower()
    today = received_at.date()
    found = [(_is_cued(notice, at), day) for at, day in _days(notice, today)]
    plausible = [(is_cued, day) for is_cued, day in found if today <= day <= today + _FARTHEST]
    return max(plausible)[1] if plausible else None


def _is_cued(notice: str, at: int) -> bool:
    before = _SENTENCE_END.split(notice[max(at - _CUE_REACH, 0) : at])[-1]
    return _CUE.search(before) is not None


def _days(notice: str, today: date) -> Iterator[tuple[int, date]]:
    """Every day that the notice names, with its place. Bare numbers and weekdays only after a cue."""
    for pattern, read in _FORMS:
        for match in pattern.finditer(notice):
            if day := read(match, today):
                yield match.start(), day
    for match in _NUMERIC.finditer(notice):
        if (match[4] or _is_cued(notice, match.start())) and (day := _numeric(match, today)):
            yield match.start(), day
    for match in _WEEKDAY.finditer(notice):
        if _is_cued(notice, match.start()):
            yield match.start(), _next_weekday(_WEEKDAYS[match[1]], today)


def _numeric(match: re.Match[str], today: date) -> date | None:
    """Day first or, with slashes, perhaps month first: the reading that lies ahead and comes sooner."""
    first, second, year = int(match[1]), int(match[3]), match[4]
    full_year = None if year is None else str(int(year) % 100 + _CENTURY)
    readings = [_day(full_year, second, first, today)]
    if match[2] == "/":
        readings.append(_day(full_year, first, second, today))
    ahead = [day for day in readings if day and day >= today]
    return min(ahead, default=None)


def _next_weekday(weekday: int, today: date) -> date:
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _day(year: str | None, month: int, day: int, today: date) -> date | None:
    """A date; without a year the next one from today on. None for one that no calendar has."""
    try:
        if year:
            return date(int(year), month, day)
        this_year = date(today.year, month, day)
        return this_year if this_year >= today else date(today.year + 1, month, day)
    except ValueError:
        return None


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], date | None]], ...] = (
    (_DAY_MONTH, lambda m, today: _day(m[3], _MONTHS[m[2]], int(m[1]), today)),
    (_MONTH_DAY, lambda m, today: _day(m[3], _MONTHS[m[1]], int(m[2]), today)),
    (_ISO, lambda m, today: _day(m[1], int(m[2]), int(m[3]), today)),
    (_CJK, lambda m, today: _day(m[1], int(m[2]), int(m[3]), today)),
)
