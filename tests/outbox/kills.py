"""Sendings that die and are resumed, and what came of every step in the end."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path

from sqlalchemy import select

from backend.activities.tables import Activity
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.shapes import Format
from backend.kit.clock import VirtualClock
from backend.mail.headers import Headers
from backend.outbox.shapes import HEADER
from backend.outbox.tables import OutboxRow
from backend.sequences.tables import Enrolment
from tests.cast import Office
from tests.databases import copy_database, drop_database
from tests.sequences.line import Line, definition, mail, wait
from tests.sync.killable import MOMENTS

ROOT = Path(__file__).parent.parent.parent
PEOPLE = ("dora@nordwind.example", "erik@suedwind.example")
KILLED = {-9, -14}
RESTART_HOURS = 1
Process = subprocess.Popen[str]


@dataclass(frozen=True)
class Ends:
    """What came of a run: steps that were delivered more than once, steps without an end, and how the others ended."""

    doubled: int
    endless: int
    states: Mapping[str, int]


@contextmanager
def killable_process() -> Iterator[Process]:
    """The process whose children send and die (`killable`)."""
    command = [sys.executable, "-m", "tests.outbox.killable"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def before_sending(office: Office) -> None:
    """Two people at the start of a sequence of two mails; their mailboxes live in the emulator too, and count."""
    for address in PEOPLE:
        office.emulator.add_mailbox(address)
    office.sync()
    line = Line(office)
    sequence = line.make(definition(mail(), wait(0), mail("", "Any news?", is_reply=True), stops_on_colleague=False))
    for address in PEOPLE:
        line.enrol(sequence, address)


@dataclass
class Kills:
    """Runs from copies of the office's store and of its Gmail, by workers that die where they are told."""

    process: Process
    office: Office
    state: Path
    done: int = 0
    _numbers: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.office.db.dispose()

    @cached_property
    def undisturbed(self) -> Mapping[str, int]:
        """How many moments of each kind a run sees that nobody kills."""
        with self._fresh() as (url, state):
            return self._run(url, state, 0, "never:0")

    def try_at(self, *orders: tuple[str, ...]) -> Ends:
        """Start workers that die at these moments, again and again, then let one run to the end."""
        with self._fresh() as (url, state):
            for number, workers in enumerate(orders):
                self._run(url, state, RESTART_HOURS * number, *workers)
            self._run(url, state, RESTART_HOURS * len(orders), "never:0")
            return _ends(url, state)

    def _run(self, url: str, state: Path, hours: float, *orders: str) -> Mapping[str, int]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(url, state, hours, *orders, file=self.process.stdin, flush=True)
        answer = [int(word) for word in self.process.stdout.readline().split()]
        statuses, figures = answer[: len(orders)], answer[len(orders) :]
        assert set(statuses) <= {0, *KILLED}, (orders, statuses)
        self.done += sum(status in KILLED for status in statuses)
        return dict(zip(MOMENTS, figures, strict=True))

    @contextmanager
    def _fresh(self) -> Iterator[tuple[str, Path]]:
        name = f"{self.state.parent.name}_{next(self._numbers)}".replace("-", "_")
        url, state = copy_database(self.office.db.url, name), self.state.with_name(f"{name}.gmail")
        shutil.copy(self.state, state)
        yield url, state
        drop_database(url)
        for file in state.parent.glob(f"{state.name}*"):
            file.unlink()


def _ends(url: str, state: Path) -> Ends:
    db, emulator = Database(url, pool_size=1), Emulator(state, clock=VirtualClock())
    try:
        delivered = Counter(token for address in PEOPLE for token in _tokens(emulator, address))
        with db.read() as session:
            rows = session.execute(select(OutboxRow.state, OutboxRow.token)).all()
            tasks = len(session.scalars(select(Activity.id)).all())
            running = session.scalars(select(Enrolment.id).where(Enrolment.ended_at.is_(None))).all()
        states = Counter(row.state for row in rows)
        unsent = sum(row.state == "sent" and delivered[row.token] != 1 for row in rows)
        endless = sum(states[name] for name in ("claimed", "drafted", "sending")) + unsent
        endless += max(0, states["unknown"] - tasks) + max(0, len(running) - states["unknown"])
        return Ends(sum(number > 1 for number in delivered.values()), endless, states)
    finally:
        db.dispose()
        emulator.close()


def _tokens(emulator: Emulator, address: str) -> Iterator[str]:
    gmail = EmulatorGmail(emulator, address)
    for ref in gmail.list_messages().refs:
        payload = gmail.get_message(ref.id, Format.METADATA).payload
        yield Headers(payload or {}).first(HEADER.lower())
