"""The arithmetic of the quota, tried with any sequence of calls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.sync.buckets import (
    FIRST_BATCH,
    LARGEST_BATCH,
    MINUTE_MS,
    SMALLEST_BATCH,
    Bucket,
    Quota,
    Urgency,
    grant,
    next_batch,
)

LIMIT = 6_000
CALLS = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(1, 2_500), st.sampled_from(list(Urgency))), min_size=1, max_size=60
)


@given(CALLS)
def test_no_minute_wherever_it_begins_sees_more_than_the_limit(calls: list[tuple[int, int, Urgency]]) -> None:
    bucket, now_ms, taken = Bucket(LIMIT), 1_767_600_000_000, []
    for pause_ms, wanted, urgency in calls:
        now_ms += pause_ms
        units = grant((bucket,), now_ms, urgency, most=wanted, step=1)
        bucket = bucket.take(now_ms, units)
        taken.append((now_ms, units))
    for begin_ms, _ in taken:
        assert sum(units for at_ms, units in taken if begin_ms <= at_ms < begin_ms + MINUTE_MS) <= LIMIT


@given(CALLS, st.integers(1, LIMIT))
def test_after_the_wait_that_is_named_the_units_are_there_and_not_a_slot_earlier(
    calls: list[tuple[int, int, Urgency]], wanted: int
) -> None:
    bucket, now_ms = Bucket(LIMIT), 1_767_600_000_000
    for pause_ms, units, urgency in calls:
        now_ms += pause_ms
        bucket = bucket.take(now_ms, grant((bucket,), now_ms, urgency, most=units, step=1))
    wait_ms = bucket.wait_ms(now_ms, wanted, Urgency.PERSON)
    assert bucket.free(now_ms + wait_ms, Urgency.PERSON) >= wanted
    if wait_ms:
        assert bucket.free(now_ms + wait_ms - 1, Urgency.PERSON) < wanted


def test_an_import_leaves_units_to_new_mail_and_new_mail_leaves_some_to_a_person() -> None:
    bucket = Bucket(LIMIT)
    left = []
    for urgency in (Urgency.IMPORT, Urgency.NEW_MAIL, Urgency.PERSON):
        bucket = bucket.take(0, bucket.free(0, urgency))
        left.append(LIMIT - sum(units for _, units in bucket.taken))
    assert left == [180, 90, 0]


def test_the_scarcer_bucket_decides_and_only_whole_calls_are_granted() -> None:
    own, project = Bucket(LIMIT), Bucket(1_000).take(0, 305)
    assert grant((own, project), 0, Urgency.PERSON, most=5_000, step=20) == 680


def test_a_closed_bucket_gives_nothing_until_gmails_silence_is_over() -> None:
    bucket = Bucket(LIMIT).closed(5_000).closed(2_000)
    assert bucket.free(4_999, Urgency.PERSON) == 0
    assert bucket.wait_ms(1_000, 1, Urgency.PERSON) == 4_000
    assert bucket.free(5_000, Urgency.PERSON) == LIMIT


def test_a_call_that_costs_more_than_a_bucket_holds_waits_for_a_full_one() -> None:
    bucket = Bucket(60).take(0, 1)
    assert bucket.wait_ms(0, 100, Urgency.PERSON) > MINUTE_MS
    assert Bucket(60).wait_ms(0, 100, Urgency.PERSON) == 0


@given(st.lists(st.booleans(), max_size=200))
def test_batches_begin_small_halve_on_a_refusal_and_stay_within_gmails_bounds(refusals: list[bool]) -> None:
    size = FIRST_BATCH
    for was_refused in refusals:
        before, size = size, next_batch(size, was_refused=was_refused)
        assert SMALLEST_BATCH <= size <= LARGEST_BATCH
        assert (size <= before) if was_refused else (size >= before)


def test_imports_share_what_the_project_has_and_leave_the_rest_its_reserve() -> None:
    quota = Quota(per_user=6_000, per_project=24_000)
    assert [quota.for_import(mailboxes) for mailboxes in (0, 1, 4, 8)] == [5_820, 5_820, 5_820, 2_910]
