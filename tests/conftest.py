"""What every test may ask for: both databases, freshly made for it, and a clock that moves when told.

One PostgreSQL server a run with one database, which is emptied after each test; on SQLite each test gets a copy of a
file with the schema.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import structlog

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.migrations import upgrade
from tests.cast import ALICE, BOB, Office, open_office
from tests.databases import empty_postgres, new_postgres, postgres_server

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
_numbers = count()


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that stands still until a test moves it."""
    return VirtualClock()


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command that a test runs here chooses what is logged, but only for itself."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real mail; tests that need it are skipped, by name, where it is absent."""
    if not DATA.is_dir():
        pytest.skip("../shared/data is not here: the corpus tests need it")
    return DATA


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server where we may create databases."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the present schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    _create_schema(f"sqlite:///{path}")
    return path


@pytest.fixture
def make_sqlite(sqlite_template: Path, tmp_path: Path) -> Callable[[], Database]:
    """Make SQLite databases with the present schema."""

    def make() -> Database:
        path = tmp_path / f"{next(_numbers)}.db"
        shutil.copy(sqlite_template, path)
        return Database(f"sqlite:///{path}")

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest) -> Database:
    """A fresh database with the present schema; each test that asks for it runs on both kinds."""
    database = request.getfixturevalue(f"{request.param}_db")
    assert isinstance(database, Database)
    return database


@pytest.fixture
def sqlite_db(sqlite_template: Path, _sqlite: Database) -> Iterator[Database]:
    """A fresh SQLite database, for tests that are not about the database."""
    path = Path(_sqlite.url.removeprefix("sqlite:///"))
    shutil.copy(sqlite_template, path)
    yield _sqlite
    _sqlite.dispose()
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink()


@pytest.fixture
def postgresql_db(_postgresql: Database) -> Iterator[Database]:
    """An empty PostgreSQL database."""
    yield _postgresql
    _postgresql.dispose()
    empty_postgres(_postgresql)
    _postgresql.dispose()


# One engine serves all tests of a kind: it keeps each statement that it has compiled.


@pytest.fixture(scope="session")
def _sqlite(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return Database(f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'enlace.db'}")


@pytest.fixture(scope="session")
def _postgresql(postgres_url: str) -> Database:
    url = new_postgres(postgres_url, f"enlace_{os.getpid()}")
    _create_schema(url)
    return Database(url, pool_size=4)


def _create_schema(url: str) -> None:
    database = Database(url)
    upgrade(database)
    database.dispose()


@pytest.fixture
def emulator(clock: VirtualClock) -> Iterator[Emulator]:
    """An empty Gmail on the test's clock."""
    emulator = Emulator(clock=clock)
    yield emulator
    emulator.close()


@pytest.fixture
def office(db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    """Acme with alice's mailbox."""
    return open_office(db, clock, emulator)


@pytest.fixture
def two_reps(db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    """Acme with alice's and bob's mailboxes."""
    return open_office(db, clock, emulator, ALICE, BOB)


def pytest_collection_finish() -> None:
    """Spare the garbage collector the modules, which stay: looking through them takes a fifth of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


# `make test` promises the whole suite: a part that cannot run is named, and the run is not green by accident.

_missing_parts: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what could not run for want of a part."""
    if report.skipped and "missing part: " in str(report.longrepr):
        _missing_parts.add(str(report.longrepr).rpartition("missing part: ")[2].rstrip("')"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where the whole suite was asked for and a part of it could not run."""
    if _missing_parts and os.environ.get("WHOLE_SUITE"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the parts that could not run."""
    for part in sorted(_missing_parts):
        terminalreporter.write_line(f"NOT RUN: {part}", red=True)
