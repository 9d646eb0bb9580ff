"""The demo's sequence: within two minutes mails leave, and the answer to one stops it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from backend.db import Database
from backend.demo.sample import Sample
from backend.demo.sequence import PEOPLE, answer_for, chosen
from backend.demo.team import WRITER, acquaintances, sample_team
from backend.gmail.emulator.core import Emulator
from backend.installation import open_installation
from backend.kit.clock import VirtualClock
from backend.outbox.jobs import send_due
from backend.outbox.store import claim_senders
from backend.sequences.jobs import advance_due
from backend.sequences.progress.engine import Engine
from backend.sequences.results.jobs import book_answers
from backend.sequences.tables import Enrolment, Template
from backend.settings import read_settings
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from backend.worker import sending_desk
from tests.cast import KEY
from tests.demo.conftest import NOW


def test_within_two_minutes_mails_leave_and_an_answer_stops_one(
    sqlite_db: Database, clock: VirtualClock, emulator: Emulator, sample: Sample
) -> None:
    given = {"DATABASE_URL": sqlite_db.url, "SECRET_KEY": "s" * 32, "TOKEN_KEYS": KEY}
    settings = read_settings({f"ENLACE_{name}": value for name, value in given.items()})
    here = replace(open_installation(settings, clock=clock, emulator=emulator), db=sqlite_db)
    clock.current = NOW
    emulator.add_mailbox(WRITER)
    answers: list[Callable[[], object]] = []
    answer_for(emulator, clock, acquaintances(sample), answers.append)
    sample_team(here, sample)
    desk, engine = sending_desk(here), Engine(clock)
    while drain_mailbox(sqlite_db, clock, here.enter, 1) is End.MORE:
        pass
    for _ in range(12):
        advance_due(sqlite_db, clock, engine)
        with sqlite_db.write() as session:
            due = claim_senders(session, clock.now(), 10)
        for mailbox_id in due:
            send_due(desk, mailbox_id)
            desk.refresh(mailbox_id)  # as the worker does in between
        book_answers(sqlite_db)
        clock.advance(timedelta(seconds=10))
        while answers:
            answers.pop()()
    with sqlite_db.read() as session:
        people = session.scalars(select(Enrolment).order_by(Enrolment.id)).all()
        assert len(session.scalars(select(Template)).all()) == 3
    assert len(people) == PEOPLE
    assert people[0].email == chosen(acquaintances(sample))[0].address
    assert [(person.state, person.reason) for person in people] == [("stopped", "replied")] + [("active", "")] * 5
    assert sum(person.step > 0 for person in people) >= 4
