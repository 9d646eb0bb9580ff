"""Gmail's quota: units a verb, counted by the minute for each user and for the project; off until limits are set."""

from __future__ import annotations

from collections import Counter
from threading import Lock

from backend.gmail.emulator.refusals import Refusal
from backend.kit.clock import Clock, to_epoch_ms

_MINUTE_MS = 60_000


class Quota:
    """Counts every call; refuses (429) what goes beyond a limit. None is no limit.

    `calls` (by verb) and `units` (by address) count what was served since the start, `refused` what was not.
    """

    def __init__(self, clock: Clock) -> None:
        self.per_user_minute: int | None = None
        self.per_project_minute: int | None = None
        self.calls: Counter[str] = Counter()
        self.units: Counter[str] = Counter()
        self.refused = 0
        self._clock = clock
        self._lock = Lock()
        self._minute = 0
        self._spent: Counter[str] = Counter()

    def charge(self, address: str, verb: str, units: int) -> None:
        """Count a call. Raises a 429 that says how long to wait."""
        with self._lock:
            if self.per_user_minute is not None or self.per_project_minute is not None:
                self._spend(address, units)
            self.units[address] += units
            self.calls[verb] += 1

    def _spend(self, address: str, units: int) -> None:
        now_ms = to_epoch_ms(self._clock.now())
        self._begin_minute(now_ms // _MINUTE_MS)
        wait_s = (_MINUTE_MS - now_ms % _MINUTE_MS + 999) // 1000
        self._check(self._spent[address] + units, self.per_user_minute, "per minute per user", wait_s)
        self._check(self._spent.total() + units, self.per_project_minute, "per minute", wait_s)
        self._spent[address] += units

    def _begin_minute(self, minute: int) -> None:
        if minute != self._minute:
            self._minute = minute
            self._spent.clear()

    def _check(self, units: int, limit: int | None, which: str, wait_s: int) -> None:
        if limit is not None and units > limit:
            self.refused += 1
            message = (
                f"Quota exceeded for quota metric 'Queries' and limit 'Queries {which}' of service "
                "'gmail.googleapis.com' for consumer 'project_number:0'."
            )
            raise Refusal(429, "rateLimitExceeded", message, retry_after_s=wait_s, domain="usageLimits")
