"""Migrations: the schema's history (Alembic).

In: a database of any earlier version. Out: the present schema. Like a composition root it knows every room's tables.
"""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect

from backend.db import Base, Database
from backend.kit.errors import UserError

_HERE = Path(__file__).parent


def all_tables() -> MetaData:
    """Import every room's `tables.py` and return the metadata that they fill."""
    for module in sorted(_HERE.parent.glob("*/tables.py")):
        importlib.import_module(f"backend.{module.parent.name}.tables")
    return Base.metadata


def upgrade(db: Database) -> None:
    """Bring the schema up to date. Raises `UserError` for a database of a newer version, or one that is not ours."""
    refuse_strangers(db)
    with _migrating(db) as connection:
        command.upgrade(config(connection), "head")


def downgrade(db: Database, revision: str) -> None:
    """Take the schema back to a revision, "base" for none; tests use it to show that every step can be undone."""
    with _migrating(db) as connection:
        command.downgrade(config(connection), revision)


@contextmanager
def _migrating(db: Database) -> Iterator[Connection]:
    """One transaction for all steps.

    SQLite rebuilds a table to change it, and would meanwhile miss what refers to it: foreign keys are enforced again at
    the end, where each is looked at.
    """
    with db.engine.connect() as connection:
        before = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
        _enforce_foreign_keys(connection, "OFF")
        try:
            yield connection
            if MigrationContext.configure(connection).get_current_revision() != before:
                _check_foreign_keys(connection)
            connection.commit()
        finally:
            connection.rollback()
            _enforce_foreign_keys(connection, "ON")


def _enforce_foreign_keys(connection: Connection, value: Literal["ON", "OFF"]) -> None:
    """Switch them outside any transaction, where alone SQLite heeds it; PostgreSQL alters tables in place."""
    raw = connection.connection.driver_connection
    if isinstance(raw, sqlite3.Connection):
        raw.execute(f"PRAGMA foreign_keys={value}")


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        torn = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if torn is not None:
            raise AssertionError(f"a migration left rows of {torn[0]} that refer to no row of {torn[2]}")


def require_current(db: Database) -> None:
    """Raise `UserError` with the remedy unless the schema is the present one."""
    refuse_strangers(db)
    found, wanted = _revision(db), ScriptDirectory.from_config(config()).get_current_head()
    if found != wanted:
        raise UserError(
            f"The database's schema is {found or 'not set up'} and this version needs {wanted}; run: enlace db upgrade"
        )


def config(connection: object = None) -> Config:
    """Alembic's configuration, without a file of its own."""
    found = Config()
    found.set_main_option("script_location", str(_HERE))
    found.attributes["connection"] = connection
    return found


def _revision(db: Database) -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def refuse_strangers(db: Database) -> None:
    """Raise `UserError` for a database of a newer version or of something else; writes nothing."""
    found = _revision(db)
    known = {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}
    if found is not None and found not in known:
        raise UserError(
            f"The database was written by another version (schema {found}); install that version, or restore a backup."
        )
    strangers = sorted(set(inspect(db.engine).get_table_names()) - {"alembic_version"})
    if found is None and strangers:
        raise UserError(f"This database holds tables that are not Enlace's ({strangers[0]}, …); name an empty one.")
