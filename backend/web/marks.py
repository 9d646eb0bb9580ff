"""What a door asks of a request beside its shapes, noted on the door so that the specification can say it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

MARKS = "x-enlace-marks"


class Mark(StrEnum):
    """A header that a door reads."""

    IF_MATCH = "If-Match"
    IDEMPOTENCY_KEY = "Idempotency-Key"


def mark(view: Callable[P, T], which: Mark) -> Callable[P, T]:
    """Note a mark on a door, where APIFlask carries it into the specification as an extension."""
    door: Any = view
    spec = door.__dict__.setdefault("_spec", {})
    marks = spec.setdefault("extensions", {}).setdefault(MARKS, [])
    marks.append(which.value)
    return view
