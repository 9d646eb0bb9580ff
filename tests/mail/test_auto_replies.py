"""When somebody is back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.mail.auto_replies import auto_reply_until
from tests.mail.measured import AWAY, MONDAY, RETURN, day_of_return


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I am out of the office until January 12th.", date(2026, 1, 12)),
        ("Away 20 Dec to 9 Jan, back on Monday 12 January 2026.", date(2026, 1, 12)),
        ("I am away until 3 February. The fair is on 20 March.", date(2026, 2, 3)),
        ("Estaré fuera de la oficina hasta el 15 de enero.", date(2026, 1, 15)),
        ("Ich bin bis 12.01. nicht im Büro.", date(2026, 1, 12)),
        ("Ab dem 12.01.2026 bin ich wieder da.", date(2026, 1, 12)),
        ("Je serai de retour le 3 février.", date(2026, 2, 3)),
        ("Sono assente fino al 10 gennaio.", date(2026, 1, 10)),
        ("Estarei ausente até 9 de janeiro de 2026.", date(2026, 1, 9)),
        ("Ik ben terug op 14 januari.", date(2026, 1, 14)),
        ("Nieobecny do 14 stycznia.", date(2026, 1, 14)),
        ("Меня не будет до 14 января.", date(2026, 1, 14)),
        ("2026年1月15日まで不在です。", date(2026, 1, 15)),
        ("1월 10일까지 부재중입니다.", date(2026, 1, 10)),
        ("I will return on 2026-02-01.", date(2026, 2, 1)),
        ("Returning 01/09/2026.", date(2026, 1, 9)),
        ("I'm back on Monday.", date(2026, 1, 12)),
        ("Vuelvo el viernes.", date(2026, 1, 9)),
        ("Back on 2 January.", date(2027, 1, 2)),
        ("We answer 24/7. Call 555 1234.", None),
        ("May I help you?", None),
        ("Until 31 February.", None),
        ("Back on 1 May 1999.", None),
    ],
)
def test_the_day_of_return_is_read_in_many_languages(text: str, expected: date | None) -> None:
    assert auto_reply_until(text, "Automatic reply", MONDAY) == expected


def test_a_day_in_the_quoted_mail_is_not_the_day_of_return() -> None:
    text = "I am away.\n\nOn Mon, Jan 5, 2026 at 9:00 AM Alice <alice@acme.example> wrote:\n> Until 20 February?"
    assert auto_reply_until(text, "", MONDAY) is None


def test_the_subject_may_say_it() -> None:
    assert auto_reply_until("I am away.", "Out of office until 9 January", MONDAY) == date(2026, 1, 9)


@given(st.text(max_size=200), st.datetimes(timezones=st.just(UTC)))
def test_no_text_makes_it_raise_and_no_day_lies_behind(text: str, now: datetime) -> None:
    day = auto_reply_until(f"until {text} January 12", text, now)
    assert day is None or day >= now.date()


@pytest.mark.parametrize("language", AWAY)
def test_out_of_office_in_twelve_languages_is_known_without_headers_and_says_until_when(language: str) -> None:
    assert day_of_return(language) == RETURN
