"""Languages and zones: which one this visitor reads, and how moments, money and numbers look in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from babel.dates import format_date, format_datetime, format_skeleton, format_time, format_timedelta
from babel.numbers import (
    format_compact_decimal,
    format_currency,
    format_decimal,
    get_currency_precision,
    get_currency_symbol,
)
from flask import Flask, has_request_context, request
from flask_babel import Babel, get_locale, get_timezone, gettext

from backend.kit.catalogue import TRANSLATIONS
from backend.kit.errors import UserError
from backend.web.amounts import read_amount, write_amount
from backend.web.house import house
from backend.web.visitor import visitor

LANGUAGES = {"en": "English", "es": "Español"}
LANGUAGE_COOKIE = "enlace_language"


_RELATIVE_UP_TO = timedelta(days=7)
_NOW_WITHIN = timedelta(seconds=60)


def speak_languages(app: Flask) -> None:
    """Give the app its languages and the filters that depend on them."""
    Babel(
        app,
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=choose_language,
        timezone_selector=choose_timezone,
    )
    filters = (
        money,
        short_money,
        number,
        ago,
        day_heading,
        clock_time,
        calendar_date,
        full_moment,
        local_day,
        long_day,
    )
    app.jinja_env.filters.update({each.__name__: each for each in filters})


def sentence_of(error: UserError) -> str:
    """What the error says, in this visitor's language."""
    return error.told(gettext)


def choose_language() -> str:
    """What this browser chose in the menu, else the visitor's own, else what the browser asks for, else English."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "") if has_request_context() else ""
    who = visitor()
    for language in (chosen, who.locale if who else ""):
        if language in LANGUAGES:
            return language
    asked = request.accept_languages.best_match(LANGUAGES) if has_request_context() else None
    return asked or "en"


def choose_timezone() -> str | None:
    """The visitor's own zone; None (UTC) for strangers."""
    who = visitor()
    return who.timezone if who else None


def money(minor: int | None, currency: str) -> str:
    """Write minor units (cents): 1200000, "EUR" → “€12,000”, with cents only where there are; "" for None."""
    if minor is None:
        return ""
    amount, language = _major(minor, currency), get_locale()
    pattern = language.currency_formats["standard"].pattern
    if amount == amount.to_integral_value():
        pattern = pattern.replace(".00", "")
    return str(format_currency(amount, currency, pattern, locale=language, currency_digits=False))


def write_money(minor: int | None, currency: str) -> str:
    """Write an amount as `read_money` reads it: 1200050, "EUR" → “12000.5”; "" for None."""
    return write_amount(minor, currency, get_locale())


def read_money(text: str, currency: str) -> int | None:
    """Read an amount as the language writes it, into minor units; None for "". Raises `UserError` for anything else."""
    try:
        return read_amount(text, currency, get_locale())
    except ValueError as error:
        raise UserError(
            "“%(text)s” is not an amount; write it as %(example)s.", text=text, example=number(1234.5)
        ) from error


def short_money(minor: int, currency: str) -> str:
    """Write a sum for a narrow place: “€1.2M”."""
    language = get_locale()
    amount = format_compact_decimal(_major(minor, currency), locale=language, fraction_digits=1)
    symbol = get_currency_symbol(currency, locale=language)
    is_before = language.currency_formats["standard"].pattern.startswith("¤")
    return f"{symbol}{amount}" if is_before else f"{amount}\u00a0{symbol}"


def number(value: float | None) -> str:
    """Write a number with the language's separators; "" for None."""
    return "" if value is None else str(format_decimal(value, locale=get_locale()))


def ago(moment: datetime) -> str:
    """Say how long ago or how soon: “2h ago”, “in 3d”; beyond a week the date."""
    delta = moment - house().clock.now()
    if abs(delta) > _RELATIVE_UP_TO:
        return calendar_date(moment)
    if abs(delta) < _NOW_WITHIN:
        return str(gettext("now"))
    width: Literal["narrow", "short"] = "narrow" if get_locale().language == "en" else "short"
    return str(format_timedelta(delta, add_direction=True, format=width, locale=get_locale()))


def day_heading(moment: datetime | date) -> str:
    """Name a day as the timeline's headings do: Today, Yesterday, Tomorrow, else weekday and date."""
    day, today = local_day(moment), local_day(house().clock.now())
    near = {0: gettext("Today"), 1: gettext("Yesterday"), -1: gettext("Tomorrow")}.get((today - day).days)
    return str(near or _by_skeleton(day, "MMMEd", today))


def calendar_date(moment: datetime | date) -> str:
    """Write a date briefly: “Nov 3”, with its year where that is not this one."""
    return _by_skeleton(local_day(moment), "MMMd", local_day(house().clock.now()))


def long_day(moment: datetime | date) -> str:
    """Write a day in full, for a page's head: “Tuesday, November 3”."""
    return str(format_date(local_day(moment), "full", locale=get_locale()))


def clock_time(moment: datetime) -> str:
    """Write the visitor's local time of day."""
    return str(format_time(moment, "short", tzinfo=get_timezone(), locale=get_locale()))


def full_moment(moment: datetime) -> str:
    """Write a moment in full, with its zone, for tooltips."""
    return str(format_datetime(moment, "long", tzinfo=get_timezone(), locale=get_locale()))


def local_day(moment: datetime | date) -> date:
    """Return the visitor's calendar day of a moment; a date is one already."""
    return moment.astimezone(get_timezone()).date() if isinstance(moment, datetime) else moment


def _major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-get_currency_precision(currency))


def _by_skeleton(day: date, skeleton: str, today: date) -> str:
    wanted = skeleton if day.year == today.year else f"y{skeleton}"
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return str(format_skeleton(wanted, noon, tzinfo=UTC, locale=get_locale()))
