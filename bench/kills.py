"""Kill -9 anywhere while mail is sent: steps that were delivered more than once, and steps that came to no end.

Five hundred runs from a fresh store and a fresh Gmail: two people, a sequence of two mails each. Workers are killed
with SIGKILL at commits, statements, returned connections and calls of Gmail all along, and at times drawn from a seed;
some are resumed and killed again, and then each run is let through to its end. With one worker and with four at once,
whose clocks run apart so that leases expire under workers that live; on SQLite and on PostgreSQL. KILLS=n: fewer runs.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
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
from tests.outbox.kills import Kills, before_sending, killable_process

SEED = 20
RUNS = int(os.environ.get("KILLS", "500"))
MOMENTS = ("commit", "commit", "statement", "checkin", "call")
SHARES = {("sqlite", 1): 0.5, ("sqlite", 4): 0.2, ("postgresql", 1): 0.2, ("postgresql", 4): 0.1}


def run() -> Iterator[Figure]:
    """Kill on both databases; what went wrong is printed with the moments that led there."""
    print(f"seed {SEED}, {RUNS} runs", file=sys.stderr)
    chance, ends, kills = Random(SEED), Counter[str](), 0
    with postgres_server() as server, killable_process() as process:
        for (kind, workers), share in SHARES.items():
            url = None if kind == "sqlite" else new_postgres(server, f"kills_{workers}")
            with _office(url) as (office, state):
                tried = Kills(process, office, state)
                for _ in range(round(RUNS * share)):
                    _try(tried, workers, chance, ends)
                kills += tried.done
    yield Figure("kills", "runs", RUNS)
    yield Figure("kills", "workers_killed", kills)
    for name in ("sent", "skipped", "vetoed", "unknown"):
        yield Figure("kills", f"steps_{name}", ends[name])
    yield Figure("kills", "steps_delivered_more_than_once", ends["doubled"], 0)
    yield Figure("kills", "steps_without_an_end", ends["endless"], 0)


def _try(kills: Kills, workers: int, chance: Random, ends: Counter[str]) -> None:
    seen = kills.undisturbed
    orders = [tuple(_moment(seen, chance) for _ in range(workers)) for _ in range(chance.choice((1, 1, 2)))]
    found = kills.try_at(*orders)
    ends.update(found.states)
    ends.update(doubled=found.doubled, endless=found.endless)
    if found.doubled or found.endless:
        print(f"killed at {orders}: {found}", file=sys.stderr)


def _moment(seen: Mapping[str, int], chance: Random) -> str:
    if chance.random() < 0.1:
        return f"ms:{chance.randrange(20, 1500)}"
    kind = chance.choice(MOMENTS)
    return f"{kind}:{chance.randrange(1, seen[kind] + 1)}"


@contextmanager
def _office(url: str | None) -> Iterator[tuple[Office, Path]]:
    with tempfile.TemporaryDirectory(prefix="kills") as name:
        state, clock = Path(name) / "gmail.db", VirtualClock()
        db, emulator = Database(url or f"sqlite:///{name}/store.db"), Emulator(state, clock=clock)
        upgrade(db)
        office = open_office(db, clock, emulator)
        before_sending(office)
        yield office, state
        emulator.close()
