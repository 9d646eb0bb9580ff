from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from backend.activities.rules import due_at


@pytest.mark.parametrize(
    ("zone", "hour_utc"), [("UTC", 17), ("Europe/Madrid", 16), ("America/Mexico_City", 23), ("Asia/Tokyo", 8)]
)
def test_a_task_is_due_in_the_late_afternoon_of_whoever_plans(zone: str, hour_utc: int) -> None:
    assert due_at(date(2026, 1, 9), ZoneInfo(zone)) == datetime(2026, 1, 9, hour_utc, tzinfo=UTC)
