"""A step keeps its number through all versions, and people go on where they stood."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.sequences.authoring.definitions import Definition, load
from backend.sequences.authoring.versions import numbered, place_in
from tests.sequences.line import definition, mail, task, wait


def version(*steps: dict[str, object], after: tuple[Definition, ...] = ()) -> Definition:
    return numbered(load(definition(*steps)), after)


A, B, C, D = (mail(letter) for letter in "ABCD")
PAUSE = wait(3)


def test_steps_of_the_first_version_are_numbered_by_their_place() -> None:
    assert version(A, PAUSE, B).numbers == (0, 1, 2)


def test_an_edited_step_keeps_its_number_and_a_new_one_gets_a_fresh_one() -> None:
    first = version(A, PAUSE, B)
    assert version(A, wait(5), mail("B, better"), after=(first,)).numbers == (0, 1, 2)
    assert version(A, PAUSE, C, wait(1), B, after=(first,)).numbers == (0, 1, 3, 4, 2)


def test_a_number_is_never_given_twice() -> None:
    first = version(A, PAUSE, B)
    second = version(A, after=(first,))
    assert version(A, PAUSE, C, after=(first, second)).numbers == (0, 3, 4)


def test_a_mail_is_never_taken_for_a_task() -> None:
    first = version(A, B)
    assert version(A, task(), after=(first,)).numbers == (0, 2)


def test_a_condition_is_the_same_one_though_it_leads_elsewhere() -> None:
    ask = {"kind_of_step": "condition", "field": "contact.title", "operator": "is_empty", "value": ""}
    first = version(A, {**ask, "then": 2, "otherwise": 3}, B)
    assert version(A, C, {**ask, "then": 3, "otherwise": 4}, B, after=(first,)).numbers == (0, 3, 1, 2)


def test_people_go_on_at_the_same_step_wherever_it_stands_now() -> None:
    old = version(A, PAUSE, B, PAUSE, C)
    longer, shorter = version(A, D, PAUSE, B, PAUSE, C, after=(old,)), version(B, PAUSE, C, after=(old,))
    assert [place_in(longer, old, place) for place in range(5)] == [0, 2, 3, 4, 5]
    assert [place_in(shorter, old, place) for place in (2, 4)] == [0, 2]


def test_where_their_step_is_gone_they_go_on_at_the_next_that_is_left_else_behind_what_they_passed() -> None:
    old = version(A, B, C)
    assert place_in(version(A, C, after=(old,)), old, 1) == 1
    assert place_in(version(A, after=(old,)), old, 2) == 1
    through = version(A, B, C, D, after=(old,))
    assert place_in(through, old, 3) == 3


STEPS = st.lists(st.sampled_from([A, B, C, D, PAUSE, wait(1), task()]), min_size=1, max_size=8).filter(
    lambda steps: any(step["kind_of_step"] != "wait" for step in steps)
)


@given(STEPS, STEPS, st.integers(0, 8))
def test_nobody_comes_by_a_step_again_that_they_passed_in_its_place(
    before: list[dict[str, object]], after: list[dict[str, object]], place: int
) -> None:
    old = version(*before)
    new = version(*after, after=(old,))
    place = min(place, len(old.steps))
    assert len(set(new.numbers)) == len(new.steps)
    coming = {new.number_of(at) for at in range(place_in(new, old, place), len(new.steps))}
    assert not coming & {old.number_of(at) for at in range(place)}
