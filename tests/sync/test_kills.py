"""A sync that is killed at any moment and started again ends where one that ran through ends.

Each kill meets a fresh store: the one before the sync, copied. `bench/kills_sync.py` tries every moment; here it is
every commit on SQLite, a few on PostgreSQL, and statements drawn from a seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from tests.cast import Office, open_office
from tests.sync.kills import Kills, Process, before_first_sync, before_next_sync, killable_process

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


def test_a_first_sync_killed_at_any_moment_ends_where_an_undisturbed_one_ends(
    office: Office, process: Process, state: Path
) -> None:
    before_first_sync(office)
    kills = Kills(process, office, state)
    moments = moments_to_try(kills)
    for moment in moments:
        kills.try_at(moment)
    assert kills.done == len(moments)


def test_a_sync_killed_again_and_again_ends_where_an_undisturbed_one_ends(
    sqlite_db: Database, clock: VirtualClock, emulator: Emulator, process: Process, state: Path
) -> None:
    office = open_office(sqlite_db, clock, emulator)
    before_first_sync(office)
    kills = Kills(process, office, state)
    kills.try_at("commit:2", "commit:4", "commit:4", "commit:3", "call:9", "commit:4", "statement:90")
    assert kills.done == 7


def test_a_later_sync_killed_at_any_moment_ends_where_an_undisturbed_one_ends(
    office: Office, process: Process, state: Path
) -> None:
    before_next_sync(office)
    kills = Kills(process, office, state)
    moments = moments_to_try(kills)
    for moment in moments:
        kills.try_at(moment)
    assert kills.done == len(moments)


def moments_to_try(kills: Kills) -> list[str]:
    """Every commit and a few statements where a fresh store is cheap, a few of both where it is not."""
    seen = kills.undisturbed.seen
    commits = range(1, seen["commit"] + 1) if kills.is_sqlite else (seen["commit"] // 2, seen["commit"] - 1)
    statements = Random(17).sample(range(1, seen["statement"] + 1), 3 if kills.is_sqlite else 1)
    return [f"commit:{n}" for n in commits] + [f"statement:{n}" for n in statements]
