"""The declarative base and the column types shared by all tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of the product; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(naming_convention=_NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime on both databases: SQLite keeps it naive, PostgreSQL as `timestamptz`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | datetime | None]:
        """Write SQLAlchemy's text ("2026-01-05 09:00:00.000000") for SQLite. Naive values raise `ValueError`."""
        write: Callable[[datetime], str | datetime] = _text_of if dialect.name == "sqlite" else _in_utc
        return lambda value: None if value is None else write(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every moment back as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


@lru_cache(maxsize=1_000)  # a batch of mail writes each of its moments a dozen times
def _text_of(moment: datetime) -> str:
    return _in_utc(moment).isoformat(" ", "microseconds")[:26]


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; times are aware UTC here")
    return moment.astimezone(UTC)


# SQLite makes only INTEGER primary keys its row id; PostgreSQL should have room for more than 2^31 rows.
BigKey = BigInteger().with_variant(Integer(), "sqlite")

PrimaryKey = Annotated[int, mapped_column(BigKey, primary_key=True, autoincrement=True)]


def json_type() -> Any:
    """A JSON column: text in SQLite, `jsonb` in PostgreSQL."""
    return JSON().with_variant(JSONB(), "postgresql")
