"""One IN (…) holds only so many values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TypeVar

CHUNK = 500
T = TypeVar("T")


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterable[list[T]]:
    """Divide `values` into lists that fit into one IN (…)."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
