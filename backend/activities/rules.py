"""When a task that was set for a day is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo

DUE_HOUR = time(17)


def due_at(day: date, zone: tzinfo) -> datetime:
    """Return the late afternoon of a day in the zone of whoever plans, aware UTC."""
    return datetime.combine(day, DUE_HOUR, zone).astimezone(UTC)
