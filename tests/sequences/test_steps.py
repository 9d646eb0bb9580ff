"""The steps of a draft as they are added, moved and taken away."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.errors import UserError
from backend.sequences.authoring.definitions import MOST_STEPS
from backend.sequences.authoring.steps import (
    BLANKS,
    added,
    moved_down,
    moved_up,
    removed,
    with_wording,
    without_wording,
)
from tests.sequences.line import mail, task, wait


def fork(then: int, otherwise: int) -> dict[str, Any]:
    return {"kind_of_step": "condition", "field": "contact.title", "operator": "is", "value": "x"} | {
        "then": then, "otherwise": otherwise,
    }  # fmt: skip


def leads(steps: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(step["then"], step["otherwise"]) for step in steps if "then" in step]


# 0 mail, 1 condition (task or the last mail), 2 task, 3 wait, 4 mail
STEPS = [mail("A"), fork(2, 4), task(), wait(1), mail("B")]


def test_what_is_added_further_on_does_not_lead_a_condition_astray() -> None:
    assert leads(added(STEPS, 3, "wait")) == [(2, 5)]
    assert leads(added(STEPS, 0, "mail")) == [(3, 5)]
    assert leads(added(STEPS, 5, "mail")) == [(2, 4)]


def test_what_is_put_right_behind_a_condition_comes_next() -> None:
    steps = added(STEPS, 2, "call")
    assert steps[2]["kind"] == "call"
    assert leads(steps) == [(2, 5)]


def test_a_new_condition_goes_on_or_ends() -> None:
    steps = added([mail(), wait(1)], 1, "condition")
    assert leads(steps) == [(2, 3)]


def test_what_led_to_a_step_that_is_gone_leads_to_the_one_after_it() -> None:
    assert leads(removed(STEPS, 2)) == [(2, 3)]
    assert leads(removed(STEPS, 4)) == [(2, 4)]
    assert removed(STEPS, 9) == STEPS


def test_a_moved_step_takes_along_who_leads_to_it() -> None:
    assert leads(moved_up(STEPS, 4)) == [(2, 3)]
    assert leads(moved_down(STEPS, 3)) == [(2, 3)]
    assert moved_up(STEPS, 0) == STEPS
    assert moved_down(STEPS, 4) == STEPS


def test_a_condition_never_leads_back() -> None:
    assert leads(moved_down(STEPS, 1)) == [(3, 4)]


def test_there_is_an_end_to_adding() -> None:
    with pytest.raises(UserError):
        added([wait(1)] * MOST_STEPS, 0, "wait")


def test_a_wording_is_added_as_a_copy_and_the_last_one_stays() -> None:
    two = with_wording(STEPS, 0)
    assert [v["subject"] for v in two[0]["variants"]] == ["A", "A"]
    assert with_wording(STEPS, 3) == STEPS
    assert without_wording(two, 0, 1) == STEPS
    assert without_wording(STEPS, 0, 0) == STEPS


@given(
    st.lists(st.sampled_from(sorted(BLANKS)), max_size=8),
    st.lists(st.tuples(st.sampled_from([added, removed, moved_up, moved_down]), st.integers(0, 9)), max_size=12),
)
def test_whatever_is_done_conditions_lead_on_and_never_beyond_the_end(kinds: list[str], acts: list[Any]) -> None:
    steps: list[dict[str, Any]] = []
    for kind in kinds:
        steps = added(steps, len(steps), kind)
    for act, at in acts:
        steps = act(steps, at, "condition") if act is added else act(steps, at)
    for place, step in enumerate(steps):
        for target in (step.get("then", place + 1), step.get("otherwise", place + 1)):
            assert place < target <= len(steps)
