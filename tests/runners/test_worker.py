"""Due work, claimed by ticks and done by the runners."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Lock

import pytest
from sqlalchemy import func, select, update

from backend.accounts.grants import Vault
from backend.accounts.mailboxes import connect_mailbox, disconnect_mailbox
from backend.accounts.service import create_user
from backend.accounts.shapes import GrantKind, Role
from backend.accounts.tables import Mailbox, Workspace
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.grants import new_refresh_token
from backend.gmail.emulator.load import Mail, insert_many
from backend.gmail.emulator.server import EmulatorServer
from backend.gmail.oauth import GMAIL_SCOPE, UserGrant
from backend.installation import open_installation
from backend.kit.clock import SystemClock, VirtualClock
from backend.mail.tables import Copy, Message
from backend.runners.queue import QueueRunner
from backend.runners.threads import ThreadRunner
from backend.settings import Settings, read_settings
from backend.sync.shapes import Job, Task
from backend.sync.store import DUE_EVERY, claim_due
from backend.sync.tables import SyncState
from backend.worker import Worker
from tests.cast import ALICE, DORA, KEY, Office, open_office
from tests.conftest import ROOT

PATIENCE_S = 60


def settings_for(db: Database, gmail_url: str = "") -> dict[str, str]:
    return {
        "ENLACE_DATABASE_URL": db.engine.url.render_as_string(hide_password=False),
        "ENLACE_SECRET_KEY": "s" * 32,
        "ENLACE_TOKEN_KEYS": KEY,
        "ENLACE_GOOGLE_CLIENT_ID": "enlace.apps.example",
        "ENLACE_GOOGLE_CLIENT_SECRET": "secret",
        "ENLACE_GMAIL_API_URL": gmail_url,
        "ENLACE_GOOGLE_TOKEN_URL": f"{gmail_url}/token",
    }


def settings(db: Database) -> Settings:
    return read_settings(settings_for(db))


@pytest.fixture
def worker(office: Office) -> Iterator[Worker]:
    """A worker on the office's database and emulator, not started: the test ticks."""
    here = open_installation(settings(office.db), clock=office.clock, emulator=office.emulator)
    worker = Worker(here)
    worker.runner.start()
    yield worker
    worker.runner.stop()
    here.close()


def wait_until(is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def stored(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Copy)) or 0


def test_a_tick_brings_due_mailboxes_up_to_date(office: Office, worker: Worker) -> None:
    office.mail(ALICE, DORA)
    assert worker.tick() == 1
    wait_until(lambda: _is_idle(office))
    assert worker.tick() == 1  # after the first look for new mail, the import
    wait_until(lambda: stored(office.db) == 1)


def test_a_mailbox_is_not_due_again_before_a_minute_has_passed(office: Office, worker: Worker) -> None:
    assert worker.tick() == 1
    wait_until(lambda: _is_idle(office))
    assert worker.tick() == 1
    wait_until(lambda: _is_idle(office) and not _has_import(office))
    assert worker.tick() == 0
    office.clock.advance(timedelta(seconds=61))
    office.mail(ALICE, DORA)
    assert worker.tick() == 1
    wait_until(lambda: stored(office.db) == 1)


def _is_idle(office: Office) -> bool:
    with office.db.read() as session:
        state = session.scalars(select(SyncState)).one()
        return state.last_success_at is not None and state.lease_until is None


def _has_import(office: Office) -> bool:
    with office.db.read() as session:
        due_at = session.scalars(select(SyncState.next_import_at)).one()
        return due_at is not None and due_at <= office.clock.now() + DUE_EVERY  # or it was claimed just now


def test_two_claims_never_take_the_same_mailbox(two_reps: Office) -> None:
    with two_reps.db.write() as session:
        first = claim_due(session, two_reps.clock.now(), 1)
    with two_reps.db.write() as session:
        second = claim_due(session, two_reps.clock.now(), 5)
    assert len(first) == len(second) == 1
    assert first != second


def test_a_thread_runner_survives_a_drain_that_crashes_and_queues_a_waiting_mailbox_once(sqlite_db: Database) -> None:
    seen: list[int] = []
    lock = Lock()

    def drain(job: Job) -> None:
        with lock:
            seen.append(job.mailbox_id)
        if job.mailbox_id == 1:
            raise RuntimeError("boom")

    runner = ThreadRunner(drain, size=1)
    for ids in ([1, 2], [2, 3]):
        with sqlite_db.write() as session:
            runner.submit(session, [Job(i) for i in ids])
    runner.start()
    wait_until(lambda: sorted(seen) == [1, 2, 3])
    runner.stop()
    assert seen.count(2) == 1


def test_new_mail_goes_before_imports_that_wait_longer(sqlite_db: Database) -> None:
    seen: list[Job] = []
    runner = ThreadRunner(seen.append, size=1)
    jobs = [Job(1, Task.IMPORT), Job(2, Task.IMPORT), Job(3, Task.NEW_MAIL), Job(4, Task.NEW_MAIL)]
    with sqlite_db.write() as session:
        runner.submit(session, jobs)
    runner.start()
    wait_until(lambda: len(seen) == 4)
    runner.stop()
    assert [job.mailbox_id for job in seen] == [3, 4, 1, 2]


