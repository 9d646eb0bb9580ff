"""Runners: who does due work. Two ways behind one Protocol: threads beside SQLite, Procrastinate on PostgreSQL.

In: jobs that the tick has claimed. Out: drained mailboxes. New mail goes before every import. The truth about what is
due stays in the database's own tables; a runner that loses a job delays it until the next tick claims it again, and
never doubles or loses work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from backend.sync.shapes import Job, Task

Work = Callable[[Job], object]

# Higher first: an import waits for all new mail that is due, and never the other way round.
PRIORITY = {Task.NEW_MAIL: 3, Task.SEND: 2, Task.UNWATCH: 1, Task.IMPORT: 0}


class Runner(Protocol):
    """Hands jobs to workers; a job is "drain mailbox M", never "send message X"."""

    def submit(self, session: Session, jobs: Sequence[Job]) -> None:
        """Take claimed jobs over, in the claim's own transaction where the runner keeps its jobs in the database.

        A job that is waiting already is not queued twice.
        """
        ...

    def start(self) -> None:
        """Begin to work, in the background."""
        ...

    def sweep(self) -> int:
        """Free what dead workers left behind; returns how many jobs."""
        ...

    def stop(self) -> None:
        """Let running jobs end, and stop."""
        ...
