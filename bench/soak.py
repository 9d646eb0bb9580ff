"""Sync under everything that can go wrong, for long: steps, faults and kills, and how often the end was wrong.

The state machine of `tests/sync/machine.py` runs on SQLite and on PostgreSQL. Each run ends settled: the store is held
against Gmail and against an undisturbed sync of the same mailboxes. SOAK_SEED repeats a soak.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import structlog
from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from backend.db import Database
from backend.migrations import upgrade
from bench.figure import Figure
from tests.databases import ReusedPostgres, ReusedSqlite, new_postgres, postgres_server
from tests.sync.machine import Convergence, Databases, Emptied, many_runs

SEED = int(os.environ.get("SOAK_SEED", "20261121"))
STEPS = {"sqlite": 15_000, "postgresql": 5_000}
STEPS_A_RUN, RUNS_A_ROUND = 250, 10


def run() -> Iterator[Figure]:
    """Soak both databases; the seed stands first."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(f"SOAK_SEED={SEED}", file=sys.stderr)
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="soak") as folder, postgres_server() as server:
        template = Path(folder) / "template.db"
        upgraded(f"sqlite:///{template}").dispose()
        reference = ReusedSqlite(Path(folder) / "reference.db", template)
        subjects: dict[str, Emptied] = {
            "sqlite": ReusedSqlite(Path(folder) / "subject.db", template),
            "postgresql": ReusedPostgres(upgraded(new_postgres(server, "soak"))),
        }
        for kind, subject in subjects.items():
            total += soak(STEPS[kind], subject, reference)
    for name in ("steps", "runs", "letters", "drains", "faults", "kills"):
        yield Figure("soak", name, total[name])
    yield Figure("soak", "divergences", total["divergences"], 0)


def soak(steps: int, subject: Emptied, reference: Emptied) -> Counter[str]:
    """Run rounds, each from a seed of its own, until there are so many steps."""

    class Soak(Convergence):
        """This soak's databases."""

        databases = Databases(subject, reference)
        figures: ClassVar[Counter[str]] = Counter()

    number = SEED
    while Soak.figures["steps"] < steps:
        try:
            run_state_machine_as_test(seed(number)(Soak), settings=many_runs(RUNS_A_ROUND, steps=STEPS_A_RUN))
        except AssertionError as error:
            Soak.figures["divergences"] += 1
            print(f"seed {number}: {error}", *getattr(error, "__notes__", ()), sep="\n", file=sys.stderr)
        number += 1
        print(f"{type(subject).__name__}: {dict(Soak.figures)}", file=sys.stderr)
    return Soak.figures


def upgraded(url: str) -> Database:
    """A database with the present schema."""
    database = Database(url, pool_size=2)
    upgrade(database)
    return database
