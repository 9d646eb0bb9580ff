from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from tests.card.addon import Addon, addon_for
from tests.card.test_pages import signed_in
from tests.cast import ALICE, BOB, open_office
from tests.sequences.line import Line


@pytest.fixture
def line(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Line:
    """Acme's sequences, with alice's and bob's mailboxes."""
    line = Line(open_office(sqlite_db, clock, emulator, ALICE, BOB))
    line.office.sync()
    return line


@pytest.fixture
def web(line: Line) -> Iterator[Addon]:
    """The office's web app."""
    with addon_for(line.office, is_demo=True, ENLACE_PUBLIC_URL="http://127.0.0.1:8000") as addon:
        yield addon


@pytest.fixture
def client(web: Addon) -> FlaskClient:
    """The browser of alice."""
    return signed_in(web.app.test_client(), ALICE)
