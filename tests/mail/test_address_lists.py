"""Address headers, as mail programs and worse write them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.mail.address_lists import addresses_in


def read(raw: str) -> list[tuple[str, str]]:
    return [(address.email, address.name) for address in addresses_in(raw)[0]]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("jane@x.example", [("jane@x.example", "")]),
        ("Jane Doe <jane@x.example>, bob@x.example", [("jane@x.example", "Jane Doe"), ("bob@x.example", "")]),
        ('"Doe, Jane" <jane@x.example>', [("jane@x.example", "Doe, Jane")]),
        ("=?utf-8?q?Do=C3=AB=2C_Jane?= <jane@x.example>", [("jane@x.example", "Doë, Jane")]),
        ("=?UTF-8?B?SmFuZSA8amFuZUB4LmV4YW1wbGU+?=", [("jane@x.example", "Jane")]),
        ("jane@x.example (Jane (at X) Doe)", [("jane@x.example", "Jane (at X) Doe")]),
        ("jane@x.example; bob@x.example", [("jane@x.example", ""), ("bob@x.example", "")]),
        ("undisclosed-recipients:;", []),
        ("Team: jane@x.example, Bob <bob@x.example>;", [("jane@x.example", ""), ("bob@x.example", "Bob")]),
        ("<@relay.example,@other.example:jane@x.example>", [("jane@x.example", "")]),
        ('"a \\"big\\" name" <jane@x.example>', [("jane@x.example", 'a "big" name')]),
        ('"jane doe"@x.example', [('"jane doe"@x.example', "")]),
        ("jane@x.example <jane@x.example>", [("jane@x.example", "")]),
    ],
)
def test_each_person_is_one_address(raw: str, expected: list[tuple[str, str]]) -> None:
    assert read(raw) == expected
    assert addresses_in(raw)[1] == 0


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Jane <jane@x.example, bob@x.example", [("jane@x.example", "Jane"), ("bob@x.example", "")]),
        ('"Jane <jane@x.example>', [("jane@x.example", "Jane")]),
        ("Jane jane@x.example>, bob@x.example", [("bob@x.example", "")]),
        ("jane, bob@x.example", [("bob@x.example", "")]),
    ],
)
def test_one_broken_entry_does_not_spoil_the_others(raw: str, expected: list[tuple[str, str]]) -> None:
    assert read(raw) == expected


def test_what_is_no_address_is_counted() -> None:
    assert addresses_in("jane, bob@x.example, x y@z.example")[1] == 2


@given(st.text(alphabet='ab@.<>(),:;"\\ =?\x00é\n', max_size=60))
def test_no_header_makes_it_raise_or_invent_an_address(raw: str) -> None:
    for address in addresses_in(raw)[0]:
        assert "@" in address.email


@pytest.mark.parametrize("unit", ["(", '"\\', "<", "a@b,", "a <", ":", '"a"', "=?a?q?", "\\"])
def test_a_header_of_100_kilobytes_is_read_in_linear_time(unit: str) -> None:
    raw = unit * (100_000 // len(unit))
    started = time.process_time()
    addresses_in(raw)
    assert time.process_time() - started < 2
