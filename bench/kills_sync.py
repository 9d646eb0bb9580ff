"""Kill -9 anywhere in a sync: how often it was tried, and how often the end differed from an undisturbed sync's.

A first sync of a mailbox and a later one, each run from a fresh store, killed with SIGKILL and resumed: at every commit
and return of a connection, at statements and calls of Gmail all along, and at times drawn from a seed; on SQLite, and
at fewer moments on PostgreSQL. Beside the end, the quota used is held against one batch of double work.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.migrations import upgrade
from bench.figure import Figure
from tests.cast import Office, open_office
from tests.databases import new_postgres, postgres_server
from tests.sync.kills import Kills, before_first_sync, before_next_sync, killable_process

SEED = 23
# Of each kind of moment every n-th is tried, and so many times out of the blue.
SQLITE = {"commit": 1, "checkin": 1, "statement": 4, "call": 6}
POSTGRESQL = {"commit": 1, "checkin": 3, "statement": 24, "call": 40}
OUT_OF_THE_BLUE = 12


def run() -> Iterator[Figure]:
    """Kill on both databases."""
    print(f"seed {SEED}", file=sys.stderr)
    kills = divergences = 0
    with postgres_server() as server, killable_process() as process:
        for prepare in (before_first_sync, before_next_sync):
            for url, every in ((None, SQLITE), (new_postgres(server, prepare.__name__), POSTGRESQL)):
                with _office(url, prepare) as (office, state):
                    tried = Kills(process, office, state)
                    divergences += sum(_diverges(tried, moment) for moment in _moments(tried, every))
                    kills += tried.done
    yield Figure("kills_sync", "kills", kills)
    yield Figure("kills_sync", "divergences", divergences, 0)


@contextmanager
def _office(url: str | None, prepare: Callable[[Office], None]) -> Iterator[tuple[Office, Path]]:
    with tempfile.TemporaryDirectory(prefix="kills") as name:
        state, clock = Path(name) / "gmail.db", VirtualClock()
        db, emulator = Database(url or f"sqlite:///{name}/store.db"), Emulator(state, clock=clock)
        upgrade(db)
        office = open_office(db, clock, emulator)
        prepare(office)
        yield office, state
        emulator.close()


def _moments(kills: Kills, every: dict[str, int]) -> Iterator[str]:
    chance = Random(SEED)
    for kind, step in every.items():
        for number in range(1 + chance.randrange(step), kills.undisturbed.seen[kind] + 1, step):
            yield f"{kind}:{number}"
    for _ in range(OUT_OF_THE_BLUE):
        yield f"ms:{chance.randrange(20, 400)}"


def _diverges(kills: Kills, moment: str) -> bool:
    try:
        kills.try_at(moment)
    except AssertionError as error:
        print(f"killed at {moment}: {error}", file=sys.stderr)
        return True
    return False
