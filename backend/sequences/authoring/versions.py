"""How the steps of a sequence's versions belong together: which is the same one, edited, and where somebody goes on.

Pure. A step keeps its number through all versions, wherever it stands and however its text was changed; a number is
never given twice. Mails' keys are made of numbers, so that nobody gets a step again that they had before it was edited.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import count

from backend.sequences.authoring.definitions import Condition, Definition, Step


def numbered(definition: Definition, earlier: Sequence[Definition]) -> Definition:
    """A definition with its steps' numbers: those of the last of the `earlier` versions, where a step stood there."""
    if not earlier:
        return replace(definition, numbers=tuple(range(len(definition.steps))))
    last = earlier[-1]
    fresh = count(1 + max(version.number_of(place) for version in earlier for place in range(len(version.steps))))
    known = dict(_pairs(last.steps, definition.steps))
    numbers = (
        last.number_of(known[place]) if place in known else next(fresh) for place in range(len(definition.steps))
    )
    return replace(definition, numbers=tuple(numbers))


def place_in(new: Definition, old: Definition, place: int) -> int:
    """Where somebody who stood before a step of the old version goes on in the new one.

    At the same step; where it is gone, at the first of those after it that are left; where none is left, behind the
    last one that they passed: what was added there comes next, and what they passed never again.
    """
    places = {new.number_of(at): at for at in range(len(new.steps))}
    coming = (places.get(old.number_of(at)) for at in range(place, len(old.steps)))
    passed = [places[old.number_of(at)] + 1 for at in range(place) if old.number_of(at) in places]
    return next((at for at in coming if at is not None), max(passed, default=0))


def _pairs(old: Sequence[Step], new: Sequence[Step]) -> Iterable[tuple[int, int]]:
    """(new place, old place) of steps that are the same, or the same one edited: of one kind, at the same turn."""
    matcher = SequenceMatcher(None, [_shape(step) for step in old], [_shape(step) for step in new], autojunk=False)
    for what, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if what == "equal":
            yield from zip(range(new_from, new_to), range(old_from, old_to), strict=True)
        elif what == "replace":
            yield from _edited(old, new, range(old_from, old_to), range(new_from, new_to))


def _edited(
    old: Sequence[Step], new: Sequence[Step], old_places: Iterable[int], new_places: Iterable[int]
) -> Iterable[tuple[int, int]]:
    """Of steps that differ, each with the next one of its kind."""
    left = list(old_places)
    for place in new_places:
        found = next((at for at, each in enumerate(left) if type(old[each]) is type(new[place])), None)
        if found is not None:
            yield place, left[found]
            left = left[found + 1 :]


def _shape(step: Step) -> Step:
    """A step without where it leads: steps that come or go before it change its targets, and not what it is."""
    return replace(step, then=0, otherwise=0) if isinstance(step, Condition) else step
