"""INSERT in the three forms that both databases share but SQLAlchemy's generic `insert()` does not offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import DeclarativeBase, Session

Rows = Sequence[Mapping[str, Any]]
Combine = Callable[[Any, Any], Any]


def insert_ignoring(session: Session, model: type[DeclarativeBase], rows: Rows) -> None:
    """Insert `rows`; those that a unique constraint already holds are left as they are."""
    if rows:
        session.execute(_insert(session, model).on_conflict_do_nothing(), list(rows))


def upsert(
    session: Session, model: type[DeclarativeBase], rows: Rows, *, key: Sequence[str], change: Sequence[str] = (),
    combine: Mapping[str, Combine] | None = None,
) -> None:  # fmt: skip
    """Insert `rows`; where `key` exists already, overwrite the columns in `change`.

    `combine` makes a column's new value of the one there and the one given, as in `{"count": operator.add}`.
    """
    if rows:
        statement, present = _insert(session, model), table_of(model).c
        changes = {name: statement.excluded[name] for name in change}
        changes |= {name: of(present[name], statement.excluded[name]) for name, of in (combine or {}).items()}
        session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changes), list(rows))


def insert_rows(session: Session, model: type[DeclarativeBase], rows: Rows) -> None:
    """Insert `rows`, past the ORM: its bulk insert spends as much again on each."""
    if rows:
        session.execute(table_of(model).insert(), list(rows))


def insert_returning(session: Session, model: type[DeclarativeBase], rows: Rows) -> list[int]:
    """Insert `rows` and return each one's `id`, in the order of `rows`.

    PostgreSQL takes all rows in one statement. SQLite would need one statement a row to return them in order; but as it
    has one writer, who holds the lock since the transaction began, the next ids are known beforehand.
    """
    if not rows:
        return []
    table = table_of(model)
    if session.get_bind().dialect.name == "postgresql":
        statement = table.insert().returning(table.c.id, sort_by_parameter_order=True)
        return list(session.scalars(statement, list(rows)))
    first = (session.scalar(select(func.max(table.c.id))) or 0) + 1
    ids = list(range(first, first + len(rows)))
    session.execute(table.insert(), [{**row, "id": i} for i, row in zip(ids, rows, strict=True)])
    return ids


def serialise(session: Session, purpose: str, number: int) -> None:
    """Let one transaction at a time do `purpose` for `number` (a workspace, say), until it ends.

    SQLite has one writer anyway; PostgreSQL takes an advisory lock.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(purpose), number)))


def table_of(model: type[DeclarativeBase]) -> Table:
    """The table behind a model: statements on it pass the ORM by, which costs more than the database on a short one."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _insert(session: Session, model: type[DeclarativeBase]) -> Any:
    dialect = session.get_bind().dialect.name
    return postgresql_insert(table_of(model)) if dialect == "postgresql" else sqlite_insert(table_of(model))
