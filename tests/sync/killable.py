"""Syncs that kill themselves with SIGKILL at a moment of the test's choosing: `python -m tests.sync.killable`.

Each line of standard input orders one run in a process of its own, forked from this one so that imports are paid once:
database URL, emulator's state file, mailbox id, and when to die, as `commit:3`, `checkin:7`, `statement:40`, `call:5`
(just before the third commit, when a connection comes back the seventh time, before the fortieth statement or the fifth
call of Gmail), `ms:120` (after so much time, wherever that is) or `never:0`. Answers with the process's exit status,
negative for the signal it died of, and how many moments of each kind and quota units it lived to see.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
from sqlalchemy import event

from backend.accounts.tables import Mailbox
from backend.db import Database
from backend.gmail.emulator.calls import Json
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.kit.clock import VirtualClock
from backend.sync.buckets import Urgency
from backend.sync.jobs import drain_mailbox
from backend.sync.limiter import Limiter, Meter, Unmetered
from backend.sync.shapes import End
from backend.sync.store import LEASE

MOMENTS = ("commit", "checkin", "statement", "call", "units")
PAGE = "40"
BATCH = 50


class Tally:
    """How many moments of each kind a run lived to see, in memory that outlives it."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8 * len(MOMENTS))

    def add(self, moment: str, number: int = 1) -> int:
        """Count, and return the new figure."""
        place = 8 * MOMENTS.index(moment)
        (present,) = struct.unpack_from("q", self._memory, place)
        struct.pack_into("q", self._memory, place, present + number)
        return int(present) + number

    def take(self) -> Sequence[int]:
        """All figures in the order of `MOMENTS`; then they are 0 again."""
        figures = struct.unpack(f"{len(MOMENTS)}q", self._memory[:])
        self._memory[:] = bytes(len(self._memory))
        return figures


class Executioner:
    """Counts the moments of a run and kills the process at the one that was ordered."""

    def __init__(self, tally: Tally, order: str) -> None:
        self.tally = tally
        self.moment, _, number = order.partition(":")
        self.number = int(number)
        if self.moment == "ms":
            signal.setitimer(signal.ITIMER_REAL, self.number / 1000)  # nobody handles SIGALRM: it ends the process

    def meet(self, moment: str) -> None:
        """A moment came."""
        if self.tally.add(moment) == self.number and moment == self.moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, db: Database) -> None:
        """Count what the database does."""
        event.listen(db.engine, "commit", lambda _connection: self.meet("commit"))
        event.listen(db.engine.pool, "checkin", lambda *_: self.meet("checkin"))
        event.listen(db.engine, "before_cursor_execute", lambda *_: self.meet("statement"))


class WatchedGmail(EmulatorGmail):
    """Counts calls and units, and has small pages, so that little mail makes many of them."""

    def __init__(self, emulator: Emulator, address: str, executioner: Executioner) -> None:
        super().__init__(emulator, address)
        self._executioner = executioner

    def _ask(self, verb: str, **asked: Json) -> Json:  # type: ignore[override]  # handed on as it came
        self._executioner.meet("call")
        if "maxResults" in asked.get("query", {}):
            asked["query"] = {**asked["query"], "maxResults": [PAGE]}
        before = self._emulator.quota.units[self._address]
        try:
            return super()._ask(verb, **asked)  # type: ignore[arg-type]  # handed on as it came
        finally:
            self._executioner.tally.add("units", self._emulator.quota.units[self._address] - before)


class SmallBatches(Limiter):
    """Gives without end, but little at a time, so that little mail makes several batches."""

    def meter(self, mailbox_id: int, urgency: Urgency = Urgency.PERSON) -> Meter:  # noqa: ARG002 - the limiter's
        """A meter of its own."""
        return Unmetered(urgency, most=BATCH)


def sync(url: str, state: str, mailbox_id: int, executioner: Executioner) -> None:
    """Drain until done, or die; a lease that a killed process left is waited out."""
    db, clock = Database(url), VirtualClock()
    with db.read() as session:
        address = session.get_one(Mailbox, mailbox_id).address
    gmail = WatchedGmail(Emulator(Path(state), clock=clock), address, executioner)
    executioner.watch(db)
    limiter = SmallBatches(db, clock, per_user=0, per_project=0)
    while drain_mailbox(db, clock, lambda _id: gmail, mailbox_id, limiter=limiter) is not End.DONE:
        clock.advance(LEASE)


def main() -> None:
    """Run what is ordered, one after the other; standard output is for the answers alone."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    tally = Tally()
    for line in sys.stdin:
        url, state, mailbox_id, order = line.split()
        child = os.fork()
        if child == 0:
            sync(url, state, int(mailbox_id), Executioner(tally, order))
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(status, *tally.take(), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
