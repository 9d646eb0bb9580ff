from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from backend.web.fields import LARGEST, Body, Id, Line, Moment, Money, Text, Whole, WholeInAddress


def read(field: Any, value: object) -> Any:
    return type("Sample", (Body,), {"value": field})().load({"value": value})["value"]


@given(st.integers(0, LARGEST))
def test_a_whole_number_is_one_with_and_without_its_point(number: int) -> None:
    assert read(Whole(), number) == number
    assert read(Whole(), float(number)) == number
    assert read(WholeInAddress(), str(number)) == number


@pytest.mark.parametrize("value", [2.6e-42, 0.5, float("inf"), float("nan"), True, "47", "", [], LARGEST + 1, -1])
def test_nothing_else_is_a_whole_number(value: object) -> None:
    with pytest.raises(ValidationError):
        read(Whole(), value)


@pytest.mark.parametrize("value", ["4.0", "4e1", "٤", " 4", "", "9" * 5000, "-1"])
def test_in_an_address_a_whole_number_is_a_run_of_digits(value: str) -> None:
    with pytest.raises(ValidationError):
        read(WholeInAddress(), value)


def test_ids_begin_with_one_and_money_may_be_open() -> None:
    with pytest.raises(ValidationError):
        read(Id(), 0)
    assert read(Money(), None) is None


@given(st.text(max_size=50))
def test_text_can_always_be_stored(text: str) -> None:
    kept = read(Text(50), text)
    assert "\0" not in kept
    kept.encode()


def test_a_line_has_no_white_space_to_spare_and_may_have_to_say_something() -> None:
    assert read(Line(20), "  Dora\n Lind ") == "Dora Lind"
    with pytest.raises(ValidationError):
        read(Line(20, 1), " \t ")


def test_a_moment_becomes_utc_and_needs_its_zone() -> None:
    assert read(Moment(), "2026-01-05T10:00:00+01:00") == datetime(2026, 1, 5, 9, tzinfo=UTC)
    for value in ("2026-01-05T10:00:00", "0001-01-01T00:00:00+14:00", "tomorrow", 5):
        with pytest.raises(ValidationError):
            read(Moment(), value)


def test_a_member_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError):
        type("Sample", (Body,), {"name": Line(5)})().load({"nmae": "x"})
