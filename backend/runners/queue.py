"""Procrastinate: the runner on PostgreSQL, for any number of worker processes.

A job's row is written in the transaction that claims the mailbox, so that a rollback takes it along. The lock
"mailbox:M" keeps two workers off one mailbox, the queueing lock keeps one job of a kind waiting for it at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from threading import Event, Thread

import procrastinate
import structlog
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from backend.runners import PRIORITY, Work
from backend.sync.shapes import Job, Task

log = structlog.get_logger(__name__)

QUEUE = "mailboxes"
STALLED_AFTER_S = 60
_STOP_WITHIN_S = 30


class QueueRunner:
    """Runs up to `size` drains at a time in this process, sharing the queue with all others."""

    def __init__(self, database_url: str, work: Work, size: int = 4) -> None:
        self._size = size
        self._url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._deferring = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=self._url))
        self._working = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=self._url))
        self._task = self._deferring.task(name="drain_mailbox", queue=QUEUE)(_only_deferred)
        self._working.task(name="drain_mailbox", queue=QUEUE)(_running(work))
        self._thread = Thread(target=self._work, name="procrastinate", daemon=True)
        self._ready = Event()
        self._loop = asyncio.new_event_loop()
        self._worker: asyncio.Task[None] | None = None
        self._deferring.open()

    def submit(self, session: Session, jobs: Sequence[Job]) -> None:
        """Write one row a job in the session's transaction."""
        connection = session.connection().connection.driver_connection
        for job in jobs:
            lock = f"mailbox:{job.mailbox_id}"
            row = self._task.configure(
                connection=connection,
                lock=lock,
                queueing_lock=f"{lock}:{job.task.value}",
                priority=PRIORITY[job.task],
            )
            try:
                with session.begin_nested():
                    row.defer(mailbox_id=job.mailbox_id, task=job.task.value)
            except AlreadyEnqueued:
                log.debug("job_waits_already", mailbox_id=job.mailbox_id, task=job.task.value)

    def start(self) -> None:
        """Work in a thread of its own, which runs Procrastinate's event loop."""
        self._thread.start()
        self._ready.wait(_STOP_WITHIN_S)

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        async with self._working.open_async():
            self._worker = asyncio.ensure_future(
                self._working.run_worker_async(
                    queues=[QUEUE],
                    concurrency=self._size,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    fetch_job_polling_interval=1.0,
                )
            )
            self._ready.set()
            try:
                await self._worker
            except asyncio.CancelledError:
                log.info("queue_stopped")

    def sweep(self) -> int:
        """Drop the jobs of workers whose heart stopped: their mailboxes come due again by themselves."""
        return asyncio.run_coroutine_threadsafe(self._sweep(), self._loop).result(_STOP_WITHIN_S)

    async def _sweep(self) -> int:
        manager = self._working.job_manager
        stalled = list(await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED_AFTER_S))
        for job in stalled:
            await manager.finish_job(job, procrastinate.jobs.Status.FAILED, delete_job=True)
        return len(stalled)

    def stop(self) -> None:
        """Let running drains end, then stop."""
        if self._worker is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._worker.cancel)
            self._thread.join(_STOP_WITHIN_S)
        elif not self._thread.is_alive():
            self._loop.close()
        self._deferring.close()


def _only_deferred(mailbox_id: int, task: str) -> None:
    raise AssertionError(f"mailbox {mailbox_id}, {task}: jobs run in the worker's app, not in the one that defers")


def _running(work: Work) -> Callable[..., None]:
    def drain_mailbox(mailbox_id: int, task: str = Task.NEW_MAIL.value) -> None:
        work(Job(mailbox_id, Task(task)))

    return drain_mailbox
