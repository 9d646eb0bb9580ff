from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.demo.sample.moments import Moments, spell, working_day
from backend.demo.sample.script import Ago

_MADRID = ZoneInfo("Europe/Madrid")
_NOWS = st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@given(_NOWS, st.integers(2, 90), st.integers(0, 99))
def test_some_days_ago_was_a_working_day_at_office_hours(now: datetime, days: int, seed: int) -> None:
    moment = Moments(now).past(Ago(days), _MADRID, Random(seed)).astimezone(_MADRID)
    assert moment <= now
    assert moment.weekday() < 5
    assert abs((now.astimezone(_MADRID).date() - moment.date()).days - days) <= 2
    assert 8 <= moment.hour <= 17 or now - moment < timedelta(minutes=90)


def test_hours_ago_are_meant_to_the_minute_even_at_night() -> None:
    now = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    moment = Moments(now).past(Ago(0.125, exact=True), _MADRID, Random(1))
    assert timedelta(hours=3) <= now - moment < timedelta(hours=3, minutes=4)


@pytest.mark.parametrize(
    ("words", "day"), [("now+1", date(2026, 11, 23)), ("now+monday", date(2026, 11, 23)), ("now+4", date(2026, 11, 24))]
)
def test_what_is_coming_falls_on_a_working_day(words: str, day: date) -> None:
    assert Moments(datetime(2026, 11, 20, 9, 0, tzinfo=UTC)).coming(words) == day


def test_dates_are_spelled_as_people_spell_them() -> None:
    assert spell(date(2026, 11, 26), "en") == "Thursday 26 November"
    assert spell(date(2026, 11, 26), "es") == "jueves 26 de noviembre"


def test_a_weekend_moves_on_to_monday() -> None:
    assert [working_day(date(2026, 11, day)).day for day in (20, 21, 22, 23)] == [20, 23, 23, 23]


def test_a_slot_that_nothing_fills_stops_the_mail() -> None:
    moments = Moments(datetime(2026, 11, 20, tzinfo=UTC))
    with pytest.raises(KeyError):
        moments.fill("Hi {nobody}", "en", moments.now, {})
