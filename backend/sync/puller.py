"""Pulling Gmail's notices from Pub/Sub, in a thread of the worker: for installations without a public address."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event, Thread
from typing import Protocol

import structlog

from backend.db import Database
from backend.gmail.errors import GmailError
from backend.gmail.pubsub import Pulled
from backend.kit.clock import Clock
from backend.sync.hints import read_hint, take_hints
from backend.sync.rules import pause_s

log = structlog.get_logger(__name__)

MOST = 100
IDLE_S = 1.0
_STOP_WITHIN_S = 2.0


class Notices(Protocol):
    """Where notices come from: `gmail.pubsub.Subscription`."""

    def pull(self, most: int) -> list[Pulled]:
        """Up to `most` of them."""
        ...

    def acknowledge(self, ack_ids: Sequence[str]) -> None:
        """Let them not come again."""
        ...


class Puller:
    """Asks again and again, with growing pauses while Pub/Sub fails; polling goes on beside it."""

    def __init__(self, db: Database, clock: Clock, notices: Notices) -> None:
        self._db = db
        self._clock = clock
        self._notices = notices
        self._closing = Event()
        self._thread = Thread(target=self._run, name="puller", daemon=True)

    def start(self) -> None:
        """Pull from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Pull no more; a request that waits at Google's ends with the process."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_WITHIN_S)

    def pull_once(self) -> int:
        """Store the hints of what is there, then acknowledge it; returns how many messages. Raises `GmailError`."""
        pulled = self._notices.pull(MOST)
        if not pulled:
            return 0
        hints = [hint for hint in (read_hint(p.message) for p in pulled) if hint is not None]
        if len(hints) < len(pulled):
            log.warning("pulled_unreadable", messages=len(pulled) - len(hints))
        with self._db.write() as session:
            take_hints(session, hints, self._clock.now())
        self._notices.acknowledge([p.ack_id for p in pulled])
        return len(pulled)

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            try:
                pause, failures = (0.0 if self.pull_once() else IDLE_S), 0
            except GmailError as error:
                failures += 1
                pause = pause_s(failures)
                log.warning("pull_failed", error=type(error).__name__, failures=failures)
            except Exception:  # the thread's last line of defence: without it, notices would stay unread unseen
                failures += 1
                pause = pause_s(failures)
                log.exception("pull_crashed", failures=failures)
            self._closing.wait(pause)
