"""What results and a campaign's check cost as they grow: CPU, on SQLite.

Results by step over ten thousand and a hundred thousand mails, all in the period that is asked for; the check of a
campaign (who gets it, who does not and why) and its start, over one thousand and ten thousand people.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select

from backend.db import Database, table_of
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.migrations import upgrade
from backend.outbox.tables import OutboxRow
from backend.records.tables import Contact, ContactAddress, Record
from backend.sequences.campaigns import service as campaigns
from backend.sequences.campaigns.shapes import Audience, Text
from backend.sequences.results import service as results
from backend.sequences.results.shapes import By, Wanted
from backend.sequences.tables import SequenceVersion
from bench.figure import Figure
from tests.cast import ALICE, open_office
from tests.sequences.line import Line, definition, mail

FEW_MAILS, MANY_MAILS = 10_000, 100_000
FEW_PEOPLE, MANY_PEOPLE = 1_000, 10_000


def run() -> Iterator[Figure]:
    """Ratios of ten times as many: what grows in step stays near ten."""
    few, many = (_results_ms(number) for number in (FEW_MAILS, MANY_MAILS))
    yield Figure("results", "cpu_ms_of_100000_mails", many, 1000)
    yield Figure("results", "ratio_10000_to_100000_mails", many / few, 15)
    (check_few, start_few), (check_many, start_many) = (_campaign_ms(number) for number in (FEW_PEOPLE, MANY_PEOPLE))
    yield Figure("results", "campaign_check_cpu_ms_of_10000_people", check_many)
    yield Figure("results", "campaign_start_cpu_ms_of_10000_people", start_many)
    yield Figure("results", "campaign_check_ratio_1000_to_10000", check_many / check_few, 15)
    yield Figure("results", "campaign_start_ratio_1000_to_10000", start_many / start_few, 15)


def _results_ms(mails: int) -> float:
    with _line() as line:
        for n in range(10):
            line.make(definition(mail()), f"Sequence {n}")
        _send_in_bulk(line, mails)
        office = line.office
        wanted = Wanted(office.clock.now() - timedelta(days=400), office.clock.now(), By.STEP)
        with office.db.read() as session:
            actor = office.actors[ALICE]
            return min(_cpu_ms(lambda: results.results(session, actor, wanted)) for _ in range(3))


def _campaign_ms(people: int) -> tuple[float, float]:
    """The check, and the start."""
    with _line() as line:
        _make_contacts(line, people)
        office, actor = line.office, line.office.actors[ALICE]
        with office.db.write() as session:
            text = Text("News", "Dear {{ contact.first_name }}")
            campaign_id = campaigns.make(session, office.clock, actor, "News", text, Audience())
            found = campaigns.require(session, actor, campaign_id)
            check = min(_cpu_ms(lambda: campaigns.check(session, office.clock, actor, found)) for _ in range(3))
            return check, _cpu_ms(lambda: campaigns.start(session, office.clock, actor, campaign_id))


def _cpu_ms(work: Callable[[], object]) -> float:
    started = time.process_time_ns()
    work()
    return (time.process_time_ns() - started) / 1e6


def _send_in_bulk(line: Line, mails: int) -> None:
    """Mails that left, one every five minutes, to a fifth as many people."""
    office, now = line.office, line.office.clock.now()
    with office.db.write() as session:
        versions = {row.sequence_id: row.id for row in session.scalars(select(SequenceVersion))}
        sequences = sorted(versions)
        common = {
            "workspace_id": office.workspace_id, "mailbox_id": office.mailboxes[ALICE], "source": "enrolment",
            "step": 0, "run": 1, "email": "p@x.example", "domain": "x.example", "state": "sent", "rank": 1, "turn": 1,
            "due_at": now, "expires_at": now, "created_at": now, "ended_at": now,
        }  # fmt: skip
        rows = [
            {
                **common, "source_id": n, "token": f"{n:032x}", "group_id": sequences[n % 10],
                "version_id": versions[sequences[n % 10]], "variant": n % 2, "contact_id": n // 5,
                "address_key": f"p{n // 5}@x.example", "gmail_id": str(n), "sent_at": now - timedelta(minutes=5 * n),
            }
            for n in range(1, mails + 1)
        ]  # fmt: skip
        session.execute(insert(OutboxRow), rows)


def _make_contacts(line: Line, people: int) -> None:
    office, now, ids = line.office, line.office.clock.now(), range(1, people + 1)
    record = {"workspace_id": office.workspace_id, "kind": "contact", "origin": "manual", "fields": {}, "version": 1}
    with office.db.write() as session:
        for table, rows in (
            (Record, [{**record, "id": n, "name": f"P {n}", "created_at": now, "updated_at": now} for n in ids]),
            (
                Contact,
                [{"id": n, "first_name": "P", "last_name": "", "title": "", "phone": "", "country": ""} for n in ids],
            ),
            (ContactAddress, [_address(office.workspace_id, n) for n in ids]),
        ):
            session.execute(insert(table_of(table)), rows)


def _address(workspace_id: int, n: int) -> dict[str, object]:
    email = f"p{n}@company{n}.example"
    return {
        "workspace_id": workspace_id, "contact_id": n, "address_key": email, "email": email, "is_primary": True,
    }  # fmt: skip


@contextmanager
def _line() -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as folder:
        db, clock = Database(f"sqlite:///{Path(folder) / 'bench.db'}"), VirtualClock()
        upgrade(db)
        emulator = Emulator(clock=clock)
        line = Line(open_office(db, clock, emulator))
        line.office.sync()
        yield line
        emulator.close()
        db.dispose()
