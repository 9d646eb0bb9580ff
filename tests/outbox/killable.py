"""Workers that send and kill themselves with SIGKILL where they are told: `python -m tests.outbox.killable`.

Each line of standard input orders one run: database URL, emulator's state file, hours since the start, and for each
worker when it is to die (as in `tests.sync.killable`). The workers run at once, in processes of their own forked from
this one, each on a clock of its own that runs ahead when it has nothing to do: leases expire under workers that live.
Answers with the workers' exit statuses and with the commits, statements and calls that the first one saw.
"""

from __future__ import annotations

import fcntl
import os
import sys
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import select

from backend.accounts.tables import Mailbox
from backend.db import Database
from backend.gmail.emulator.calls import Json
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.outbox.jobs import Desk, send_due
from backend.outbox.store import claim_senders
from backend.outbox.tokens import UnsubscribeLinks
from backend.sequences.jobs import advance_due
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.progress.engine import Engine
from backend.sequences.tables import Enrolment
from backend.sync.jobs import drain_mailbox
from tests.sync.killable import Executioner, Tally, WatchedGmail

STUCK, MOST_TICKS = 3, 500
LINKS = UnsubscribeLinks("s" * 40, "https://crm.example")


class SharedGmail(WatchedGmail):
    """An emulator whose state several processes use in turn; a process that dies gives its turn up."""

    def __init__(self, state: str, clock: VirtualClock, address: str, executioner: Executioner) -> None:
        self._turns = Path(f"{state}.lock").open("w")  # noqa: SIM115 - held for the process's life
        fcntl.flock(self._turns, fcntl.LOCK_EX)
        super().__init__(Emulator(Path(state), clock=clock), address, executioner)
        fcntl.flock(self._turns, fcntl.LOCK_UN)

    def _ask(self, verb: str, **asked: Json) -> Json:  # type: ignore[override]  # handed on as it came
        self._executioner.meet("call")
        fcntl.flock(self._turns, fcntl.LOCK_EX)
        try:
            return super()._ask(verb, **asked)
        finally:
            fcntl.flock(self._turns, fcntl.LOCK_UN)


def work(url: str, state: str, hours: float, executioner: Executioner) -> int:
    """Tick until everybody is through, or die."""
    db, clock = Database(url), VirtualClock()
    clock.advance(timedelta(hours=hours))
    with db.read() as session:
        addresses = {row[0]: row[1] for row in session.execute(select(Mailbox.id, Mailbox.address))}
    gateways = {i: SharedGmail(state, clock, address, executioner) for i, address in addresses.items()}
    engine = Engine(clock)

    def refresh(mailbox_id: int) -> object:
        return drain_mailbox(db, clock, gateways.__getitem__, mailbox_id)

    desk = Desk(db, clock, gateways.__getitem__, refresh, {SOURCE: engine}, LINKS)
    executioner.watch(db)
    for _ in range(MOST_TICKS):
        moved = advance_due(db, clock, engine)
        with db.write() as session:
            due = claim_senders(session, clock.now(), 10)
        for mailbox_id in due:
            send_due(desk, mailbox_id)
        if not moved and not due:
            if _is_over(db):
                return 0
            clock.advance(timedelta(minutes=3))
    return STUCK


def _is_over(db: Database) -> bool:
    with db.read() as session:
        running = select(Enrolment.id).where(Enrolment.ended_at.is_(None), Enrolment.state != "paused")
        return session.scalar(running.limit(1)) is None


def _fork(url: str, state: str, hours: str, order: str, tally: Tally) -> int:
    child = os.fork()
    if child == 0:
        os._exit(work(url, state, float(hours), Executioner(tally, order)))
    return child


def main() -> None:
    """Run what is ordered, one after the other; standard output is for the answers alone."""
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr), wrapper_class=structlog.make_filtering_bound_logger(50)
    )
    for line in sys.stdin:
        url, state, hours, *orders = line.split()
        tallies = [Tally() for _ in orders]
        children = [_fork(url, state, hours, o, tally) for o, tally in zip(orders, tallies, strict=True)]
        statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(*statuses, *tallies[0].take(), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
