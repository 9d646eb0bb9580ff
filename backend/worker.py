"""The worker process: APScheduler ticks, the tick claims what is due, a runner does it.

Time and truth live in the database. One interval job, never two at once, never skipped for being late: the tick asks
what is due, so a late tick does the same work as a punctual one.
"""

from __future__ import annotations

import signal
from threading import Event
from types import FrameType

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from backend.gmail.errors import PermissionDenied
from backend.installation import Installation
from backend.kit.errors import UserError
from backend.kit.memory import spare_what_is_loaded
from backend.outbox.jobs import Desk, send_due
from backend.outbox.store import claim_senders
from backend.outbox.tokens import UnsubscribeLinks
from backend.runners import Runner, Work
from backend.runners.queue import QueueRunner
from backend.runners.threads import ThreadRunner
from backend.sequences.jobs import advance_due
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.progress.engine import Engine
from backend.sequences.results.jobs import book_answers
from backend.sync.jobs import drain_mailbox
from backend.sync.puller import Puller
from backend.sync.shapes import End, Job, Task
from backend.sync.store import claim_due, claim_imports, welcome_new
from backend.sync.watches import claim_idle, end_watch

log = structlog.get_logger(__name__)

TICK_S = 1
CLAIM = 100
SWEEP_EVERY = 30  # ticks
BOOK_EVERY = 10  # ticks


class Worker:
    """Ticks until it is stopped. `clock` and database are the installation's."""

    def __init__(self, installation: Installation, runner: Runner | None = None) -> None:
        self.installation = installation
        self.runner = runner or make_runner(installation)
        self._engine = Engine(installation.clock)
        self._ticks = 0
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._scheduler.add_job(
            self.tick, "interval", seconds=TICK_S, max_instances=1, coalesce=True, misfire_grace_time=None
        )

    def start(self) -> None:
        """Begin to tick and to work, in the background."""
        self.runner.start()
        self._scheduler.start()

    def tick(self) -> int:
        """Claim what is due and hand it over; returns how many jobs."""
        self._ticks += 1
        if self._ticks % SWEEP_EVERY == 1:
            swept = self.runner.sweep()
            if swept:
                log.warning("dead_workers_swept", jobs=swept)
        if self._ticks % BOOK_EVERY == 1:
            book_answers(self.installation.db)
        now = self.installation.clock.now()
        advance_due(self.installation.db, self.installation.clock, self._engine)
        with self.installation.db.write() as session:
            welcome_new(session, now)
            jobs = [Job(i, Task.NEW_MAIL) for i in claim_due(session, now, CLAIM)]
            jobs += [Job(i, Task.SEND) for i in claim_senders(session, now, CLAIM)]
            jobs += [Job(i, Task.IMPORT) for i in claim_imports(session, now, CLAIM)]
            jobs += [Job(i, Task.UNWATCH) for i in claim_idle(session, now)]
            self.runner.submit(session, jobs)
        return len(jobs)

    def stop(self) -> None:
        """Tick no more, let running work end."""
        self._scheduler.shutdown(wait=True)
        self.runner.stop()


def make_runner(installation: Installation) -> Runner:
    """Threads beside SQLite, the shared queue on PostgreSQL."""
    work = work_for(installation)
    return ThreadRunner(work) if installation.db.is_sqlite else QueueRunner(installation.db.url, work)


def work_for(installation: Installation) -> Work:
    """Return what does one job."""
    db, clock, connect = installation.db, installation.clock, installation.enter
    topic = installation.settings.pubsub_topic
    desk = sending_desk(installation)

    def work(job: Job) -> object:
        if job.task is Task.SEND:
            return send_due(desk, job.mailbox_id)
        if job.task is Task.UNWATCH:
            end_watch(db, installation.connect, job.mailbox_id)
            return None
        return drain_mailbox(
            db, clock, connect, job.mailbox_id, task=job.task, limiter=installation.limiter, topic=topic
        )

    return work


def sending_desk(installation: Installation) -> Desk:
    """What a round of sending is handed: it syncs the mailbox itself, so that no reply is passed over."""
    db, clock, settings = installation.db, installation.clock, installation.settings

    def refresh(mailbox_id: int) -> End:
        limiter = installation.limiter
        return drain_mailbox(db, clock, installation.enter, mailbox_id, task=Task.NEW_MAIL, limiter=limiter)

    links = UnsubscribeLinks(settings.secret_key, settings.public_url)
    return Desk(db, clock, installation.connect, refresh, {SOURCE: Engine(clock)}, links)


def make_puller(installation: Installation) -> Puller | None:
    """What pulls Gmail's notices, where a subscription is set. Raises `UserError` without a service account."""
    try:
        subscription = installation.subscription()
    except PermissionDenied as error:
        raise UserError(
            "PUBSUB_SUBSCRIPTION is pulled as a service account; set GOOGLE_SERVICE_ACCOUNT_FILE as well."
        ) from error
    return None if subscription is None else Puller(installation.db, installation.clock, subscription)


def run_until_signalled(installation: Installation) -> None:
    """Work until SIGTERM or SIGINT."""
    stopping = Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    worker, puller = Worker(installation), make_puller(installation)
    spare_what_is_loaded()
    worker.start()
    if puller is not None:
        puller.start()
    log.info("worker_started", database="sqlite" if installation.db.is_sqlite else "postgresql")
    stopping.wait()
    if puller is not None:
        puller.stop()
    worker.stop()
