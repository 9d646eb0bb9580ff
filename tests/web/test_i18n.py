from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from apiflask import APIFlask
from flask_babel import force_locale

from backend.kit.clock import VirtualClock
from backend.web import i18n
from backend.web.visitor import Visitor
from tests.web.conftest import ELENA, LUCIA, Door


@pytest.mark.parametrize(
    ("minor", "currency", "english", "spanish"),
    [
        (1_200_000, "EUR", "€12,000", "12.000\xa0€"),
        (123_456, "USD", "$1,234.56", "1.234,56\xa0US$"),
        (5_000, "JPY", "¥5,000", "5.000\xa0JPY"),
        (-50, "EUR", "-€0.50", "-0,50\xa0€"),
        (None, "EUR", "", ""),
    ],
)
def test_money_is_written_from_minor_units_as_the_language_does(
    app: APIFlask, minor: int | None, currency: str, english: str, spanish: str
) -> None:
    with app.test_request_context("/"):
        assert i18n.money(minor, currency) == english
        with force_locale("es"):
            assert i18n.money(minor, currency) == spanish


@pytest.mark.parametrize(
    ("delta", "english", "spanish"),
    [
        (timedelta(seconds=-30), "now", None),
        (timedelta(hours=-2), "2h ago", "hace 2 h"),
        (timedelta(days=3), "in 3d", "dentro de 3 d"),
        (timedelta(days=-40), "Nov 26, 2025", "26 nov 2025"),
        (timedelta(days=20), "Jan 25", "25 ene"),
    ],
)
def test_a_moment_is_told_by_its_distance_and_beyond_a_week_by_its_date(
    app: APIFlask, clock: VirtualClock, delta: timedelta, english: str, spanish: str | None
) -> None:
    with app.test_request_context("/"):
        assert i18n.ago(clock.now() + delta) == english
        if spanish:
            with force_locale("es"):
                assert i18n.ago(clock.now() + delta) == spanish


def test_a_day_is_the_visitors_day(app: APIFlask, clock: VirtualClock) -> None:
    clock.current = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    with app.test_request_context("/"):
        assert i18n.day_heading(datetime(2026, 1, 4, 23, 30, tzinfo=UTC)) == "Today"  # in Madrid it is past midnight
        assert i18n.day_heading(datetime(2026, 1, 4, 22, 30, tzinfo=UTC)) == "Yesterday"
        assert i18n.day_heading(date(2026, 1, 6)) == "Tomorrow"
        assert i18n.day_heading(date(2025, 12, 30)) == "Tue, Dec 30, 2025"
        assert i18n.clock_time(datetime(2026, 1, 4, 23, 30, tzinfo=UTC)) == "12:30\u202fAM"


@pytest.mark.parametrize(
    ("cookie", "who", "accepts", "language"),
    [
        ("", None, "es-MX,es;q=0.9,en;q=0.5", "es"),
        ("", None, "fr", "en"),
        ("", ELENA, "en", "es"),
        ("en", ELENA, "es", "en"),
        ("tlh", ELENA, "en", "es"),
    ],
)
def test_the_language_is_the_browsers_choice_then_the_persons_then_what_is_accepted(
    app: APIFlask, door: Door, *, cookie: str, who: Visitor | None, accepts: str, language: str
) -> None:
    door.visitor = who
    headers = {"Accept-Language": accepts, "Cookie": f"{i18n.LANGUAGE_COOKIE}={cookie}"}
    with app.test_request_context("/", headers=headers):
        assert i18n.choose_language() == language


def test_outside_requests_the_language_is_english_and_the_zone_utc(app: APIFlask) -> None:
    with app.app_context():
        assert (i18n.choose_language(), i18n.choose_timezone()) == ("en", None)


def test_numbers_carry_the_languages_separators(app: APIFlask, door: Door) -> None:
    door.visitor = LUCIA
    with app.test_request_context("/"):
        assert i18n.number(1234.5) == "1,234.5"
        assert i18n.number(None) == ""
        assert i18n.short_money(123_456_789, "EUR") == "€1.2M"
