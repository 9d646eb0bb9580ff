"""Local time, windows, holidays, pauses and outages."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from backend.accounts.tables import User
from backend.kit.errors import UserError
from backend.sequences.hours import Window, after_days, days_off, next_open, to_utc, zone_of
from backend.sequences.people import enrolling
from backend.sequences.shapes import EnrolmentState
from backend.sequences.tables import Enrolment
from tests.cast import ALICE, DORA, ERIK
from tests.sequences.line import MONDAY, Line, definition, mail, wait

MADRID, NEW_YORK = zone_of("Europe/Madrid"), zone_of("America/New_York")
OFFICE_HOURS = {"days": [0, 1, 2, 3, 4], "opens": "09:00", "closes": "17:00"}
WORKDAY = Window(frozenset(range(5)), time(9), time(17))
_wall = datetime.fromisoformat


def test_dst_gap_and_repeated_hour() -> None:
    """A time that the clocks skip comes an hour later; one that comes twice is taken the first time."""
    assert to_utc(_wall("2026-03-29T02:30"), MADRID) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert to_utc(_wall("2026-10-25T02:30"), MADRID) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_nine_in_the_morning_stays_nine_when_the_clocks_change() -> None:
    before = to_utc(_wall("2026-03-28T09:00"), MADRID)
    after = to_utc(after_days(before, 2, time(9), MADRID), MADRID)
    assert (after.astimezone(MADRID).time(), after - before) == (time(9), timedelta(hours=47))


@given(
    st.datetimes(_wall("2024-01-01T00:00"), _wall("2030-01-01T00:00"), timezones=st.just(UTC)),
    st.sampled_from(["Europe/Madrid", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC"]),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 22),
)
def test_what_a_window_lets_out_lies_inside_it_and_is_never_earlier(
    moment: datetime, zone: str, days: set[int], opens: int
) -> None:
    window = Window(frozenset(days), time(opens), time(opens + 1))
    found = next_open(moment, window, zone_of(zone), frozenset())
    local = found.astimezone(zone_of(zone))
    assert found >= moment
    assert local.weekday() in days
    assert window.opens <= local.time() <= time(opens + 1, 59)  # an hour that the clocks skip opens an hour later


def test_a_holiday_is_no_day_to_write() -> None:
    eve = datetime(2026, 12, 24, 18, tzinfo=UTC)
    assert date(2026, 12, 25) in days_off("ES")
    assert next_open(eve, WORKDAY, MADRID, days_off("ES")) == datetime(2026, 12, 28, 8, tzinfo=UTC)
    assert next_open(eve, WORKDAY, MADRID, days_off("")) == datetime(2026, 12, 25, 8, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd", "Europe", "a\0b"])
def test_a_zone_that_does_not_exist_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(UserError, match="no time zone"):
        zone_of(name)


def test_nothing_leaves_outside_the_window_of_the_reps_own_zone(line: Line) -> None:
    _live_in(line, "America/New_York")
    line.enrol(line.make(definition(mail(), window=OFFICE_HOURS)))
    line.let_pass(hours=4, every_minutes=30)  # 09:00 to 13:00 UTC: before nine in New York
    assert line.deliveries() == 0
    line.let_pass(hours=2, every_minutes=30)
    assert line.deliveries() == 1


def test_window_closed_at_claim(line: Line) -> None:
    """A draft whose moment comes after hours waits for the morning, and is not lost."""
    line.office.clock.current = MONDAY.replace(hour=16, minute=55)
    sequence = line.make(definition(mail(), window=OFFICE_HOURS))
    line.pace(lead_s=600)
    line.enrol(sequence)
    line.let_pass(hours=2, every_minutes=5)
    assert (line.deliveries(), len(line.office.gmail(ALICE).list_drafts())) == (0, 1)
    line.let_pass(hours=15, every_minutes=15)
    assert line.deliveries() == 1


def test_zone_changed_in_mid_run(line: Line) -> None:
    """The local time counts, in the zone that holds when it comes."""
    enrolment = line.enrol(line.make(definition(mail(), wait(1, "10:00"), mail("Again"))))
    line.tick()
    assert line.see(enrolment).due_at == MONDAY.replace(day=6, hour=10)
    _live_in(line, "America/New_York")
    line.let_pass(hours=26, every_minutes=30)
    assert line.deliveries() == 1
    line.let_pass(hours=5, every_minutes=30)
    assert line.deliveries() == 2


def test_three_day_outage(line: Line) -> None:
    """Afterwards nothing bursts and nothing is lost: what waited leaves at the mailbox's pace."""
    sequence = line.make(definition(mail(), wait(1), mail("Again")))
    people = [f"p{n}@company{n}.example" for n in range(6)]
    for address in people:
        line.enrol(sequence, address)
    line.tick()
    line.pace(spacing_s=600)
    line.office.clock.advance(timedelta(days=4))
    before = len(line.heard)
    line.let_pass(hours=0.5, every_minutes=5)
    assert 1 <= len(line.heard) - before <= 4
    line.let_pass(hours=3, every_minutes=10)
    assert [line.deliveries(address) for address in people] == [2] * 6


