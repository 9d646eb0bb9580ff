"""Syncs that kill themselves with SIGKILL at a commit of the test's choosing: `python -m tests.sync.killable`.

Each line of standard input orders one run in a process of its own, forked from this one so that imports are paid once:
database URL, emulator's state file, mailbox id, and the number of the commit to die at: just before it, or with a plus
sign just after it; 0 lets the run live. Answers with the process's exit status, negative for the signal it died of.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import structlog
from sqlalchemy import event

from backend.accounts.tables import Mailbox
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.kit.clock import VirtualClock
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from backend.sync.store import LEASE


class Executioner:
    """Counts the engine's commits and kills the process at the wanted one."""

    def __init__(self, at: str) -> None:
        self.wanted, self.is_after = int(at.lstrip("+")), at.startswith("+")
        self.seen = 0

    def before(self, _connection: object) -> None:
        """The engine is about to commit."""
        self.seen += 1
        if self.seen == self.wanted and not self.is_after:
            os.kill(os.getpid(), signal.SIGKILL)

    def after(self, *_: object) -> None:
        """A connection came back: what it had to commit is committed."""
        if self.is_after and self.seen >= self.wanted:
            os.kill(os.getpid(), signal.SIGKILL)


def sync(url: str, state: str, mailbox_id: int, kill_at: str) -> None:
    """Drain until done, or die; a lease that a killed process left is waited out."""
    db, clock = Database(url), VirtualClock()
    with db.read() as session:
        address = session.get_one(Mailbox, mailbox_id).address
    emulator = Emulator(Path(state), clock=clock)
    executioner = Executioner(kill_at)
    event.listen(db.engine, "commit", executioner.before)
    event.listen(db.engine.pool, "checkin", executioner.after)
    while True:
        end = drain_mailbox(db, clock, lambda _id: EmulatorGmail(emulator, address), mailbox_id)
        if end is End.DONE:
            return
        clock.advance(LEASE)


def main() -> None:
    """Run what is ordered, one after the other; standard output is for the answers alone."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    for line in sys.stdin:
        url, state, mailbox_id, kill_at = line.split()
        child = os.fork()
        if child == 0:
            sync(url, state, int(mailbox_id), kill_at)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
