"""The limiter: nobody asks Gmail for more than its quota gives, whichever process asks.

A `Meter` counts the calls of one mailbox against its own bucket and the project's, both in the database. It takes units
for a whole batch at once, waits a moment in place, and raises `OutOfUnits` where that would not do. Gmail's own word
(429, Retry-After) closes a bucket for everybody.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from backend.db import Database
from backend.gmail.errors import RateLimited
from backend.gmail.gateway import BATCH_LIMIT
from backend.kit.clock import Clock, to_epoch_ms
from backend.sync import bucket_store as store
from backend.sync.buckets import Bucket, Urgency, grant, longest_wait_ms, next_batch

log = structlog.get_logger(__name__)

PATIENCE_S = 2.0  # a drain that would wait longer gives its thread to another mailbox
SMALL_CHANGE = 10  # units taken at once for the many calls that cost one or two
HANDICAP_S = 0.5
SILENT_PAUSE_S = 5.0  # after a 429 that does not say how long


class OutOfUnits(RateLimited):
    """Our own count says that Gmail would refuse, so it was not asked; `retry_after_s` is always set."""


class Meter(Protocol):
    """What one mailbox's calls cost, and whether they may be made; one per thread.

    `spent` counts units; `patience_s` is how long a call may wait for units in place.
    """

    urgency: Urgency
    spent: int
    patience_s: float

    def pay(self, units: int) -> None:
        """Take units for calls that follow at once. Raises `OutOfUnits`."""
        ...

    def prepay(self, units: int, step: int) -> int:
        """Take up to `units` in whole steps, at least one, for `pay` to use. Raises `OutOfUnits`."""
        ...

    def batch(self) -> int:
        """How many messages to ask for at once."""
        ...

    def succeeded(self, size: int) -> None:
        """A batch of that size went through."""
        ...

    def refused(self, error: RateLimited) -> None:
        """Gmail said that it was too fast."""
        ...

    def unbooked(self, session: Session) -> int:
        """Units that the mailbox's books do not hold yet, whoever took them."""
        ...


@dataclass
class Unmetered:
    """Counts and allows everything: for a Gmail without quota, as in tests and benches.

    Its batches are as large as those of a mailbox that Gmail has not refused for a while.
    """

    urgency: Urgency = Urgency.NEW_MAIL
    spent: int = 0
    patience_s: float = PATIENCE_S
    most: int = BATCH_LIMIT
    _size: int = field(init=False)

    def __post_init__(self) -> None:
        self._size = self.most

    def pay(self, units: int) -> None:
        """Count."""
        self.spent += units

    def prepay(self, units: int, step: int) -> int:  # noqa: ARG002 - the Protocol's
        """Grant all."""
        return units

    def batch(self) -> int:
        """How many messages to ask for at once."""
        return self._size

    def succeeded(self, size: int) -> None:
        """Ask for more again, up to where it began."""
        if size >= self._size:
            self._size = next_batch(self._size, was_refused=False, most=self.most)

    def refused(self, error: RateLimited) -> None:  # noqa: ARG002 - the Protocol's
        """Ask for less."""
        self._size = next_batch(self._size, was_refused=True)

    def unbooked(self, session: Session) -> int:  # noqa: ARG002 - the Protocol's
        """What was counted here: nobody else counts."""
        return self.spent


@dataclass(frozen=True, slots=True)
class Limiter:
    """The quota of an installation, in units a minute."""

    db: Database
    clock: Clock
    per_user: int
    per_project: int
    sleep: Callable[[float], None] = time.sleep

    def meter(self, mailbox_id: int, urgency: Urgency = Urgency.PERSON) -> Meter:
        """Return a meter for the calls of one mailbox."""
        return SharedMeter(self, mailbox_id, urgency)