def test_a_step_that_an_outage_outlived_is_skipped_with_its_reason(line: Line) -> None:
    enrolment = line.enrol(line.make(definition(mail(), wait(1), mail("Again", expires_days=2), mail("Last"))))
    line.tick()
    line.office.clock.advance(timedelta(days=5))
    line.let_pass(hours=1)
    assert "skipped expired" in line.ledger(enrolment)
    assert (line.deliveries(), line.stand(enrolment)[0]) == (2, EnrolmentState.FINISHED)


def test_pause_and_resume(line: Line) -> None:
    """The draft is taken back; afterwards the same mail leaves, once."""
    sequence = line.make(definition(mail()))
    line.pace(lead_s=3600)
    enrolment = line.enrol(sequence)
    line.tick()
    _with_row(line, enrolment, lambda session, row, now: enrolling.pause(session, row, now, "by_hand"))
    line.let_pass(days=2, every_minutes=240)
    assert (line.deliveries(), line.office.gmail(ALICE).list_drafts()) == (0, ())
    _with_row(line, enrolment, enrolling.resume)
    line.let_pass(hours=3)
    assert (line.deliveries(), line.stand(enrolment)[0]) == (1, EnrolmentState.FINISHED)


def test_a_cap_counts_the_reps_own_mail_too(line: Line) -> None:
    for n in range(3):
        line.office.mail(ALICE, f"friend{n}@elsewhere.example")
    line.office.sync()
    sequence = line.make(definition(mail()))
    line.pace(daily_cap=4)
    for address in (DORA, ERIK):
        line.enrol(sequence, address)
    line.let_pass(hours=20)
    assert line.deliveries(DORA) + line.deliveries(ERIK) == 1
    line.let_pass(hours=8)
    assert line.deliveries(DORA) + line.deliveries(ERIK) == 2


def test_a_domain_gets_no_more_than_its_cap_in_a_day(line: Line) -> None:
    sequence = line.make(definition(mail(), stops_on_colleague=False))
    line.pace(domain_cap=2)
    people = [f"p{n}@nordwind.example" for n in range(4)]
    for address in people:
        line.enrol(sequence, address)
    line.let_pass(hours=20)
    assert len(line.heard) == 2
    line.let_pass(hours=8)
    assert len(line.heard) == 4


def test_one_budget_for_each_person_over_all_sequences(line: Line) -> None:
    """One contact in two sequences: the second mail waits until the person was left alone for long enough."""
    first, second = line.make(definition(mail())), line.make(definition(mail("Two")), "Other")
    line.pace(person_hours=24)
    line.enrol(first)
    line.enrol(second)
    line.let_pass(hours=20)
    assert line.deliveries() == 1
    line.let_pass(hours=8)
    assert line.deliveries() == 2


def test_ten_thousand_rows_of_one_sequence_leave_others_their_turn(line: Line) -> None:
    """Forty orders of one sequence, then one of another: it is the second to leave."""
    many, one = line.make(definition(mail())), line.make(definition(mail("Two")), "Other")
    line.pace(spacing_s=600)
    for n in range(40):
        line.enrol(many, f"p{n}@company{n}.example")
    line.enrol(one, DORA)
    line.let_pass(hours=0.5, every_minutes=10)
    assert line.deliveries() == 1
    assert len(line.heard) < 8


def test_follow_ups_go_before_first_touches(line: Line) -> None:
    sequence = line.make(definition(mail(), wait(1), mail("Again")))
    line.enrol(sequence)
    line.tick()
    line.office.clock.advance(timedelta(days=1))
    for n in range(5):
        line.enrol(sequence, f"p{n}@company{n}.example")
    line.pace(spacing_s=3600)
    line.let_pass(hours=0.2, every_minutes=10)
    assert line.deliveries() == 2


def _live_in(line: Line, zone: str) -> None:
    with line.office.db.write() as session:
        session.execute(update(User).where(User.email == ALICE).values(timezone=zone))


def _with_row(line: Line, enrolment: int, change: object) -> None:
    assert callable(change)
    with line.office.db.write() as session:
        change(session, session.get_one(Enrolment, enrolment), line.office.clock.now())
