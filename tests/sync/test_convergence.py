"""Whatever happens to a sync, it settles on what Gmail holds (`machine`); `bench/soak.py` runs the same for long."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from backend.db import Database
from tests.databases import ReusedPostgres, ReusedSqlite
from tests.sync.machine import Convergence, Databases, many_runs

SEED = int(os.environ.get("CONVERGENCE_SEED", "20261121"))
log = logging.getLogger(__name__)


@pytest.mark.slow
def test_a_sync_to_which_anything_may_happen_settles_on_what_gmail_holds(
    db: Database, sqlite_template: Path, tmp_path: Path
) -> None:
    reference = ReusedSqlite(tmp_path / "reference.db", sqlite_template)
    subject = ReusedSqlite(tmp_path / "subject.db", sqlite_template) if db.is_sqlite else ReusedPostgres(db)

    class Here(Convergence):
        databases = Databases(subject, reference)

    log.info("CONVERGENCE_SEED=%s", SEED)
    run_state_machine_as_test(seed(SEED)(Here), settings=many_runs(6 if db.is_sqlite else 3, steps=40))
