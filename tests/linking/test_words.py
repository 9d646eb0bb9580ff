from __future__ import annotations

import pytest

from backend.linking import words
from backend.linking.rules.deals import MOVE_POINTS, TAKES_PART
from backend.linking.shapes import Reason, Rule, Scope


def say(message: str, **values: object) -> str:
    return message % values


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_has_its_sentence_even_without_evidence(rule: Rule) -> None:
    assert words.rule_sentence(rule, {}, say).endswith(".")


def test_a_sentence_names_what_the_rule_saw() -> None:
    assert words.rule_sentence(Rule.ADDRESS, {"address": "ana@nordwind.example"}, say).startswith(
        "ana@nordwind.example"
    )
    assert "D-17" in words.rule_sentence(Rule.DEAL_REFERENCE, {"reference": "D-17"}, say)
    assert "62 points" in words.rule_sentence(Rule.DEAL_EVIDENCE, {"score": 62}, say)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_its_sentence(reason: Reason) -> None:
    assert bool(words.reason_sentence(reason, say)) is (reason is not Reason.NONE)


@pytest.mark.parametrize("scope", list(Scope))
def test_every_reach_has_its_word(scope: Scope) -> None:
    assert words.scope_word(scope, "nordwind.example", say)


def test_points_are_told_and_other_evidence_is_not() -> None:
    evidence = {"participants": TAKES_PART, "stage_activity": MOVE_POINTS, "address": "ana@nordwind.example"}
    lines = words.evidence_lines(evidence, say)
    assert [points for _word, points in lines] == [TAKES_PART, MOVE_POINTS]
    assert f"{TAKES_PART + MOVE_POINTS} points" in words.rejection_sentence("fewer points", evidence, say)


def test_a_rejection_of_a_kind_that_we_do_not_know_is_told_as_it_is() -> None:
    assert words.rejection_sentence("since forever", {}, say) == "since forever"
