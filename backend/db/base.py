"""The declarative base and the column types shared by all tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, TypeDecorator
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeEngine

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


class _SqliteMoment(sqlite.DATETIME):
    """SQLAlchemy's text ("2026-01-05 09:00:00.000000") for a moment in UTC, made in a quarter of the time."""

    def bind_processor(self, _dialect: Dialect) -> Callable[[datetime | None], str | None]:
        """Leave out the zone, which is always UTC."""
        return lambda value: None if value is None else value.isoformat(" ", "microseconds")[:26]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime on both databases: SQLite keeps it naive, PostgreSQL as `timestamptz`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose what the database keeps."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_SqliteMoment())  # type: ignore[no-untyped-call]  # SQLAlchemy's __init__
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuse naive values."""
        if value is None or value.tzinfo is UTC:
            return value
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; times are aware UTC here")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every moment back as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


# SQLite makes only INTEGER primary keys its row id; PostgreSQL should have room for more than 2^31 rows.
BigKey = BigInteger().with_variant(Integer(), "sqlite")

PrimaryKey = Annotated[int, mapped_column(BigKey, primary_key=True, autoincrement=True)]


def json_type() -> Any:
    """A JSON column: text in SQLite, `jsonb` in PostgreSQL."""
    return JSON().with_variant(JSONB(), "postgresql")
