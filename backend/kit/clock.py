"""Time, handed in: every verb that needs the time takes a `Clock`, so that tests and rehearsals choose it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time as an aware UTC datetime."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the machine's time, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that may ask the machine


@dataclass
class VirtualClock:
    """A clock that moves only when told: for tests, for the emulator and for rehearsals."""

    current: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 9, 0, tzinfo=UTC))

    def now(self) -> datetime:
        """Return the time that was last set."""
        return self.current

    def advance(self, delta: timedelta) -> datetime:
        """Move forward by `delta` and return the new time."""
        self.current += delta
        return self.current


def from_epoch_ms(milliseconds: int) -> datetime:
    """Turn Gmail's internalDate (milliseconds since 1970, UTC) into an aware datetime, clamped to years 1 to 9999."""
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return datetime(1970, 1, 1, tzinfo=UTC) if milliseconds < 0 else datetime(9999, 12, 31, tzinfo=UTC)


def to_epoch_ms(moment: datetime) -> int:
    """Turn an aware datetime into milliseconds since 1970, as Gmail counts."""
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
