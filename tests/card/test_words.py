from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.extract import extract_from_dir

import backend.card
from backend.card.words import Words
from tests.card.samples import ENGLISH, NOW, SPANISH


@pytest.mark.parametrize(
    ("passed", "read"),
    [
        (timedelta(hours=-3), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(hours=2), "2h ago"),
        (timedelta(days=20), "3w ago"),
    ],
)
def test_moments_read_as_how_long_ago(passed: timedelta, read: str) -> None:
    assert ENGLISH.ago(NOW - passed) == read


def test_a_spanish_reader_reads_spanish_times_days_and_money() -> None:
    assert SPANISH.ago(NOW - timedelta(hours=2)) == "hace 2 h"
    assert SPANISH.day(date(2026, 12, 15)) == "15 dic"
    assert SPANISH.money(12_000_00, "EUR") == "12.000\xa0€"


@pytest.mark.parametrize(
    ("day", "read"),
    [
        (date(2026, 11, 20), "yesterday"),
        (date(2026, 11, 21), "today"),
        (date(2026, 11, 22), "tomorrow"),
        (date(2026, 12, 15), "Dec 15"),
        (date(2027, 1, 3), "Jan 3, 2027"),
    ],
)
def test_days_read_as_people_say_them(day: date, read: str) -> None:
    assert ENGLISH.day(day) == read


def test_today_is_the_readers_own_day() -> None:
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert Words(late, zone=ZoneInfo("Europe/Madrid")).day(date(2026, 11, 22)) == "today"
    assert Words(late).day(date(2026, 11, 22)) == "tomorrow"


def test_money_shows_cents_only_where_there_are_some() -> None:
    assert ENGLISH.money(12_000_00, "EUR") == "€12,000"
    assert ENGLISH.money(12_000_50, "USD") == "$12,000.50"
    assert ENGLISH.money(500, "JPY") == "¥500"
    assert ENGLISH.money(-5_00, "EUR") == "-€5"


def test_a_percent_sign_in_a_value_is_only_text() -> None:
    assert ENGLISH.gettext("%(name)s wrote %(when)s", name="100%s", when="%(x)s") == "100%s wrote %(x)s"


def test_pybabel_finds_every_sentence_of_the_cards() -> None:
    room = Path(backend.card.__file__).parent
    found = {m for _, _, m, _, _ in extract_from_dir(str(room), [("**.py", "python")])}
    sentences = {m for messages in found for m in (messages if isinstance(messages, tuple) else (messages,))}
    assert {"Create contact + deal", "%(name)s wrote %(when)s", "%(num)s people in this mail", "Undo"} <= sentences
    assert len(sentences) > 80
