from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.doctor import rules
from backend.doctor.shapes import MailboxFacts, QueueFacts, State, TeamFacts

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
WELL = MailboxFacts(
    mailbox_id=1,
    address="alice@acme.example",
    owner="alice@acme.example",
    status="active",
    status_reason="",
    connected_at=NOW - timedelta(days=9),
    next_sync_at=NOW + timedelta(seconds=30),
    last_success_at=NOW - timedelta(seconds=30),
    is_listing=False,
    failures=0,
    last_error="",
    waiting=0,
    stuck=0,
)
LONG_AGO = NOW - timedelta(hours=3)


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, State.OK), (5, State.OK), (6, State.WARNING), (-60, State.WARNING), (61, State.WRONG), (-3600, State.WRONG)],
)
def test_clocks_may_differ_by_seconds_but_not_by_more_than_tokens_allow(seconds: int, state: State) -> None:
    finding = rules.judge_skew("database", timedelta(seconds=seconds))
    assert finding.state is state
    assert bool(finding.remedy) == (state is not State.OK)


def test_the_direction_of_a_skew_is_said() -> None:
    assert "90 s behind" in rules.judge_skew("Gmail", timedelta(seconds=-90)).said
    assert "90 s ahead of" in rules.judge_skew("Gmail", timedelta(seconds=90)).said


@pytest.mark.parametrize(("major", "state"), [(12, State.WRONG), (13, State.OK), (18, State.OK)])
def test_a_postgresql_that_the_queue_cannot_use_is_wrong(major: int, state: State) -> None:
    assert rules.judge_postgresql(major).state is state


@pytest.mark.parametrize(("mode", "state"), [("wal", State.OK), ("delete", State.WRONG)])
def test_sqlite_without_wal_is_wrong(mode: str, state: State) -> None:
    assert rules.judge_journal(mode).state is state


@pytest.mark.parametrize(("users", "admins", "state"), [(0, 0, State.WRONG), (3, 0, State.WARNING), (3, 1, State.OK)])
def test_somebody_must_be_able_to_sign_in_and_somebody_should_be_an_admin(
    users: int, admins: int, state: State
) -> None:
    assert rules.judge_team(TeamFacts(users, admins)).state is state


@pytest.mark.parametrize(
    ("box", "state", "words"),
    [
        (WELL, State.OK, "Read 30 s ago"),
        (replace(WELL, status="disconnected"), State.OFF, "its mail is kept"),
        (replace(WELL, status="paused", status_reason="On leave."), State.OFF, "On leave."),
        (replace(WELL, status="reconnect_needed", status_reason="invalid_grant"), State.WRONG, "invalid_grant"),
        (replace(WELL, grant_problem="Add the key."), State.WRONG, "cannot be opened"),
        (replace(WELL, next_sync_at=None), State.WARNING, "No worker"),
        (replace(WELL, failures=2, last_error="Transient: 503"), State.WARNING, "2 tries failed (Transient: 503)"),
        (replace(WELL, failures=3, last_error="Transient: 503"), State.WRONG, "3 tries failed"),
        (replace(WELL, last_success_at=LONG_AGO), State.WRONG, "not been read for 3 h"),
        (replace(WELL, last_success_at=LONG_AGO, waiting=9), State.OK, "9 messages wait"),
        (replace(WELL, last_success_at=None, is_listing=True), State.OK, "is being read"),
        (replace(WELL, last_success_at=None), State.WRONG, "not been read for 9 d"),
    ],
)
def test_a_mailbox_is_judged_by_what_keeps_it_from_being_read(box: MailboxFacts, state: State, words: str) -> None:
    finding = rules.judge_mailbox(box, NOW)
    assert (finding.state, finding.subject) == (state, box.address)
    assert words in finding.said


@given(
    st.builds(
        replace,
        st.just(WELL),
        status=st.sampled_from(["active", "paused", "reconnect_needed", "disconnected"]),
        grant_problem=st.sampled_from(["", "Add the key."]),
        failures=st.integers(0, 5),
        is_listing=st.booleans(),
        waiting=st.integers(0, 3),
        last_success_at=st.sampled_from([None, LONG_AGO, NOW]),
        next_sync_at=st.sampled_from([None, LONG_AGO, NOW]),
    )
)
def test_whatever_is_wrong_with_a_mailbox_has_a_remedy(box: MailboxFacts) -> None:
    finding = rules.judge_mailbox(box, NOW)
    assert finding.remedy or finding.state in {State.OK, State.OFF}


def test_a_date_that_nobody_kept_tells_that_no_worker_ticks() -> None:
    assert rules.judge_worker([WELL], NOW).state is State.OK
    late = replace(WELL, next_sync_at=NOW - timedelta(minutes=3))
    finding = rules.judge_worker([WELL, late], NOW)
    assert finding.state is State.WRONG
    assert "3 min" in finding.said
    assert "enlace worker" in finding.remedy


def test_a_mailbox_that_waits_for_its_first_worker_counts_from_its_connection() -> None:
    fresh = replace(WELL, next_sync_at=None, connected_at=NOW - timedelta(seconds=10))
    assert rules.judge_worker([fresh], NOW).state is State.OK
    assert rules.judge_worker([replace(fresh, connected_at=LONG_AGO)], NOW).state is State.WRONG


def test_only_active_mailboxes_need_a_worker() -> None:
    assert rules.judge_worker([replace(WELL, status="paused", next_sync_at=LONG_AGO)], NOW).state is State.OFF


def test_messages_that_failed_often_are_worth_a_look() -> None:
    assert rules.judge_backlog([replace(WELL, waiting=7)]).state is State.OK
    finding = rules.judge_backlog([replace(WELL, waiting=7, stuck=2), WELL])
    assert finding.state is State.WARNING
    assert "7 messages wait to be read; 2 of them" in finding.said


@pytest.mark.parametrize(
    ("queue", "states"),
    [
        (QueueFacts(0, 0, 0, 1, 0), [State.OK, State.OK]),
        (QueueFacts(4, 0, 0, 0, 0), [State.WRONG, State.OK]),
        (QueueFacts(4, 1, 2, 1, 1), [State.WARNING, State.WARNING]),
    ],
)
def test_the_job_queue_is_judged_by_its_workers_and_its_crashes(queue: QueueFacts, states: list[State]) -> None:
    assert [finding.state for finding in rules.judge_queue(queue)] == states


@pytest.mark.parametrize(
    ("error", "said", "remedy"),
    [
        ("A is missing; make one with: x", "A is missing.", "Make one with: x"),
        ("A is bad.", "A is bad.", ""),
    ],
)
def test_an_error_is_parted_into_what_and_remedy(error: str, said: str, remedy: str) -> None:
    finding = rules.wrong("settings", "A", error)
    assert (finding.said, finding.remedy) == (said, remedy)


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (90_000, "1 d")]
)
def test_a_span_is_written_in_its_largest_unit(seconds: int, text: str) -> None:
    assert rules.span(timedelta(seconds=seconds)) == text
