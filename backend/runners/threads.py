"""A bounded pool of threads in the worker process: the runner beside SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session

from backend.runners import Drain

log = structlog.get_logger(__name__)


class ThreadRunner:
    """Runs up to `size` drains at a time. What dies with the process is claimed again by the next tick."""

    def __init__(self, drain: Drain, size: int = 4) -> None:
        self._drain = drain
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="drain")
        self._waiting: set[int] = set()
        self._lock = Lock()

    def submit(self, session: Session, mailbox_ids: Sequence[int]) -> None:
        """Queue mailboxes once the claim is committed."""
        event.listen(session, "after_commit", lambda _session: self._queue(mailbox_ids), once=True)

    def _queue(self, mailbox_ids: Sequence[int]) -> None:
        with self._lock:
            fresh = [i for i in mailbox_ids if i not in self._waiting]
            self._waiting.update(fresh)
        for mailbox_id in fresh:
            self._pool.submit(self._run, mailbox_id)

    def _run(self, mailbox_id: int) -> None:
        try:
            self._drain(mailbox_id)
        except Exception:  # a job's last line of defence: the pool would swallow it unseen
            log.exception("drain_crashed", mailbox_id=mailbox_id)
        finally:
            with self._lock:
                self._waiting.discard(mailbox_id)

    def start(self) -> None:
        """Nothing to do: the pool makes its threads when it needs them."""

    def sweep(self) -> int:
        """Nothing to do: jobs live in this process."""
        return 0

    def stop(self) -> None:
        """Drop what waits, let running drains end."""
        self._pool.shutdown(wait=True, cancel_futures=True)
