"""How one reader reads: language, time zone, and what time it is for them.

Sentences are marked for pybabel by the name of the call: `_ = words.gettext`, then `_("%(name)s wrote", name=…)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from gettext import NullTranslations
from typing import Any, Literal

from babel import Locale
from babel.dates import format_skeleton, format_timedelta
from babel.numbers import format_currency, format_decimal, get_currency_precision

from backend.kit.errors import UserError
from backend.web.amounts import read_amount, write_amount


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences, times, days and money for one reader.

    `translations` is a catalogue (flask_babel's `get_translations()` at the door; without one, English). `locale` is
    one of the product's languages, with or without a country ("en", "es_MX"); `now` is aware.
    """

    now: datetime
    locale: str = "en"
    zone: tzinfo = UTC
    translations: NullTranslations = field(default_factory=NullTranslations)

    def gettext(self, message: str, **values: Any) -> str:
        """Translate `message` and fill in its `%(name)s`."""
        return self.translations.gettext(message) % values

    def sentence_of(self, error: UserError) -> str:
        """What the error says, in the reader's language."""
        return error.told(self.translations.gettext)

    def ngettext(self, one: str, many: str, count: int, **values: Any) -> str:
        """Translate the form that fits `count`, and fill in `%(num)s` and the rest."""
        return self.translations.ngettext(one, many, count) % {"num": self.number(count), **values}

    def number(self, value: int) -> str:
        """A whole number with the locale's separators."""
        return format_decimal(value, locale=self.locale)

    def ago(self, moment: datetime) -> str:
        """How long ago `moment` was: "2h ago"; a sender's clock may be ahead of ours, which reads as "just now"."""
        passed = self.now - moment
        if passed < timedelta(minutes=1):
            return self.gettext("just now")
        # Narrow is what we want ("2h ago"); only English has words of its own for it.
        width: Literal["narrow", "short"] = "narrow" if self.locale.startswith("en") else "short"
        return format_timedelta(-passed, add_direction=True, format=width, locale=self.locale)

    def today(self) -> date:
        """The reader's own day."""
        return self.now.astimezone(self.zone).date()

    def day(self, day: date) -> str:
        """A day as people say it: "today", "tomorrow", "15 Dec", with the year where it is another one."""
        near = {-1: self.gettext("yesterday"), 0: self.gettext("today"), 1: self.gettext("tomorrow")}
        today = self.today()
        skeleton = "MMMd" if day.year == today.year else "yMMMd"
        return near.get((day - today).days) or format_skeleton(skeleton, day, locale=self.locale)

    def written_amount(self, minor: int | None, currency: str) -> str:
        """An amount as `read_amount` reads it: "12000.5"; "" for None."""
        return write_amount(minor, currency, self.locale)

    def read_amount(self, text: str, currency: str) -> int | None:
        """An amount as the reader's language writes it, in minor units; None for "". Raises `ValueError`."""
        return read_amount(text, currency, self.locale)

    def money(self, minor: int, currency: str) -> str:
        """An amount in minor units (cents) in its currency; cents only where there are some: "€12,000"."""
        amount = Decimal(minor).scaleb(-get_currency_precision(currency))
        pattern = Locale.parse(self.locale).currency_formats["standard"].pattern
        if amount == amount.to_integral_value():
            pattern = pattern.replace(".00", "")
        return format_currency(amount, currency, format=pattern, locale=self.locale, currency_digits=False)
