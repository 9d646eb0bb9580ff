"""What the tests of sync share."""

from __future__ import annotations

import pytest

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from tests.cast import Office, open_office


@pytest.fixture
def sqlite_office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    """Acme with alice's mailbox, for tests that are not about the database."""
    return open_office(sqlite_db, clock, emulator)
