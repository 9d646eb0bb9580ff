from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.db import Database
from backend.db.search import SearchIndex, searchable

INDEX = SearchIndex("test_search")


@pytest.fixture
def indexed(db: Database) -> Iterator[Database]:
    with db.engine.begin() as connection:
        for statement in INDEX.statements(db.engine.dialect.name):
            connection.exec_driver_sql(statement)
    with db.write() as session:
        documents = [(1, "Ana Núñez <ana@nordwind.example>"), (2, "Offer for 40 seats"), (3, "o'clock \\ ' \" * : & |")]
        INDEX.add(session, documents)
    yield db
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE {INDEX.name}")


def found(db: Database, query: str) -> list[int]:
    with db.read() as session:
        select = INDEX.matching(session, query)
        return [] if select is None else sorted(session.scalars(select))


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("nunez", [1]),
        ("NÚÑEZ", [1]),
        ("ana nord", [1]),
        ("nordwind.example", [1]),
        ("offer seats", [2]),
        ("offer ana", []),
        ("sea", [2]),
        ("clock", [3]),
        ("", []),
        ("'; DROP TABLE", []),
    ],
)
def test_words_are_found_whatever_their_case_accents_and_order(indexed: Database, query: str, ids: list[int]) -> None:
    assert found(indexed, query) == ids


def test_what_is_removed_is_no_longer_found(indexed: Database) -> None:
    with indexed.write() as session:
        INDEX.remove(session, [(2, "Offer for 40 seats")])
    assert found(indexed, "seats") == []
    assert found(indexed, "nunez") == [1]


@given(st.text())
def test_what_is_indexed_is_words_and_spaces(text: str) -> None:
    indexed_text = searchable(text)
    assert all(character in {" ", "_"} or character.isalnum() for character in indexed_text)
    assert searchable(indexed_text).split() == indexed_text.split() or not text.isascii()


@given(st.text(st.characters(codec="ascii")))
def test_text_in_ascii_is_divided_like_any_other(text: str) -> None:
    assert searchable(text).split() == searchable(f"{text} \N{EM DASH}").split()
