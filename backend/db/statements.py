"""INSERT in the three forms that both databases share but SQLAlchemy's generic `insert()` does not offer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BigInteger, Select, Table, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import DeclarativeBase, Session

from backend.db.reading import write_columns

Rows = Sequence[Mapping[str, Any]]
Combine = Callable[[Any, Any], Any]


def insert_ignoring(session: Session, model: type[DeclarativeBase], rows: Rows) -> None:
    """Insert `rows`; those that a unique constraint already holds are left as they are."""
    if rows:
        write_columns(session, _insert_ignoring(_dialect(session), model), rows)


def upsert(
    session: Session, model: type[DeclarativeBase], rows: Rows, *, key: Sequence[str], change: Sequence[str] = (),
    combine: Mapping[str, Combine] | None = None,
) -> None:  # fmt: skip
    """Insert `rows`; where `key` exists already, overwrite the columns in `change`.

    `combine` makes a column's new value of the one there and the one given, as in `{"count": operator.add}`.
    """
    if rows:
        combined = tuple((combine or {}).items())
        write_columns(session, _upsert(_dialect(session), model, tuple(key), tuple(change), combined), rows)


def insert_rows(session: Session, model: type[DeclarativeBase], rows: Rows) -> None:
    """Insert `rows`, past the ORM: its bulk insert spends as much again on each."""
    if rows:
        write_columns(session, _insert(_dialect(session), model), rows)


def insert_returning(session: Session, model: type[DeclarativeBase], rows: Rows) -> list[int]:
    """Insert `rows` and return each one's `id`, in the order of `rows`.

    The ids are drawn beforehand. RETURNING would need one statement a row on SQLite to come in order, and on PostgreSQL
    one that is as long as the batch, which psycopg reads through each time.
    """
    if not rows:
        return []
    session.flush()
    ids = _draw_ids(session, model, len(rows))
    insert_rows(session, model, [{**row, "id": i} for i, row in zip(ids, rows, strict=True)])
    return ids


def _draw_ids(session: Session, model: type[DeclarativeBase], count: int) -> list[int]:
    """Take the next ids: from PostgreSQL's sequence; SQLite has one writer, who holds the lock by now."""
    if _dialect(session) == "postgresql":
        return sorted(session.connection().scalars(_next_ids(model), {"count": count}))
    first = (session.connection().scalar(_highest_id(model)) or 0) + 1
    return list(range(first, first + count))


def serialise(session: Session, purpose: str, number: int) -> None:
    """Let one transaction at a time do `purpose` for `number` (a workspace, say), until it ends.

    SQLite has one writer anyway; PostgreSQL takes an advisory lock.
    """
    if _dialect(session) == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(purpose), number)))


@contextmanager
def planned_anew(session: Session) -> Iterator[None]:
    """Let PostgreSQL plan what is asked meanwhile by its values and by how large the tables are now.

    It keeps one plan for all values otherwise: made while a table was empty, it reads all of it for each thousand ids.
    """
    if _dialect(session) != "postgresql":
        yield
        return
    session.execute(_PLAN_ANEW)
    yield
    session.execute(_PLAN_AS_USUAL)


def table_of(model: type[DeclarativeBase]) -> Table:
    """The table behind a model: statements on it pass the ORM by, which costs more than the database on a short one."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


_PLAN_ANEW, _PLAN_AS_USUAL = (
    text("SET LOCAL plan_cache_mode = force_custom_plan"),
    text("SET LOCAL plan_cache_mode = auto"),
)

# Each built once: building it takes Python longer than writing a few rows takes the database.


@cache
def _insert_ignoring(dialect: str, model: type[DeclarativeBase]) -> Any:
    return _insert(dialect, model).on_conflict_do_nothing()


@lru_cache(maxsize=500)
def _upsert(
    dialect: str,
    model: type[DeclarativeBase],
    key: tuple[str, ...],
    change: tuple[str, ...],
    combine: tuple[tuple[str, Combine], ...],
) -> Any:
    statement, present = _insert(dialect, model), table_of(model).c
    changes = {name: statement.excluded[name] for name in change}
    changes |= {name: of(present[name], statement.excluded[name]) for name, of in combine}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changes)


@cache
def _next_ids(model: type[DeclarativeBase]) -> Select[int]:
    sequence = func.pg_get_serial_sequence(table_of(model).name, "id")
    return select(func.nextval(sequence, type_=BigInteger)).select_from(func.generate_series(1, bindparam("count")))


@cache
def _highest_id(model: type[DeclarativeBase]) -> Select[int]:
    return select(func.max(table_of(model).c.id))


@cache
def _insert(dialect: str, model: type[DeclarativeBase]) -> Any:
    return postgresql_insert(table_of(model)) if dialect == "postgresql" else sqlite_insert(table_of(model))


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name
