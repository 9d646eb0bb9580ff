"""A team with many mailboxes, a Gmail with a quota and one worker, on a clock that only waiting moves.

The worker's own tick and jobs run, on one thread; each call to Gmail takes a tenth of a second of the town's time, and
computing takes none. So an hour of it takes as long as its work does.
"""

from __future__ import annotations

import base64
import heapq
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session

from backend.accounts.mailboxes import connect_mailbox
from backend.accounts.service import create_user, create_workspace
from backend.accounts.shapes import GrantKind, Role
from backend.gmail.emulator.core import Emulator
from backend.installation import open_installation
from backend.kit.clock import VirtualClock
from backend.mail.addresses import key_of
from backend.migrations import upgrade
from backend.records.service import make_sales_pipeline
from backend.runners import PRIORITY
from backend.settings import Settings, read_settings
from backend.sync.limiter import Limiter
from backend.sync.shapes import Job
from backend.worker import TICK_S, Worker, work_for

CALL = timedelta(milliseconds=100)
CALLS = ("batch", "history.list", "labels.list", "messages.list", "getProfile", "settings.sendAs.list")
TICK = timedelta(seconds=TICK_S)

Watcher = Callable[[Job], None]


class Town:
    """`live` lets time pass; `watchers` are told of each job that was done."""

    def __init__(self, folder: Path, mailboxes: int, *, per_user: int, per_project: int) -> None:
        self.clock = VirtualClock()
        self.emulator = Emulator(clock=self.clock)
        self.emulator.quota.per_user_minute, self.emulator.quota.per_project_minute = per_user, per_project
        self.emulator.faults.sleep = lambda _s: self._pass(CALL)
        self.emulator.faults.inject("slow", verbs=CALLS)
        here = open_installation(_settings(folder), clock=self.clock, emulator=self.emulator)
        limiter = Limiter(here.db, self.clock, per_user, per_project, lambda s: self._pass(timedelta(seconds=s)))
        self.installation = replace(here, limiter=limiter)
        self.db = here.db
        upgrade(self.db)
        self.mailboxes = self._people(mailboxes)
        self.watchers: list[Watcher] = []
        self._runner = InlineRunner()
        self._worker = Worker(self.installation, self._runner)
        self._work = work_for(self.installation)

    @property
    def addresses(self) -> Sequence[str]:
        """Every mailbox, in order."""
        return tuple(self.mailboxes)

    def live(self, duration: timedelta, *, before_each: Callable[[], None] = lambda: None) -> None:
        """Let the worker work until so much time has passed; what it has begun it ends."""
        until, next_tick = self.clock.now() + duration, self.clock.now()
        while self.clock.now() < until:
            before_each()
            if self.clock.now() >= next_tick:
                self._worker.tick()
                next_tick = self.clock.now() + TICK
            job = self._runner.next()
            if job is None:
                self._pass(next_tick - self.clock.now())
                continue
            self._work(job)
            for watcher in self.watchers:
                watcher(job)

    def close(self) -> None:
        """Take it down."""
        self.emulator.close()
        self.installation.close()

    def _pass(self, duration: timedelta) -> None:
        self.clock.advance(duration)

    def _people(self, mailboxes: int) -> dict[str, int]:
        found = {}
        here = self.installation
        with self.db.write() as session:
            workspace = create_workspace(session, self.clock, "Acme", domain="acme.example")
            make_sales_pipeline(session, workspace.id)
            for number in range(mailboxes):
                address = f"rep{number}@acme.example"
                self.emulator.add_mailbox(address)
                user = create_user(session, self.clock, workspace, email=address, role=Role.REP)
                box = connect_mailbox(
                    session,
                    self.clock,
                    here.vault,
                    user,
                    address=address,
                    address_key=key_of(address),
                    kind=GrantKind.EMULATOR,
                )
                found[address] = box.id
        return found


class InlineRunner:
    """A runner whose jobs are done when somebody asks for the next."""

    def __init__(self) -> None:
        self._jobs: list[tuple[int, int, Job]] = []
        self._numbers = count()

    def submit(self, session: Session, jobs: Sequence[Job]) -> None:
        """Queue jobs once the claim is committed."""
        event.listen(session, "after_commit", lambda _session: self._queue(jobs), once=True)

    def next(self) -> Job | None:
        """The job to be done now."""
        return heapq.heappop(self._jobs)[2] if self._jobs else None

    def start(self) -> None:
        """Nothing to do."""

    def sweep(self) -> int:
        """Nothing to do."""
        return 0

    def stop(self) -> None:
        """Nothing to do."""

    def _queue(self, jobs: Sequence[Job]) -> None:
        waiting = {job for _, _, job in self._jobs}
        for job in jobs:
            if job not in waiting:
                heapq.heappush(self._jobs, (-PRIORITY[job.task], next(self._numbers), job))


def _settings(folder: Path) -> Settings:
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    return read_settings(
        {
            "ENLACE_DATABASE_URL": f"sqlite:///{folder / 'town.db'}",
            "ENLACE_SECRET_KEY": key,
            "ENLACE_TOKEN_KEYS": key,
        }
    )
