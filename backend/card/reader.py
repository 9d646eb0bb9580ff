"""How somebody reads: from what Gmail said of their language and zone, else from what they chose here."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from flask_babel import force_locale, get_translations

from backend.card.words import Words
from backend.web.i18n import LANGUAGES


def words_for(now: datetime, locales: tuple[str, ...], timezones: tuple[str, ...]) -> Words:
    """The words of the first locale that we speak and the first zone that there is; else English, and UTC."""
    locale = next(filter(None, map(_spoken, locales)), "en")
    zone = next(filter(None, map(_zone, timezones)), ZoneInfo("UTC"))
    with force_locale(locale):
        return Words(now, locale, zone, get_translations())


@lru_cache(maxsize=256)
def _spoken(locale: str) -> str:
    """A locale of one of our languages, as Babel writes it ("es-MX" → "es_MX"), its country kept where Babel has it."""
    language, _, rest = locale.replace("-", "_").partition("_")
    language = language.lower()
    if language not in LANGUAGES:
        return ""
    country = rest.rpartition("_")[2].upper()
    try:
        return str(Locale.parse(f"{language}_{country}")) if country else language
    except (ValueError, UnknownLocaleError):
        return language


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
