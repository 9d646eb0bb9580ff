"""Amounts of money as a language writes them, read and written: pure, for pages and cards alike."""

from __future__ import annotations

from decimal import Decimal

from babel import Locale
from babel.numbers import format_decimal, get_currency_precision, parse_decimal

LARGEST = Decimal(10) ** 12  # in the currency's own unit: what is beyond was not meant


def read_amount(text: str, currency: str, locale: Locale | str) -> int | None:
    """Read "12.000,50" into minor units; None for "". Raises `ValueError` for anything else."""
    if not text:
        return None
    amount = parse_decimal(text, locale=locale)
    if not amount.is_finite() or abs(amount) >= LARGEST:
        raise ValueError(text)
    return int(amount.scaleb(get_currency_precision(currency)).to_integral_value())


def write_amount(minor: int | None, currency: str, locale: Locale | str) -> str:
    """Write minor units so that `read_amount` reads them back: "12000.5"; "" for None."""
    if minor is None:
        return ""
    amount = Decimal(minor).scaleb(-get_currency_precision(currency))
    return format_decimal(amount, locale=locale, group_separator=False)
