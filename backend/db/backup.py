"""Backups with each database's own means: SQLite's online backup, PostgreSQL's pg_dump and pg_restore."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy import inspect, make_url

from backend.db.engine import Database
from backend.kit.errors import UserError


def backup_database(db: Database, file: Path) -> None:
    """Write a consistent copy to `file` while others read and write. Raises `UserError`."""
    if not db.is_sqlite:
        _run_tool("pg_dump", "--format=custom", f"--file={file}", _postgres_url(db))
        return
    with sqlite3.connect(_sqlite_file(db)) as source, sqlite3.connect(file) as target:
        source.backup(target)
    source.close()
    target.close()


def restore_database(db: Database, file: Path) -> None:
    """Put a backup back. Raises `UserError` where the database holds something already, or the file is no backup."""
    if inspect(db.engine).get_table_names():
        raise UserError("The database is not empty; restore into a new one, so that nothing is overwritten.")
    if not db.is_sqlite:
        _run_tool("pg_restore", "--no-owner", f"--dbname={_postgres_url(db)}", str(file))
        return
    db.dispose()
    with sqlite3.connect(file) as source, sqlite3.connect(_sqlite_file(db)) as target:
        try:
            source.backup(target)
        except sqlite3.DatabaseError as error:
            raise UserError(f"{file} is not a backup that `enlace db backup` wrote.") from error
    source.close()
    target.close()


def _sqlite_file(db: Database) -> str:
    return make_url(db.url).database or ":memory:"


def _postgres_url(db: Database) -> str:
    return make_url(db.url).set(drivername="postgresql").render_as_string(hide_password=False)


def _run_tool(name: str, *arguments: str) -> None:
    tool = shutil.which(name)
    if tool is None:
        raise UserError(f"{name} is not installed here; install PostgreSQL's client programs and try again.")
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - found above
    if done.returncode:
        raise UserError(f"{name} failed: {done.stderr.strip().splitlines()[-1]}")
