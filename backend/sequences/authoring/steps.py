"""The steps of a draft as they are added, moved and taken away; conditions keep leading where they led. Pure.

Steps are what `definitions.dump` writes of each, but they need not be sound: people stop in the middle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backend.kit.errors import UserError
from backend.sequences.authoring.definitions import MOST_STEPS

Step = dict[str, Any]

BLANKS: Mapping[str, Step] = {
    "mail": {"kind_of_step": "mail", "variants": [{"subject": "", "body": ""}], "is_reply": False},
    "reply": {"kind_of_step": "mail", "variants": [{"subject": "", "body": ""}], "is_reply": True},
    "wait": {"kind_of_step": "wait", "days": 3, "at": None},
    "task": {"kind_of_step": "todo", "kind": "task", "text": "", "due_days": 0},
    "call": {"kind_of_step": "todo", "kind": "call", "text": "", "due_days": 0},
    "condition": {"kind_of_step": "condition", "field": "happened.task_done", "operator": "is", "value": "yes"},
}
"""What stands in a step that was just added, by what people choose."""


def added(steps: Sequence[Step], at: int, what: str) -> list[Step]:
    """With a blank step of `BLANKS` before position `at`. Raises `UserError` where there is no room for more."""
    if len(steps) >= MOST_STEPS:
        raise UserError("A sequence has 1 to %(most_steps)s steps.", most_steps=MOST_STEPS)
    at = min(max(at, 0), len(steps))
    blank = dict(BLANKS[what])
    if what == "condition":
        blank |= {"then": at + 1, "otherwise": len(steps) + 1}
    # A condition just before, that leads to the next step, leads to the new one: people put it in between.
    moved = _led(steps, lambda target, of: target if target < at or (target == at == of + 1) else target + 1)
    return [*moved[:at], blank, *moved[at:]]


def removed(steps: Sequence[Step], at: int) -> list[Step]:
    """Without a step; what led to it leads to the one after it."""
    if not 0 <= at < len(steps):
        return list(steps)
    moved = _led(steps, lambda target, _of: target if target <= at else target - 1)
    return [*moved[:at], *moved[at + 1 :]]


def moved_up(steps: Sequence[Step], at: int) -> list[Step]:
    """With a step before the one that stood before it."""
    if not 0 < at < len(steps):
        return list(steps)
    places = {at: at - 1, at - 1: at}
    moved = _led(steps, lambda target, _of: places.get(target, target))
    order = [*moved[: at - 1], moved[at], moved[at - 1], *moved[at + 1 :]]
    return [_forward(step, place) for place, step in enumerate(order)]


def moved_down(steps: Sequence[Step], at: int) -> list[Step]:
    """With a step behind the one that stood behind it."""
    return moved_up(steps, at + 1) if 0 <= at < len(steps) - 1 else list(steps)


def with_wording(steps: Sequence[Step], at: int) -> list[Step]:
    """With one more wording of a mail, to be tried against the others; it begins as a copy of the first."""
    return [_more_wordings(step) if place == at else step for place, step in enumerate(steps)]


def without_wording(steps: Sequence[Step], at: int, which: int) -> list[Step]:
    """Without a wording of a mail; the last one stays."""

    def fewer(step: Step) -> Step:
        variants = [v for n, v in enumerate(step["variants"]) if n != which]
        return {**step, "variants": variants or step["variants"]}

    return [fewer(step) if place == at and "variants" in step else step for place, step in enumerate(steps)]


def _more_wordings(step: Step) -> Step:
    variants = step.get("variants")
    return {**step, "variants": [*variants, dict(variants[0])]} if variants else step


def _led(steps: Sequence[Step], to: Callable[[int, int], int]) -> list[Step]:
    """Every condition's targets changed by `to(target, position of the condition)`."""
    return [_with_targets(step, place, to) for place, step in enumerate(steps)]


def _forward(step: Step, place: int) -> Step:
    """A condition that would lead back, or to itself, leads to the next step."""
    return _with_targets(step, place, lambda target, of: max(target, of + 1))


def _with_targets(step: Step, place: int, to: Callable[[int, int], int]) -> Step:
    targets = {name: to(step[name], place) for name in ("then", "otherwise") if isinstance(step.get(name), int)}
    return {**step, **targets}
