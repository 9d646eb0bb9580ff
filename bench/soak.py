"""Sync under everything that can go wrong, for long: steps, faults and kills, and how often the end was wrong.

The state machine of `tests/sync/machine.py` runs on SQLite and on PostgreSQL, a process for each. Each run ends
settled: the store is held against Gmail, and against an undisturbed sync of the same mailboxes. SOAK_SEED repeats it.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import ClassVar

import structlog
from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from backend.db import Database
from backend.migrations import upgrade
from bench.figure import Figure
from tests.databases import ReusedPostgres, ReusedSqlite, new_postgres, postgres_server
from tests.sync.machine import Convergence, Databases, many_runs

SEED = int(os.environ.get("SOAK_SEED", "20261121"))
STEPS = {"sqlite": 15_000, "postgresql": 5_000}
STEPS_A_RUN, RUNS_A_ROUND = 250, 4


def run() -> Iterator[Figure]:
    """Soak both databases at once; the seed stands first."""
    print(f"SOAK_SEED={SEED}", file=sys.stderr, flush=True)
    with ProcessPoolExecutor(len(STEPS), mp_context=get_context("spawn")) as pool:
        total: Counter[str] = sum(pool.map(soak, STEPS), Counter())
    for name in ("steps", "runs", "letters", "drains", "faults", "kills", "deeds"):
        yield Figure("soak", name, total[name])
    yield Figure("soak", "divergences", total["divergences"], 0)


def soak(kind: str) -> Counter[str]:
    """Run rounds on one kind of database, each from a seed of its own, until there are enough steps."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with ExitStack() as stack:

        class Soak(Convergence):
            """This soak's databases."""

            databases = _databases(kind, stack)
            figures: ClassVar[Counter[str]] = Counter()

        number = SEED if kind == "sqlite" else SEED + 1_000_000
        while Soak.figures["steps"] < STEPS[kind]:
            _round(Soak, number)
            number += 1
            print(f"{kind}: {dict(Soak.figures)}", file=sys.stderr, flush=True)
        return Soak.figures


def _round(machine: type[Convergence], number: int) -> None:
    try:
        run_state_machine_as_test(seed(number)(machine), settings=many_runs(RUNS_A_ROUND, steps=STEPS_A_RUN))
    except AssertionError as error:
        machine.figures["divergences"] += 1
        told = [f"seed {number}: {error}", *getattr(error, "__notes__", ())]
        print(*told, sep="\n", file=sys.stderr, flush=True)


def _databases(kind: str, stack: ExitStack) -> Databases:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak")))
    template = folder / "template.db"
    upgraded(f"sqlite:///{template}").dispose()
    reference = ReusedSqlite(folder / "reference.db", template)
    if kind == "sqlite":
        return Databases(ReusedSqlite(folder / "subject.db", template), reference)
    server = stack.enter_context(postgres_server())
    return Databases(ReusedPostgres(upgraded(new_postgres(server, "soak"))), reference)


def upgraded(url: str) -> Database:
    """A database with the present schema."""
    database = Database(url, pool_size=2)
    upgrade(database)
    return database
