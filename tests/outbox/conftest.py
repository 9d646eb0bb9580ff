from __future__ import annotations

import pytest

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from tests.cast import open_office
from tests.outbox.desk import Outbox


@pytest.fixture
def outbox(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Outbox:
    """Acme's outbox, with alice's mailbox."""
    box = Outbox(open_office(sqlite_db, clock, emulator))
    box.office.sync()
    return box
