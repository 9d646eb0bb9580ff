"""When what waits in a mailbox would have left it: each mail in its own sequence's hours, all at the mailbox's pace."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from backend.outbox.shapes import Pace, Sender
from backend.sequences.authoring.definitions import OFFICE_HOURS
from backend.sequences.hours import EVERY_DAY, Window
from backend.sequences.sending.catching_up import FARTHEST_DAYS, Crowd, DayPlan, plan

MADRID = ZoneInfo("Europe/Madrid")
SATURDAY = datetime(2026, 1, 10, 11, tzinfo=UTC)
EVER = Window(EVERY_DAY, time(0), time(23, 59))
PACE = Pace(daily_cap=10, ramp_start=10, spacing_s=60, jitter_s=0, lead_s=0)


def sender(pace: Pace = PACE) -> Sender:
    return Sender(1, 1, 1, "alice@acme.example", "Alice", pace, None, datetime(2025, 1, 1, tzinfo=UTC), None)


def crowd(window: Window, mails: int, *off: date) -> Crowd:
    return Crowd(window, frozenset(off), mails)


def days(*crowds: Crowd, spent: int = 0) -> dict[int, int]:
    """Mails by the day of January."""
    return {each.day.day: each.mails for each in plan(crowds, sender(), MADRID, spent, SATURDAY)}


def test_mails_wait_for_the_hours_of_their_own_sequence() -> None:
    assert days(crowd(EVER, 4)) == {10: 4}
    assert days(crowd(OFFICE_HOURS, 4)) == {12: 4}
    assert days(crowd(OFFICE_HOURS, 4), crowd(EVER, 3)) == {10: 3, 12: 4}
    assert days(crowd(OFFICE_HOURS, 4, date(2026, 1, 12))) == {13: 4}


def test_all_of_them_share_the_mailboxs_day() -> None:
    assert days(crowd(OFFICE_HOURS, 12), crowd(EVER, 25)) == {10: 10, 11: 10, 12: 10, 13: 7}


def test_what_left_today_counts_today_and_not_on_the_first_day_of_a_later_window() -> None:
    assert days(crowd(EVER, 4), spent=8) == {10: 2, 11: 2}
    assert days(crowd(OFFICE_HOURS, 4), spent=8) == {12: 4}


WINDOWS = st.sampled_from([EVER, OFFICE_HOURS, Window(frozenset({5}), time(10), time(10, 5))])


@given(st.lists(st.tuples(WINDOWS, st.integers(0, 60)), max_size=4), st.integers(0, 12))
def test_no_mail_is_lost_and_no_day_takes_more_than_the_mailbox_may_send(
    waiting: list[tuple[Window, int]], spent: int
) -> None:
    found = plan([crowd(*each) for each in waiting], sender(), MADRID, spent, SATURDAY)
    assert all(0 < each.mails <= PACE.daily_cap for each in found)
    assert [each.day for each in found] == sorted({each.day for each in found})
    planned, all_mails = sum(each.mails for each in found), sum(mails for _, mails in waiting)
    assert planned == all_mails or (planned < all_mails and is_far(found))


def is_far(found: tuple[DayPlan, ...]) -> bool:
    """Whether it ends where the plan ends: beyond that nobody looks."""
    return len(found) >= FARTHEST_DAYS // 7
