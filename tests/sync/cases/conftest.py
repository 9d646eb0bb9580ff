from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from tests.cast import ALICE, BOB, Office, open_office
from tests.sync.cases.desk import Desk


@pytest.fixture
def desk(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Iterator[Desk]:
    """Alice's and bob's mailboxes, for cases in which the database does not matter."""
    desk = Desk.of(open_office(sqlite_db, clock, emulator, ALICE, BOB))
    yield desk
    desk.workers.close()


@pytest.fixture
def desk_on_both(two_reps: Office) -> Iterator[Desk]:
    """The same, on SQLite and on PostgreSQL."""
    desk = Desk.of(two_reps)
    yield desk
    desk.workers.close()


@pytest.fixture
def desk_on_postgres(postgresql_db: Database, clock: VirtualClock, emulator: Emulator) -> Iterator[Desk]:
    """The same, on PostgreSQL alone, where several workers write at once."""
    desk = Desk.of(open_office(postgresql_db, clock, emulator, ALICE, BOB))
    yield desk
    desk.workers.close()
