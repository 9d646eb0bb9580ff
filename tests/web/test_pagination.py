from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.errors import UserError
from backend.web.pagination import cut_page, decode_cursor, encode_cursor

INTEGERS = st.integers(-(2**63) + 1, 2**63 - 1)
STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(INTEGERS, STORABLE, st.datetimes(timezones=st.just(UTC)), st.dates(), st.booleans())
def test_a_cursor_gives_back_the_sort_keys_that_went_in(
    number: int,
    text: str,
    moment: datetime,
    day: date,
    flag: bool,  # noqa: FBT001 - hypothesis hands it in
) -> None:
    keys = (number, text, moment, day, flag)
    assert decode_cursor(encode_cursor(*keys), int, str, datetime, date, bool) == keys


def test_a_sort_key_may_be_missing() -> None:
    assert decode_cursor(encode_cursor(None, 3), datetime, int) == (None, 3)


@given(st.text())
def test_any_other_word_is_refused_in_one_sentence(word: str) -> None:
    with pytest.raises(UserError, match="page mark"):
        decode_cursor(word + "~", int)


def test_a_text_loses_what_no_database_stores() -> None:
    assert decode_cursor(encode_cursor("a\0b"), str) == ("ab",)


def test_a_moment_without_its_zone_is_read_as_utc() -> None:
    word = urlsafe_b64encode(b'["2026-01-05T09:00:00"]').decode()
    assert decode_cursor(word, datetime) == (datetime(2026, 1, 5, 9, tzinfo=UTC),)


@pytest.mark.parametrize(
    "content", [b"{}", b"[]", b"[1,2]", b'["one"]', b"[true]", b"[9223372036854775808]", b"\xff", b"[" * 100_000]
)
def test_a_cursor_of_another_shape_is_refused(content: bytes) -> None:
    with pytest.raises(UserError, match="page mark"):
        decode_cursor(urlsafe_b64encode(content).decode(), int)


def test_a_moment_that_is_none_is_refused() -> None:
    with pytest.raises(UserError, match="page mark"):
        decode_cursor(encode_cursor("tomorrow"), datetime)


@given(st.lists(INTEGERS, unique=True, max_size=30), st.integers(1, 7))
def test_walking_the_pages_shows_every_row_once(numbers: list[int], limit: int) -> None:
    rows = sorted(numbers)
    seen: list[int] = []
    cursor: str | None = encode_cursor(None)
    while cursor:
        (after,) = decode_cursor(cursor, int)
        rest = [row for row in rows if after is None or row > after]
        page = cut_page(rest[: limit + 1], limit, lambda row: (row,))
        seen += page.items
        cursor = page.next_cursor
    assert seen == rows
