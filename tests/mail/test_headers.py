"""Headers, encoded words, ids and dates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.mail.charsets import decode
from backend.mail.headers import LONGEST_VALUE, Headers, date_of, decode_words, message_ids


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?Presupuesto_n=C2=BA_3?=", "Presupuesto nº 3"),
        ("=?ISO-8859-1?B?RnLfbGljaA==?= x", "Frßlich x"),
        ("=?utf-8?b?8J+Y?= =?utf-8?b?gA==?=", "😀"),
        ("=?utf-8?q?a?= =?utf-8?q?b?= c", "ab c"),
        ("=?utf-8*en?q?caf=C3=A9?=", "café"),
        ("=?x-unknown?q?caf=C3=A9?=", "café"),
        ("a\r\n\tb", "a b"),
        ("=?utf-8?b?broken", "=?utf-8?b?broken"),
        ("\x00a", "a"),
    ],
)
def test_encoded_words_become_text(raw: str, expected: str) -> None:
    assert decode_words(raw) == expected


def test_a_lone_surrogate_becomes_storable() -> None:
    assert decode_words("a\ud800").encode("utf-8").startswith(b"a")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("<a@x.example>", ["a@x.example"]),
        ("<a@x.example> <b@x.example>", ["a@x.example", "b@x.example"]),
        ("<a @x.\r\n example>", ["a@x.example"]),
        ("a@x.example", ["a@x.example"]),
        ("<>", []),
        ("your mail of monday", []),
    ],
)
def test_message_ids_lose_brackets_and_spaces(raw: str, expected: list[str]) -> None:
    assert list(message_ids(raw)) == expected


def test_an_id_of_absurd_length_is_cut_to_a_line() -> None:
    assert len(next(message_ids("<" + "a" * 5000 + "@x.example>"))) == 998


def test_dates_are_utc_and_nonsense_is_none() -> None:
    assert date_of("Mon, 5 Jan 2026 10:00:00 +0100") == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert date_of("Mon, 5 Jan 2026 10:00:00 -0000") == datetime(2026, 1, 5, 10, tzinfo=UTC)
    for nonsense in ("", "soon", "Mon, 99 Jan 2026", "Mon, 5 Jan 99999 10:00:00"):
        assert date_of(nonsense) is None


@given(st.text(max_size=80))
def test_no_text_makes_the_date_or_the_words_raise(raw: str) -> None:
    date = date_of(raw)
    assert date is None or date.tzinfo is not None
    assert isinstance(decode_words(raw), str)


def test_a_header_of_a_megabyte_is_cut_and_says_so() -> None:
    headers = Headers({"headers": [{"name": "X-Big", "value": "a" * 1_000_000}]})
    assert len(headers.first("x-big")) == LONGEST_VALUE
    assert headers.cut


def test_headers_are_found_by_any_case_and_keep_their_order() -> None:
    headers = Headers({"headers": [{"name": "TO", "value": "a"}, {"name": "to", "value": "b"}]})
    assert headers.all("to") == ["a", "b"]
    assert headers.first("cc") == ""


@pytest.mark.parametrize(
    ("data", "declared", "expected"),
    [
        ("café".encode(), "iso-8859-1", "café"),  # Gmail's UTF-8 under the old label
        ("café".encode("latin-1"), "iso-8859-1", "café"),
        ("€".encode("cp1252"), "", "€"),
        ("会社".encode("iso-2022-jp"), "iso-2022-jp", "会社"),
        (b"\\x41\xff", "unicode_escape", "\\x41ÿ"),
        (b"abc", "zip", "abc"),
        (b"abc", "a\x00b", "abc"),
    ],
)
def test_bytes_are_read_as_what_they_are(data: bytes, declared: str, expected: str) -> None:
    assert decode(data, declared) == (expected, True)


def test_bytes_of_no_character_set_are_kept_and_reported() -> None:
    assert decode(b"\x81\x8d", "utf-8")[1] is False
