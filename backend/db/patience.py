"""Giving up in time, for doors at which somebody waits: a database that hangs must not hang them too.

What is given up raises one of `MAY_GIVE_UP`, as does a database that cannot be reached; `is_given_up` tells it from
other errors of these kinds. Nothing that the block did is kept.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PatienceError

MAY_GIVE_UP = (OperationalError, PatienceError)
_SQLITE_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT}
_PRIMARY = 0xFF  # the part of an extended code that names the kind
_STEPS = 20_000  # of SQLite's machine between two looks at the clock: a millisecond or two


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited: for one statement, lock or connection; and for all that one session does together.

    Together with the last statement, begun just in time, the whole takes `session_s + statement_s` at most.
    """

    statement_s: float = 5
    session_s: float = 10
    login_s: int = 2

    @property
    def pool_options(self) -> dict[str, Any]:
        """How long a pool's connections are waited for."""
        return {"pool_timeout": self.login_s}


def is_given_up(error: BaseException) -> bool:
    """Whether the database did not answer in time, or not at all: on SQLite a missing table is of the same class."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return isinstance(error, MAY_GIVE_UP) and (code is None or code & _PRIMARY in _SQLITE_CODES)


def bound(engine: Engine, patience: Patience) -> None:
    """Let every session of the engine give up in time: the database by itself, and we between two statements."""
    is_sqlite = engine.dialect.name == "sqlite"
    event.listen(engine, "connect", _watch_sqlite(patience) if is_sqlite else _limit_postgresql(patience))
    event.listen(engine, "checkout", _begin_to_count)
    event.listen(engine, "before_cursor_execute", _look_at_the_clock(patience))


def _begin_to_count(_connection: Any, record: Any, _proxy: Any) -> None:
    record.info["since"] = monotonic()


def _limit_postgresql(patience: Patience) -> Any:
    def limit(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {round(patience.statement_s * 1000)}")
        connection.commit()

    return limit


def _watch_sqlite(patience: Patience) -> Any:
    def watch(connection: Any, record: Any) -> None:
        def is_late() -> bool:
            since: float = record.info.get("since", monotonic())
            return monotonic() - since > patience.session_s

        connection.set_progress_handler(is_late, _STEPS)

    return watch


def _look_at_the_clock(patience: Patience) -> Any:
    def look(connection: Connection, *_rest: Any) -> None:
        if monotonic() - connection.info["since"] > patience.session_s:
            raise PatienceError(f"The session took longer than {patience.session_s} s.")

    return look
