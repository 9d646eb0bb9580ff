from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.web.amounts import read_amount, write_amount


@given(
    minor=st.integers(1 - 10**12, 10**12 - 1),
    currency=st.sampled_from(["EUR", "JPY", "JOD"]),
    locale=st.sampled_from(["en", "es"]),
)
def test_what_is_written_reads_back(minor: int, currency: str, locale: str) -> None:
    assert read_amount(write_amount(minor, currency, locale), currency, locale) == minor


def test_nothing_is_no_amount() -> None:
    assert read_amount("", "EUR", "en") is None
    assert write_amount(None, "EUR", "en") == ""


@pytest.mark.parametrize("text", ["much", "1e999", "-1e999", "NaN", "Infinity", "1000000000000"])
def test_what_is_no_amount_or_beyond_all_measure_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_amount(text, "EUR", "en")
