"""What a tick costs when nobody is due, and what a send costs beside the least that any send must do.

Nobody due: the claims of enrolments and of mailboxes that send, with a thousand and a hundred thousand enrolments. A
send: everything from the enrolment's claim to the mail read back, on SQLite with the emulator in process. Its floor, in
the same run: filling the template in, building the MIME, and three calls of the gateway (draft, send, get).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from statistics import median

from sqlalchemy import insert, select

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.gateway import Gmail
from backend.gmail.shapes import Format
from backend.kit.clock import VirtualClock
from backend.migrations import upgrade
from backend.outbox.jobs import send_due
from backend.outbox.store import claim_senders
from backend.sequences.jobs import advance_due
from backend.sequences.tables import Enrolment, SequenceVersion
from backend.sequences.texts.rules import fill
from bench.figure import Figure
from tests.cast import ALICE, open_office
from tests.sequences.line import Line, definition, mail

FEW, MANY, DUE = 1_000, 100_000, 1_000
TICKS = 200
FLOORS = 25
BODY = "Dear {{ contact.name }},\n\nforty seats for {{ contact.email }} from {{ sender.name }}.\n"


def run() -> Iterator[Figure]:
    """Ticks first, then sends."""
    few, many = _idle_ticks_ms(FEW, MANY)
    yield Figure("tick", "idle_ms_with_100000_enrolments", many, 10)
    yield Figure("tick", "idle_ratio_1000_to_100000", many / few, 1.3)
    floor, send = _send_cpu_ms()
    yield Figure("tick", "floor_cpu_ms_a_send", floor)
    yield Figure("tick", "cpu_ms_a_send", send)
    yield Figure("tick", "cpu_ratio_to_floor", send / floor, 3.0)


def _idle_ticks_ms(*enrolments: int) -> list[float]:
    """In turn, so that all meet the same moments of a busy machine; the medians."""
    with ExitStack() as stack:
        lines = [stack.enter_context(_line()) for _ in enrolments]
        for line, number in zip(lines, enrolments, strict=True):
            line.make(definition(mail("An offer", BODY)))
            _enrol_in_bulk(line, number)
        spent = [[_tick_s(line) for line in lines] for _ in range(TICKS)]
    return [median(each) * 1000 for each in zip(*spent, strict=True)]


def _tick_s(line: Line) -> float:
    office = line.office
    started = time.process_time_ns()
    assert advance_due(office.db, office.clock, line.engine) == 0
    with office.db.write() as session:
        assert claim_senders(session, office.clock.now(), 100) == []
    return (time.process_time_ns() - started) / 1e9


def _enrol_in_bulk(line: Line, number: int) -> None:
    """People who are due tomorrow or later."""
    office, now = line.office, line.office.clock.now()
    with office.db.write() as session:
        version = session.scalars(select(SequenceVersion)).one()
        rows = [
            {
                "workspace_id": office.workspace_id,
                "sequence_id": version.sequence_id,
                "version_id": version.id,
                "contact_id": n,
                "email": f"p{n}@c.example",
                "address_key": f"p{n}@c.example",
                "mailbox_id": office.mailboxes[ALICE],
                "user_id": office.actors[ALICE].user_id,
                "run": 1,
                "state": "active",
                "due_at": now + timedelta(days=1, seconds=n),
                "started_at": now,
            }
            for n in range(number)
        ]
        session.execute(insert(Enrolment), rows)


def _send_cpu_ms() -> tuple[float, float]:
    """Floor and sends in turn, so that both meet the same moments of a busy machine."""
    with _line() as line:
        sequence = line.make(definition(mail("An offer", BODY)))
        for n in range(DUE):
            line.enrol(sequence, f"p{n}@company{n}.example")
        line.pace(daily_cap=100_000, ramp_start=100_000)
        gmail, floor, send, floors = line.office.gmail(ALICE), 0.0, 0.0, 0
        while _sent(line) < DUE:
            floor += _cpu_s(lambda: _floor(gmail, FLOORS))
            floors += FLOORS
            send += _cpu_s(lambda: _work(line))
        return floor * 1000 / floors, send * 1000 / DUE


def _cpu_s(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _work(line: Line) -> None:
    """One tick of the worker."""
    advance_due(line.office.db, line.office.clock, line.engine)
    send_due(line.desk, line.office.mailboxes[ALICE])


def _sent(line: Line) -> int:
    return sum(not recipient.endswith("@floor.example") for recipient, _ in line.heard)


def _floor(gmail: Gmail, number: int) -> None:
    for n in range(number):
        text = fill(BODY, {"contact.name": f"P{n}", "contact.email": f"f{n}@c.example", "sender.name": "Alice"}).text
        letter = EmailMessage(policy=SMTP)
        letter["From"], letter["To"], letter["Subject"] = ALICE, f"f{n}@floor.example", "An offer"
        letter.set_content(text)
        ref = gmail.send_draft(gmail.create_draft(letter.as_bytes()).id)
        gmail.get_message(ref.id, Format.METADATA)


@contextmanager
def _line() -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as name:
        clock = VirtualClock()
        db, emulator = Database(f"sqlite:///{Path(name) / 'tick.db'}"), Emulator(clock=clock)
        upgrade(db)
        line = Line(open_office(db, clock, emulator))
        line.office.sync()
        yield line
        emulator.close()
        db.dispose()
