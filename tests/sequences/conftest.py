from __future__ import annotations

import pytest

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from tests.cast import ALICE, BOB, open_office
from tests.sequences.line import Line


@pytest.fixture
def line(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Line:
    """Acme's sequences, with alice's and bob's mailboxes."""
    line = Line(open_office(sqlite_db, clock, emulator, ALICE, BOB))
    line.office.sync()
    return line
