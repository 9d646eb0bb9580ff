"""A bounded pool of threads in the worker process: the runner beside SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from queue import PriorityQueue
from threading import Lock, Thread

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session

from backend.runners import PRIORITY, Work
from backend.sync.shapes import Job

log = structlog.get_logger(__name__)

_LAST = 1  # sorts after every job


class ThreadRunner:
    """Runs up to `size` jobs at a time, new mail first. What dies with the process is claimed anew."""

    def __init__(self, work: Work, size: int = 4) -> None:
        self._work = work
        self._threads = [Thread(target=self._serve, name=f"drain-{n}", daemon=True) for n in range(size)]
        self._jobs: PriorityQueue[tuple[int, int, Job | None]] = PriorityQueue()
        self._numbers = count()
        self._waiting: set[Job] = set()
        self._lock = Lock()
        self._is_stopping = False

    def submit(self, session: Session, jobs: Sequence[Job]) -> None:
        """Queue jobs once the claim is committed."""
        event.listen(session, "after_commit", lambda _session: self._queue(jobs), once=True)

    def _queue(self, jobs: Sequence[Job]) -> None:
        with self._lock:
            fresh = [job for job in jobs if job not in self._waiting]
            self._waiting.update(fresh)
            for job in fresh:
                self._jobs.put((-PRIORITY[job.task], next(self._numbers), job))

    def _serve(self) -> None:
        while True:
            _, _, job = self._jobs.get()
            if job is None or self._is_stopping:
                return
            self._run(job)

    def _run(self, job: Job) -> None:
        try:
            self._work(job)
        except Exception:  # a job's last line of defence: the thread would die of it
            log.exception("drain_crashed", mailbox_id=job.mailbox_id, task=job.task.value)
        finally:
            with self._lock:
                self._waiting.discard(job)

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def sweep(self) -> int:
        """Nothing to do: jobs live in this process."""
        return 0

    def stop(self) -> None:
        """Drop what waits, let running jobs end."""
        self._is_stopping = True
        for _ in self._threads:
            self._jobs.put((_LAST, next(self._numbers), None))
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
