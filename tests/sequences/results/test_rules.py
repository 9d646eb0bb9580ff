from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.sequences.results.rules import answered, divide, leader
from backend.sequences.results.shapes import By, Came, Grain, Ours, Tally

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def came(days: float = 0, *, is_person: bool = True) -> Came:
    return Came(1, "t", "dora@nordwind.example", NOON + timedelta(days=days), is_person)


def ours(outbox_id: int, days: float = 0) -> Ours:
    return Ours(outbox_id, "t", "dora@nordwind.example", NOON + timedelta(days=days))


@pytest.mark.parametrize(
    ("mail", "in_thread", "to_sender", "found"),
    [
        (came(1), [ours(1)], [], (1, "in_thread")),
        (came(9), [ours(1), ours(2, 3), ours(3, 10)], [ours(4, 8)], (2, "in_thread")),
        (came(400), [ours(1)], [], (1, "in_thread")),
        (came(1, is_person=False), [ours(1)], [], (1, "in_thread")),
        (came(1, is_person=False), [], [ours(1)], None),
        (came(30), [], [ours(1)], (1, "outside")),
        (came(30.1), [], [ours(1)], None),
        (came(-1), [ours(1)], [ours(1)], None),
        (came(1), [], [], None),
    ],
)
def test_an_answer_counts_for_the_last_mail_before_it_and_the_thread_goes_first(
    mail: Came, in_thread: list[Ours], to_sender: list[Ours], found: tuple[int, str] | None
) -> None:
    assert answered(mail, in_thread, to_sender) == found


def tally(sent: int, replied: int) -> Tally:
    return Tally(sent=sent, replied=replied)


@pytest.mark.parametrize(
    ("one", "other", "ahead"),
    [
        (tally(200, 60), tally(200, 30), True),
        (tally(200, 40), tally(200, 30), False),  # by chance in one trial of five
        (tally(20, 8), tally(20, 1), False),  # too few replies to tell
        (tally(1000, 60), tally(1000, 30), True),
    ],
)
def test_a_wording_is_ahead_only_where_chance_hardly_explains_it(one: Tally, other: Tally, ahead: bool) -> None:  # noqa: FBT001 - pytest's
    assert (leader({(1,): one, (2,): other}) == (1,)) is ahead
    assert (leader({(2,): other, (1,): one}) == (1,)) is ahead


def test_one_wording_alone_is_ahead_of_nobody() -> None:
    assert leader({(1,): tally(1000, 500)}) is None


grains = st.dictionaries(
    st.builds(Grain, st.integers(1, 3), st.integers(1, 3), st.integers(0, 3), st.integers(0, 1), st.integers(1, 2)),
    st.builds(tally, st.integers(0, 100), st.integers(0, 100)),
    max_size=20,
)


@given(grains, st.sampled_from([by for by in By if by is not By.TEMPLATE]))
def test_however_results_are_divided_they_add_up_to_the_same(found: dict[Grain, Tally], by: By) -> None:
    sums = divide(found, by, lambda _grain: None)
    assert sum(each.sent for each in sums.values()) == sum(each.sent for each in found.values())
    assert sum(each.replied for each in sums.values()) == sum(each.replied for each in found.values())