def test_a_claim_that_is_rolled_back_leaves_no_job_behind(db: Database) -> None:
    if db.is_sqlite:
        runner: ThreadRunner | QueueRunner = ThreadRunner(lambda _id: pytest.fail("ran"))
    else:
        runner = QueueRunner(db.engine.url.render_as_string(hide_password=False), lambda _id: pytest.fail("ran"))
    with pytest.raises(RuntimeError, match="changed our mind"), db.write() as session:
        runner.submit(session, [Job(1), Job(2)])
        raise RuntimeError("changed our mind")
    if not db.is_sqlite:
        with db.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM procrastinate_jobs").scalar() == 0
    runner.stop()


@dataclass
class Fleet:
    """Twenty mailboxes in an emulator behind HTTP, and worker processes that share them."""

    db: Database
    server: EmulatorServer
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self) -> subprocess.Popen[bytes]:
        name = f"worker-{len(self.workers)}.log"
        with (self.folder / name).open("wb") as log:
            environment = os.environ | settings_for(self.db, self.server.url)
            command = [sys.executable, "-m", "backend", "worker"]
            worker = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log)
        self.workers.append(worker)
        return worker

    def drained_by(self, number: int) -> int:
        return (self.folder / f"worker-{number}.log").read_text().count("mailbox_drained")

    def stop(self) -> None:
        for worker in self.workers:
            worker.terminate()
        assert all(worker.wait(PATIENCE_S) in {0, -9} for worker in self.workers)


MAILBOXES, MAILS = 20, 30


@pytest.fixture
def fleet(db: Database, clock: VirtualClock, tmp_path: Path) -> Iterator[Fleet]:
    if db.is_sqlite:
        pytest.skip("several worker processes share PostgreSQL only")
    clock.current = SystemClock().now()
    emulator = Emulator(tmp_path / "gmail.db", clock=clock)
    office = open_office(db, clock, emulator)
    disconnect_alice(office)
    with EmulatorServer(emulator) as server:
        for number in range(MAILBOXES):
            connect(office, f"rep{number}@acme.example")
        fleet = Fleet(db, server, tmp_path)
        yield fleet
        fleet.stop()
    emulator.close()


def disconnect_alice(office: Office) -> None:
    with office.db.write() as session:
        disconnect_mailbox(session, office.clock, session.get_one(Mailbox, office.mailboxes[ALICE]))


def connect(office: Office, address: str) -> None:
    """A rep with a mailbox of mail, entered by a refresh token as at Google."""
    office.emulator.add_mailbox(address)
    mails = [Mail(_raw(address, n), ("INBOX",), 1_760_000_000_000 + n) for n in range(MAILS)]
    insert_many(office.emulator, address, mails)
    grant = UserGrant(new_refresh_token(office.emulator.store, address, GMAIL_SCOPE))
    with office.db.write() as session:
        workspace = session.get_one(Workspace, office.workspace_id)
        user = create_user(session, office.clock, workspace, email=address, role=Role.REP)
        connect_mailbox(
            session,
            office.clock,
            Vault([KEY]),
            user,
            address=address,
            address_key=address,
            kind=GrantKind.OAUTH,
            secret=grant.to_json(),
        )


def _raw(address: str, number: int) -> bytes:
    """One mail in three went to everybody and is one message in twenty copies."""
    to_all = number % 3 == 0
    sender = "news@partner.example" if to_all else f"dora@n{address[3]}.example"
    message_id = f"all-{number}@partner.example" if to_all else f"{number}.{address}"
    return (
        f"From: {sender}\r\nTo: {'team@acme.example' if to_all else address}\r\nSubject: Mail {number}\r\n"
        f"Date: Mon, 05 Jan 2026 09:{number:02}:00 +0000\r\nMessage-ID: <{message_id}>\r\n\r\nHello\r\n"
    ).encode()


@pytest.mark.slow
def test_two_workers_share_twenty_mailboxes_and_one_that_is_killed_is_missed_by_none(fleet: Fleet) -> None:
    first = fleet.start_worker()
    fleet.start_worker()
    wait_until(lambda: fleet.drained_by(0) >= 1 and fleet.drained_by(1) >= 1)
    wait_until(lambda: stored(fleet.db) == MAILBOXES * MAILS)
    with fleet.db.read() as session:
        messages = session.scalar(select(func.count()).select_from(Message))
    assert messages == MAILS // 3 + MAILBOXES * MAILS * 2 // 3
    wait_until(lambda: _nothing_runs(fleet.db))
    first.kill()
    with fleet.db.write() as session:  # all is due at once for the one that is left
        session.execute(update(SyncState).values(next_sync_at=SystemClock().now(), last_success_at=None))
    wait_until(lambda: _all_succeeded(fleet.db))


def _nothing_runs(db: Database) -> bool:
    with db.read() as session:
        works = SyncState.lease_until.is_not(None) | (SyncState.next_import_at <= SystemClock().now())
        return session.scalar(select(func.count()).select_from(SyncState).where(works)) == 0


def _all_succeeded(db: Database) -> bool:
    with db.read() as session:
        active = select(Mailbox.id).where(Mailbox.status == "active")
        waiting = select(func.count()).where(SyncState.last_success_at.is_(None), SyncState.mailbox_id.in_(active))
        return session.scalar(waiting) == 0
