"""People are held before their mails, and those before the mailboxes: in another order PostgreSQL finds a deadlock."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Thread

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.outbox.shapes import Sending, State, Verdict
from backend.outbox.tables import OutboxRow, OutboxSender
from backend.sequences.people import crowds, steering
from backend.sequences.progress.engine import Engine
from backend.sequences.tables import Enrolment
from tests.cast import ALICE, CAROL, DORA, ERIK, open_office
from tests.sequences.line import Line, definition, mail, wait

Deed = Callable[[Line, Session, tuple[int, int]], None]


def halt_all(line: Line, session: Session, _people: tuple[int, int]) -> None:
    crowds.pause_all(session, 1, line.office.clock.now(), "user 1")


def pause_each(line: Line, session: Session, people: tuple[int, int]) -> None:
    carol = line.office.actors[CAROL]
    steering.hold_several(session, carol, people)
    for enrolment_id in people:
        steering.pause(session, line.office.clock, carol, enrolment_id)


@pytest.mark.parametrize("deed", [halt_all, pause_each])
def test_who_steers_many_waits_for_a_worker_that_ends_a_mail_and_holds_nothing_that_it_needs(
    postgresql_db: Database, clock: VirtualClock, emulator: Emulator, deed: Deed
) -> None:
    line = Line(open_office(postgresql_db, clock, emulator))
    line.office.sync()
    sequence = line.make(definition(mail()))
    line.pace(lead_s=3600)
    people = line.enrol(sequence, DORA), line.enrol(sequence, ERIK)
    line.tick()
    failed: list[Exception] = []
    other = Thread(target=_do, args=(line, deed, people, failed))
    with postgresql_db.write() as worker:  # as `outbox.service` ends a mail under a lease
        worker.execute(update(Enrolment).where(Enrolment.id == people[1]).values(step=0))
        other.start()
        _wait_for_one_who_waits(worker)
        worker.execute(update(OutboxRow).where(OutboxRow.source_id == people[1]).values(reason=""))
        worker.execute(
            update(OutboxSender).where(OutboxSender.mailbox_id == line.office.mailboxes[ALICE]).values(fence=9)
        )
    other.join()
    assert failed == []
    assert [line.stand(person)[0] for person in people] == ["paused", "paused"]


def test_who_stops_somebody_in_the_moment_of_the_last_check_waits_and_stops_them_before_the_next_mail(
    postgresql_db: Database, clock: VirtualClock, emulator: Emulator
) -> None:
    line = Line(open_office(postgresql_db, clock, emulator))
    line.office.sync()
    person = line.enrol(line.make(definition(mail(), wait(0), mail("Again"))))
    failed: list[Exception] = []
    stopping = Thread(target=_do, args=(line, stop, (person, 0), failed))

    class Slow(Engine):
        def judge(self, session: Session, sendings: Sequence[Sending], now: datetime, /) -> dict[int, Verdict]:
            found = super().judge(session, sendings, now)
            if sendings[0].state is State.DRAFTED and not stopping.ident:
                stopping.start()
                _wait_for_one_who_waits(session)
            return found

    line.engine = Slow(clock)
    line.tick()
    stopping.join()
    line.let_pass(days=3, every_minutes=240)
    assert failed == []
    assert (line.deliveries(), line.stand(person)[0]) == (1, "stopped")


def stop(line: Line, session: Session, people: tuple[int, int]) -> None:
    steering.stop(session, line.office.clock, line.office.actors[CAROL], people[0])


def _do(line: Line, deed: Deed, people: tuple[int, int], failed: list[Exception]) -> None:
    try:
        with line.office.db.write() as session:
            deed(line, session, people)
    except Exception as error:  # noqa: BLE001 - told in the test's own thread
        failed.append(error)


def _wait_for_one_who_waits(session: Session) -> None:
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    for _ in range(500):
        if session.scalar(waits):
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")
