"""Columns read and written past the ORM, where a door asks a dozen questions and tenths of a millisecond count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult
from sqlalchemy.orm import Session
from sqlalchemy.sql import Executable

_CONNECTION = "enlace_connection"


def read_columns(session: Session, statement: Executable, values: Mapping[str, Any]) -> CursorResult[*tuple[Any, ...]]:
    """Execute a SELECT of columns (no entities) in the session's transaction, with all that it has changed so far."""
    if session.autoflush:
        session.flush()
    return _connection_of(session).execute(statement, values)


def write_columns(
    session: Session, statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> int:
    """Execute an INSERT or UPDATE of tables (no entities), after all that the session has changed so far.

    Several `values` are written one after the other by one statement. Returns how many rows were met.
    """
    session.flush()
    given = values if isinstance(values, Mapping) else list(values)
    return _connection_of(session).execute(statement, given).rowcount


def _connection_of(session: Session) -> Connection:
    """The connection of the session's transaction, looked for once in each: that costs as much as a small question."""
    known: tuple[object, Connection] | None = session.info.get(_CONNECTION)
    if known is None or known[0] is not session.get_transaction() or not session.is_active:
        connection = session.connection()
        known = session.info[_CONNECTION] = session.get_transaction(), connection
    return known[1]
