"""Workers that are killed at any moment deliver no step twice, and every step comes to its end.

`bench/kills.py` tries five hundred times; here it is a few commits all along on SQLite, one on PostgreSQL, and four
workers at once on both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from tests.cast import Office, open_office
from tests.outbox.kills import Kills, Process, before_sending, killable_process

pytestmark = pytest.mark.slow


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "gmail.db"


@pytest.fixture
def emulator(clock: VirtualClock, state: Path) -> Iterator[Emulator]:
    """A Gmail whose state the killed processes share."""
    emulator = Emulator(state, clock=clock)
    yield emulator
    emulator.close()


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    with killable_process() as process:
        yield process


@pytest.fixture
def kills(db: Database, clock: VirtualClock, emulator: Emulator, state: Path, process: Process) -> Kills:
    office: Office = open_office(db, clock, emulator)
    before_sending(office)
    return Kills(process, office, state)


def test_kill_9_in_each_state_delivers_no_step_twice_and_leaves_none_without_an_end(kills: Kills) -> None:
    seen = kills.undisturbed
    tries = 3 if kills.office.db.is_sqlite else 1
    for number in range(tries):
        moment = f"commit:{4 + (seen['commit'] - 6) * number // tries}"
        ends = kills.try_at((moment,))
        assert (ends.doubled, ends.endless, ends.states) == (0, 0, {"sent": 4}), moment
    assert kills.done == tries


def test_gunicorn_times_four_sends_every_mail_once(kills: Kills) -> None:
    """Four processes on one database, as four of a server's would be that all tick; three end after half a second."""
    ends = kills.try_at(("never:0", "ms:500", "ms:500", "ms:500"))
    assert (ends.doubled, ends.endless, ends.states) == (0, 0, {"sent": 4})


def test_four_workers_that_are_killed_deliver_no_step_twice(kills: Kills) -> None:
    ends = kills.try_at(("commit:9", "call:6", "statement:70", "never:0"))
    assert (ends.doubled, ends.endless) == (0, 0), ends
