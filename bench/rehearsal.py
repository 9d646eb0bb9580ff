"""What a rehearsal costs: thirty days of five hundred people, at the usual pace, from three reps' mailboxes.

A sequence of six steps (three mails, two waits, a task); and, beyond that, one of six mails and waits between: twice
the mail. CPU seconds of all of it: the copy, the people, the jobs of sequences and outbox, the emulated Gmail, reading
what came of it. Beside each what a loop of eight million additions took just then: a busy machine makes both longer.
PEOPLE=n: fewer.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.migrations import upgrade
from backend.outbox.store import ensure_sender
from backend.outbox.tables import OutboxSender
from backend.sequences.authoring.publishing import make_sequence, publish
from backend.sequences.simulation.rehearsing import rehearse
from backend.sequences.simulation.shapes import Plan
from backend.stage import open_stage
from bench.figure import Figure
from tests.cast import ALICE, BOB, CAROL, Office, open_office
from tests.sequences.line import definition, mail, task, wait

PEOPLE = int(os.environ.get("PEOPLE", "500"))
DAYS = 30
BARS_S = {"six_steps": 20}
BODY = "Dear {{ contact.first_name }},\n\nforty seats for {{ company.name }} from {{ sender.name }}.\n"
WEEKDAYS = {"window": {"days": [0, 1, 2, 3, 4], "opens": "09:00", "closes": "17:00"}, "country": "ES"}
FIRST, AGAIN = mail("An offer for {{ company.name }}", BODY), mail("", BODY, is_reply=True)
SIX_STEPS = definition(FIRST, wait(4), AGAIN, wait(4, "10:30"), AGAIN, task(), **WEEKDAYS)
SIX_MAILS = definition(FIRST, *(step for _ in range(5) for step in (wait(3), AGAIN)), **WEEKDAYS)


def run() -> Iterator[Figure]:
    """Six steps, then six mails."""
    with _office() as office:
        for name, what in (("six_steps", SIX_STEPS), ("six_mails", SIX_MAILS)):
            before = _loop_s()
            mails, cpu_s = _rehearsed(office, name, what)
            yield Figure("rehearsal", f"{name}_mails", mails)
            yield Figure("rehearsal", f"{name}_cpu_s_{PEOPLE}_people_{DAYS}_days", cpu_s, BARS_S.get(name))
            yield Figure("rehearsal", f"{name}_loop_s", (before + _loop_s()) / 2)


def _loop_s() -> float:
    """How fast the machine is at the moment."""
    started, total = time.process_time(), 0
    for number in range(8_000_000):
        total += number
    return time.process_time() - started


def _rehearsed(office: Office, name: str, what: dict[str, Any]) -> tuple[int, float]:
    with office.db.write() as session:
        actor = office.actors[ALICE]
        sequence_id = make_sequence(session, office.clock, actor, name).id
        publish(session, office.clock, actor, sequence_id, what)
    plan = Plan(days=DAYS, invented=PEOPLE, replies=0.1, bounces=0.02, away=0.03)
    started = time.process_time()
    rehearsal = rehearse(office.db, office.clock, open_stage, office.workspace_id, sequence_id, plan)
    return len(rehearsal.mails), time.process_time() - started


@contextmanager
def _office() -> Iterator[Office]:
    """Three mailboxes that have sent for so long that their days are full size."""
    with tempfile.TemporaryDirectory() as folder:
        clock = VirtualClock()
        db, emulator = Database(f"sqlite:///{Path(folder) / 'rehearsal.db'}"), Emulator(clock=clock)
        upgrade(db)
        office = open_office(db, clock, emulator, ALICE, BOB, CAROL)
        with db.write() as session:
            for mailbox_id in office.mailboxes.values():
                ensure_sender(session, office.workspace_id, mailbox_id)
            session.execute(update(OutboxSender).values(first_sent_at=clock.now() - timedelta(days=100)))
        yield office
        emulator.close()
        db.dispose()
