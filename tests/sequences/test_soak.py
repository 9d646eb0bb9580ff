"""Whatever people do and whatever fails, mail leaves once and comes to an end; `bench/soak_sending.py` does it long."""

from __future__ import annotations

import logging
import os

import pytest

from backend.db import Database
from tests.sequences.soak.machine import Machine

SEED = int(os.environ.get("SOAK_SENDING_SEED", "20261122"))
STEPS = {"sqlite": 40, "postgresql": 20}
log = logging.getLogger(__name__)


@pytest.mark.slow
def test_a_team_to_whose_sending_anything_may_happen_sends_nothing_twice_and_leaves_nothing_open(db: Database) -> None:
    machine = Machine(db, SEED)
    ending = machine.run(machine.drawn(STEPS["sqlite" if db.is_sqlite else "postgresql"]))
    log.info("SOAK_SENDING_SEED=%s %s", SEED, dict(machine.figures))
    assert ending.wrong == ()
    assert machine.figures["mails"]
