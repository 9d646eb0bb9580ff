"""Sending under everything that people do and everything that fails, for long: steps, kills, and what went wrong.

The machine of `tests/sequences/soak` runs on SQLite and on PostgreSQL, a process for each. What went wrong is printed
with the seed of its run. SOAK_SENDING_SEED repeats it; SOAK_SENDING_STEPS: how many steps on SQLite, of which on
PostgreSQL a tenth.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path

from bench.figure import Figure
from bench.soak import upgraded
from tests.databases import ReusedPostgres, ReusedSqlite, new_postgres, postgres_server
from tests.sequences.soak.machine import Machine
from tests.sync.machine import Emptied

SEED = int(os.environ.get("SOAK_SENDING_SEED", "20261122"))
STEPS = int(os.environ.get("SOAK_SENDING_STEPS", "10000"))
STEPS_A_RUN = 100
SHARES = {"sqlite": 1.0, "postgresql": 0.1}


def run() -> Iterator[Figure]:
    """Soak both databases at once; the seed stands first."""
    print(f"SOAK_SENDING_SEED={SEED}", file=sys.stderr, flush=True)
    with ProcessPoolExecutor(len(SHARES), mp_context=get_context("spawn")) as pool:
        total: Counter[str] = sum(pool.map(soak, SHARES), Counter())
    for name in ("steps", "runs", "mails", "ticks", "faults", "kills", "interruptions", "restores", "refused"):
        yield Figure("soak_sending", name, total[name])
    yield Figure("soak_sending", "runs_that_went_wrong", total["wrong"], 0)


def soak(kind: str) -> Counter[str]:
    """Run on one kind of database, each run from a seed of its own, until there are enough steps."""
    figures, number = Counter[str](), SEED if kind == "sqlite" else SEED + 1_000_000
    with ExitStack() as stack:
        databases = _databases(kind, stack)
        while figures["steps"] < STEPS * SHARES[kind]:
            machine = Machine(databases.emptied(), number)
            ending = machine.run(machine.drawn(STEPS_A_RUN))
            figures += machine.figures
            figures["runs"] += 1
            figures["wrong"] += bool(ending.wrong)
            for sentence in ending.wrong:
                print(f"{kind}, seed {number}, step {ending.steps}: {sentence}", file=sys.stderr, flush=True)
            number += 1
            print(f"{kind}: {dict(figures)}", file=sys.stderr, flush=True)
    return figures


def _databases(kind: str, stack: ExitStack) -> Emptied:
    if kind == "postgresql":
        return ReusedPostgres(upgraded(new_postgres(stack.enter_context(postgres_server()), "soak_sending")))
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak")))
    upgraded(f"sqlite:///{folder}/template.db").dispose()
    return ReusedSqlite(folder / "subject.db", folder / "template.db")
