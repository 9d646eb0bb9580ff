"""The engine and its sessions.

SQLite runs in WAL mode. A transaction that will write begins with BEGIN IMMEDIATE, because a reader that turns into a
writer is refused at once when somebody else wrote meanwhile (SQLITE_BUSY_SNAPSHOT); one that only reads blocks nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from backend.db.patience import Patience, bound
from backend.kit.errors import UserError

SQLITE_BUSY_TIMEOUT_S = 30
CACHE = "cache_size=-8000"  # kB for each connection; the rest of a large file is in the machine's own cache
_DRIVER = "enlace"
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


class Database:
    """One database, SQLite or PostgreSQL, and the way to its sessions.

    `read()` gives a session that sees one snapshot; `write()` gives one that commits when its block ends well and rolls
    back when it does not. Doors (HTTP, pages, jobs, commands) are the only callers.

    With `patience` it is for doors at which somebody waits: what takes longer is given up (`patience.bound`), and on
    PostgreSQL `read()` opens no transaction. There each statement sees a snapshot of its own in any case; without one
    two round trips are saved, and psycopg, which forgets prepared statements at each ROLLBACK, plans each only once.
    """

    def __init__(self, url: str, *, pool_size: int = 10, patience: Patience | None = None) -> None:
        self.url = _checked(url)
        self.engine = _make_engine(self.url, pool_size, patience)
        self._writing = self.engine.execution_options(enlace_write=True)
        if self.is_sqlite:
            self._writing.dialect = _WritingSqlite(dbapi=self.engine.dialect.dbapi, json_serializer=_dumps)
        is_single = patience is not None and not self.is_sqlite
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT") if is_single else self.engine

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    def exists(self) -> bool:
        """Whether there is anything to connect to yet; connecting to a SQLite file that is not there makes it."""
        file = make_url(self.url).database
        return not self.is_sqlite or (bool(file) and Path(str(file)).exists())

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; whatever it changed is rolled back."""
        with Session(self._reading, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose work is committed when the block ends, or not at all."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _checked(url: str) -> str:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UserError(
            f"“{url}” is not a database URL; write sqlite:///file.db or postgresql://user@host/name."
        ) from error
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise UserError(f"{parsed.get_backend_name()} is not supported; use SQLite or PostgreSQL in DATABASE_URL.")
    if parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
    return url


def _make_engine(url: str, pool_size: int, patience: Patience | None) -> Engine:
    how = {"json_serializer": _dumps, **(patience.pool_options if patience else {})}
    if make_url(url).get_backend_name() == "sqlite":
        busy_s = patience.statement_s if patience else SQLITE_BUSY_TIMEOUT_S
        ours = make_url(url).set(drivername=f"sqlite+{_DRIVER}")
        engine = create_engine(ours, connect_args={"timeout": busy_s}, **how)
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        login = {"connect_args": {"connect_timeout": patience.login_s}} if patience else {}
        engine = create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, **login, **how)
        event.listen(engine, "connect", _prepare_postgresql)
    if patience:
        bound(engine, patience)
    return engine


def _prepare_sqlite(connection: SqliteConnection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", CACHE):
        connection.execute(f"PRAGMA {pragma}")


class ReadingSqlite(SQLiteDialect_pysqlite):
    """SQLite whose transactions begin as we say, and not as Python's driver thinks.

    A listener for SQLAlchemy's "begin" would do as well, but an engine that has one looks for listeners at every turn
    of every statement: a tenth of what many small statements cost.
    """

    supports_statement_cache = True
    beginning = "BEGIN"

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin a transaction."""
        dbapi_connection.execute(self.beginning)


class _WritingSqlite(ReadingSqlite):
    supports_statement_cache = True
    beginning = "BEGIN IMMEDIATE"


registry.register(f"sqlite.{_DRIVER}", __name__, ReadingSqlite.__name__)


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()