@dataclass
class SharedMeter:
    """Counts in the database. Never call it inside a transaction that writes: SQLite has one writer."""

    limiter: Limiter
    mailbox_id: int
    urgency: Urgency
    spent: int = 0
    patience_s: float = PATIENCE_S
    _prepaid: int = field(default=0, init=False)
    _size: int | None = field(default=None, init=False)

    def pay(self, units: int) -> None:
        """Take what is not prepaid; small calls are paid for several at a time."""
        missing = units - self._prepaid
        if missing > 0:
            self._prepaid += self._take(missing, max(missing, SMALL_CHANGE), 1)
        self._prepaid -= units
        self.spent += units

    def prepay(self, units: int, step: int) -> int:
        """Take what there is, up to `units`; where there is nothing, wait until all of it may be taken."""
        missing = units - self._prepaid // step * step
        if missing > 0:
            self._prepaid += self._take(step, missing, step)
        return min(units, self._prepaid // step * step)

    def batch(self) -> int:
        """The mailbox's own size, as its last drain left it."""
        if self._size is None:
            with self.limiter.db.read() as session:
                self._size = store.batch_of(session, self.mailbox_id)
        return self._size

    def succeeded(self, size: int) -> None:
        """Ask for a little more after a full batch; the new size is kept with the next taking."""
        if size >= self.batch():
            self._size = next_batch(size, was_refused=False, most=BATCH_LIMIT)

    def refused(self, error: RateLimited) -> None:
        """Close the mailbox's bucket, or the project's, for as long as Gmail said; ask for half as much."""
        pause_s = SILENT_PAUSE_S if error.retry_after_s is None else error.retry_after_s
        until_ms = to_epoch_ms(self.limiter.clock.now()) + round(pause_s * 1000)
        self._size = next_batch(self.batch(), was_refused=True)
        with self.limiter.db.write() as session:
            own, project = store.open_buckets(session, self._limits())
            concerned = project if error.is_project_wide else own
            concerned.save(concerned.bucket.closed(until_ms))
            own.row.batch = self._size
        log.warning(
            "gmail_too_fast", mailbox_id=self.mailbox_id, pause_s=pause_s, is_project_wide=error.is_project_wide
        )

    def unbooked(self, session: Session) -> int:
        """What the bucket gave and no drain wrote down: to this one, to people's calls, and to drains that died."""
        return store.unbooked(session, self.mailbox_id)

    def _take(self, least: int, most: int, step: int) -> int:
        """Take at once what there is; where there is nothing, wait for `most`, or for `least` where that takes long."""
        patience_s = self.patience_s
        while True:
            granted, waits_s = self._try(least, most, step)
            if granted:
                return granted
            wait_s = max((w for w in waits_s if w <= patience_s), default=None)
            if wait_s is None:
                raise OutOfUnits("this minute's units are used up", retry_after_s=min(waits_s))
            self.limiter.sleep(wait_s)
            patience_s -= wait_s

    def _try(self, least: int, most: int, step: int) -> tuple[int, tuple[float, float]]:
        """(units granted, no waits), or (0, seconds until `least` and until `most` may be taken)."""
        now_ms = to_epoch_ms(self.limiter.clock.now())
        with self.limiter.db.write() as session:
            own, project = store.open_buckets(session, self._limits())
            buckets = (own.bucket, project.bucket)
            granted = grant(buckets, now_ms, self.urgency, most=most, step=step)
            if granted < least:
                waits_ms = [longest_wait_ms(buckets, now_ms, units, self.urgency) for units in (least, most)]
                if waits_ms[0]:
                    handicap_s = _handicap_s(own.bucket, project.bucket, now_ms, self.urgency)
                    return 0, (waits_ms[0] / 1000 + handicap_s, waits_ms[1] / 1000 + handicap_s)
                granted = least  # it costs more than a bucket holds, and the bucket is full
            for kept in (own, project):
                kept.save(kept.bucket.take(now_ms, granted), granted)
            own.row.batch = own.row.batch if self._size is None else self._size
        return granted, (0.0, 0.0)

    def _limits(self) -> dict[str, int]:
        """Units a minute by bucket; the mailbox's name sorts before the project's."""
        return {store.mailbox_bucket(self.mailbox_id): self.limiter.per_user, store.PROJECT: self.limiter.per_project}


def _handicap_s(own: Bucket, project: Bucket, now_ms: int, urgency: Urgency) -> float:
    """How much later a mailbox comes back for the project's units, so that who had fewer lately goes first."""
    is_shared = project.wait_ms(now_ms, 1, urgency) > own.wait_ms(now_ms, 1, urgency)
    return HANDICAP_S * own.share_out(now_ms) if is_shared else 0.0
