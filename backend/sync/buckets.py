"""The arithmetic of Gmail's quota: what may be taken now, and when the rest may.

A bucket holds a minute's units, and each unit comes back a minute after it was taken. So no 60 seconds, wherever Gmail
may begin to count them, see more than the limit, and the whole of it can be used: an import takes its minute's share
in one go and leaves the worker to others (docs/decisions/0050).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

MINUTE_MS = 60_000
SLOT_MS = 250  # takings are noted by the quarter of a second, which bounds how much is to be remembered
LATE_MS = 250  # a call may count at Google a moment after we took its units

FIRST_BATCH, SMALLEST_BATCH, LARGEST_BATCH, GROWTH = 25, 5, 100, 5


class Urgency(StrEnum):
    """For whom a call is made."""

    PERSON = "person"
    NEW_MAIL = "new_mail"
    IMPORT = "import"


# The share of a minute's units that is kept back for the more urgent.
_KEPT_BACK = {Urgency.PERSON: 0.0, Urgency.NEW_MAIL: 0.015, Urgency.IMPORT: 0.03}


@dataclass(frozen=True, slots=True)
class Quota:
    """An installation's quota at Gmail, in units a minute: of each mailbox, and of all together."""

    per_user: int
    per_project: int

    def for_import(self, importing: int) -> int:
        """How many units an import gets a minute where so many mailboxes import at once."""
        share = min(self.per_user, self.per_project // max(importing, 1))
        return max(share - int(share * _KEPT_BACK[Urgency.IMPORT]), 1)


GMAILS = Quota(per_user=6_000, per_project=1_200_000)  # since May 2026


@dataclass(frozen=True, slots=True)
class Bucket:
    """A minute's units. `taken`: (slot, units), a slot being epoch milliseconds // SLOT_MS.

    `closed_until_ms`: Gmail asked for silence until then.
    """

    limit: int
    taken: tuple[tuple[int, int], ...] = ()
    closed_until_ms: int = 0

    def free(self, now_ms: int, urgency: Urgency) -> int:
        """How many units a call of this urgency may take now; 0 or more."""
        if now_ms < self.closed_until_ms:
            return 0
        return max(self._ceiling(urgency) - sum(units for _, units in self._out(now_ms)), 0)

    def take(self, now_ms: int, units: int) -> Bucket:
        """The bucket after `units` were taken; what has come back is forgotten."""
        slot, out = now_ms // SLOT_MS, self._out(now_ms)
        mine = units + sum(u for s, u in out if s == slot)
        return replace(self, taken=(*((s, u) for s, u in out if s != slot), (slot, mine)))

    def wait_ms(self, now_ms: int, units: int, urgency: Urgency) -> int:
        """Milliseconds until `units` may be taken, if nobody takes any meanwhile; 0: now.

        A call that costs more than the bucket holds waits for a full one.
        """
        wanted = min(units, self._ceiling(urgency))
        free, at_ms = self._ceiling(urgency) - sum(u for _, u in self._out(now_ms)), now_ms
        for slot, back in sorted(self._out(now_ms)):
            if free >= wanted:
                break
            free, at_ms = free + back, _back_ms(slot)
        return max(at_ms, self.closed_until_ms, now_ms) - now_ms

    def share_out(self, now_ms: int) -> float:
        """How much of the minute's units is taken, from 0 to 1."""
        return sum(units for _, units in self._out(now_ms)) / self.limit

    def closed(self, until_ms: int) -> Bucket:
        """The bucket after Gmail asked for silence until then."""
        return replace(self, closed_until_ms=max(self.closed_until_ms, until_ms))

    def _ceiling(self, urgency: Urgency) -> int:
        return self.limit - int(self.limit * _KEPT_BACK[urgency])

    def _out(self, now_ms: int) -> list[tuple[int, int]]:
        return [(slot, units) for slot, units in self.taken if _back_ms(slot) > now_ms]


def _back_ms(slot: int) -> int:
    """When the units taken in a slot come back, by the latest moment at which they can have been counted."""
    return (slot + 1) * SLOT_MS + MINUTE_MS + LATE_MS


def grant(buckets: Iterable[Bucket], now_ms: int, urgency: Urgency, *, most: int, step: int) -> int:
    """How many units all of `buckets` can give, up to `most`, in whole steps; 0 where not even one step."""
    free = min(bucket.free(now_ms, urgency) for bucket in buckets)
    return min(most, free) // step * step


def longest_wait_ms(buckets: Sequence[Bucket], now_ms: int, units: int, urgency: Urgency) -> int:
    """Milliseconds until all of `buckets` can give `units`."""
    return max(bucket.wait_ms(now_ms, units, urgency) for bucket in buckets)


def next_batch(size: int, *, was_refused: bool, most: int = LARGEST_BATCH) -> int:
    """The size of the batch after one of `size`: half of it after a refusal, else a little more."""
    return max(size // 2, SMALLEST_BATCH) if was_refused else min(size + GROWTH, most)
