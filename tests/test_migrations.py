from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select

from backend.accounts.service import create_workspace
from backend.accounts.tables import Workspace
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.kit.errors import UserError
from backend.mail.tables import Message
from backend.migrations import all_tables, downgrade, require_current, upgrade
from backend.records.tables import Record
from tests.cast import ALICE, DORA, open_office
from tests.databases import drop_postgres, new_postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with nothing in it."""
    if request.param == "sqlite":
        yield Database(f"sqlite:///{tmp_path / 'empty.db'}")
        return
    server = request.getfixturevalue("postgres_url")
    database = Database(new_postgres(server, f"enlace_empty_{os.getpid()}"))
    yield database
    database.dispose()
    drop_postgres(server, f"enlace_empty_{os.getpid()}")


def test_the_migrations_make_what_the_tables_say(empty_db: Database) -> None:
    upgrade(empty_db)
    with empty_db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": not empty_db.is_sqlite, "include_object": _is_ours}
        )
        assert compare_metadata(context, all_tables()) == []
    require_current(empty_db)


def _is_ours(_item: Any, name: str | None, kind: str, _reflected: object, _other: Any) -> bool:
    return kind != "table" or not (name or "").startswith(("message_search", "record_search", "procrastinate_"))


def test_the_migrations_go_all_the_way_down_and_up_again(empty_db: Database) -> None:
    upgrade(empty_db)
    downgrade(empty_db, "base")
    assert set(inspect(empty_db.engine).get_table_names()) == {"alembic_version"}
    upgrade(empty_db)
    require_current(empty_db)


def test_a_second_upgrade_changes_nothing(empty_db: Database) -> None:
    upgrade(empty_db)
    with empty_db.write() as session:
        create_workspace(session, VirtualClock(), "Acme")
    tables = set(inspect(empty_db.engine).get_table_names())
    upgrade(empty_db)
    require_current(empty_db)
    assert set(inspect(empty_db.engine).get_table_names()) == tables
    with empty_db.read() as session:
        assert session.scalars(select(Workspace.name)).all() == ["Acme"]


def test_a_database_in_use_goes_down_and_up_again_and_keeps_its_mail(
    empty_db: Database, clock: VirtualClock, emulator: Emulator
) -> None:
    upgrade(empty_db)
    office = open_office(empty_db, clock, emulator)
    office.mail(ALICE, DORA, "The offer")
    office.mail(DORA, ALICE, "Re: The offer")
    office.sync()
    downgrade(empty_db, "0007")
    upgrade(empty_db)
    office.mail(DORA, ALICE, "One more thing")
    office.sync()
    with empty_db.read() as session:
        assert sorted(session.scalars(select(Message.subject))) == ["One more thing", "Re: The offer", "The offer"]
        assert session.scalars(select(Record.name).where(Record.kind == "contact")).all() == [DORA]


def test_an_old_schema_is_named_with_the_command_that_mends_it(empty_db: Database) -> None:
    upgrade(empty_db)
    downgrade(empty_db, "0002")
    with pytest.raises(UserError, match="enlace db upgrade"):
        require_current(empty_db)


def test_the_database_of_another_version_is_refused_and_left_as_it_was(empty_db: Database) -> None:
    upgrade(empty_db)
    with empty_db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UserError, match="another version"):
        upgrade(empty_db)


def test_a_database_of_something_else_is_refused(empty_db: Database) -> None:
    with empty_db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE wp_posts (id INT)")
    with pytest.raises(UserError, match="not Enlace's"):
        upgrade(empty_db)
