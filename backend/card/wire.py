"""Dataclasses to the wire form: camelCase keys, nothing that is empty, and a `type` where a shape names its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any

_EMPTY: tuple[object, ...] = (None, "", (), {}, 0)  # 0 equals False, and is every number's default


def wire_value(value: Any) -> Any:
    """Return `value` (a shape, a tuple of them, a mapping, a date or a plain value) as JSON."""
    if is_dataclass(value):
        kind = getattr(value, "type", None)
        return {**({"type": kind} if kind else {}), **wire_fields(value)}
    if isinstance(value, tuple):
        return [wire_value(item) for item in value]
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value


def wire_fields(shape: Any) -> dict[str, Any]:
    """Return the fields of a dataclass that say something, as JSON."""
    kind: Any = type(shape)
    present = ((wire, getattr(shape, name)) for name, wire in _names(kind))
    return {wire: wire_value(value) for wire, value in present if value not in _EMPTY}


@cache
def _names(kind: Any) -> tuple[tuple[str, str], ...]:
    """A class's fields as it and as the wire call them."""
    return tuple((f.name, _camel(f.name)) for f in fields(kind))


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
