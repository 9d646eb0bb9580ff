from __future__ import annotations

from collections.abc import Collection

import pytest
from sqlalchemy import String, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from backend.db import Database, among, beside, read_columns, table_of


class _Base(DeclarativeBase):
    pass


class Thing(_Base):
    __tablename__ = "test_things"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(6))


NAMES = ["a", "b'c", 'd"e', "ñ{}", "[1,2]", "abcdef"]
BY_ID, BY_NAME = (select(Thing.id).where(among(table_of(Thing).c[column], "values")) for column in ("id", "name"))


@pytest.fixture
def things(db: Database) -> Database:
    _Base.metadata.drop_all(db.engine)
    _Base.metadata.create_all(db.engine)
    with db.write() as session:
        session.execute(insert(Thing), [{"id": i, "name": name} for i, name in enumerate(NAMES)])
    return db


@pytest.mark.parametrize("ids", [(), (3,), {1, 2, 99}, range(1_000)])
def test_rows_are_found_by_any_number_of_numbers(things: Database, ids: Collection[int]) -> None:
    with things.read() as session:
        found = set(read_columns(session, BY_ID, {"values": ids}).scalars())
    assert found == set(ids) & set(range(len(NAMES)))


@pytest.mark.parametrize("names", [[], NAMES, ["a", "B'C", "none"]])
def test_rows_are_found_by_texts_of_any_kind(things: Database, names: list[str]) -> None:
    with things.read() as session:
        found = read_columns(session, BY_NAME, {"values": names}).scalars()
        assert {NAMES[i] for i in found} == set(names) & set(NAMES)


def test_a_text_that_is_too_long_for_the_column_is_not_cut_to_one_that_is_there(things: Database) -> None:
    with things.read() as session:
        assert read_columns(session, BY_NAME, {"values": ["abcdefg"]}).first() is None


def test_a_number_beside_others_leads_sqlite_to_no_index_and_is_not_hidden_from_postgresql(db: Database) -> None:
    written = str(select(table_of(Thing).c.name).where(beside(table_of(Thing).c.id) == 1).compile(db.engine))
    assert ("+test_things.id = " in written) is db.is_sqlite
    assert ("WHERE test_things.id = " in written) is not db.is_sqlite


def test_a_number_beside_others_is_compared_as_it_is(things: Database) -> None:
    thing = table_of(Thing).c
    with things.read() as session:
        assert session.scalars(select(thing.id).where(beside(thing.id) == 1)).all() == [1]
