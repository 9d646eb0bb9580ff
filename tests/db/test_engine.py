from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Integer, String, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from backend.db import Database, UtcDateTime, insert_ignoring, insert_returning, upsert
from backend.kit.errors import UserError


class _Base(DeclarativeBase):
    pass


class Moment(_Base):
    __tablename__ = "test_moments"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String, unique=True)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@pytest.fixture
def moments(db: Database) -> Database:
    _Base.metadata.create_all(db.engine)
    return db


def test_a_write_is_kept_when_its_block_ends_and_undone_when_it_fails(moments: Database) -> None:
    with moments.write() as session:
        session.add(Moment(name="kept"))
    with pytest.raises(RuntimeError), moments.write() as session:
        session.add(Moment(name="lost"))
        session.flush()
        raise RuntimeError
    with moments.read() as session:
        assert list(session.scalars(select(Moment.name))) == ["kept"]


def test_a_reading_session_changes_nothing(moments: Database) -> None:
    with moments.read() as session:
        session.add(Moment(name="ghost"))
        session.flush()
    with moments.read() as session:
        assert session.scalar(select(Moment.id)) is None


def test_times_come_back_aware_and_in_utc(moments: Database) -> None:
    written = datetime(2026, 3, 29, 3, 30, tzinfo=timezone(timedelta(hours=2)))
    with moments.write() as session:
        session.add(Moment(name="spring", at=written))
    with moments.read() as session:
        read = session.scalar(select(Moment.at))
    assert read == written
    assert read is not None
    assert read.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(moments: Database) -> None:
    with pytest.raises(StatementError, match="no time zone"), moments.write() as session:
        session.add(Moment(name="naive", at=datetime(2026, 1, 1)))  # noqa: DTZ001 - the point of the test


def test_inserts_ignore_update_and_return_in_order(moments: Database) -> None:
    with moments.write() as session:
        assert insert_returning(session, Moment, [{"name": "b"}, {"name": "a"}]) == [1, 2]
        insert_ignoring(session, Moment, [{"name": "a"}, {"name": "c"}])
        at = datetime(2026, 1, 1, tzinfo=UTC)
        upsert(session, Moment, [{"name": "a", "at": at}], key=["name"], change=["at"])
    with moments.read() as session:
        assert {row.name: row.at for row in session.execute(select(Moment.name, Moment.at))} == {
            "b": None,
            "a": at,
            "c": None,
        }


def test_a_reader_does_not_wait_for_a_writer(moments: Database) -> None:
    with moments.write() as writer:
        writer.add(Moment(name="slow"))
        writer.flush()
        with moments.read() as reader:
            assert reader.scalar(text("SELECT count(*) FROM test_moments")) == 0


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://root@localhost/x"])
def test_an_unusable_url_is_refused_with_the_remedy(url: str) -> None:
    with pytest.raises(UserError, match=r"sqlite|SQLite"):
        Database(url)
