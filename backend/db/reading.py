"""Columns read past the ORM, for a door that asks a dozen questions and where tenths of a millisecond count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import CursorResult
from sqlalchemy.orm import Session
from sqlalchemy.sql import Executable


def read_columns(session: Session, statement: Executable, values: Mapping[str, Any]) -> CursorResult[*tuple[Any, ...]]:
    """Execute a SELECT of columns (no entities) in the session's transaction, with all that it has changed so far."""
    if session.autoflush:
        session.flush()
    return session.connection().execute(statement, values)
