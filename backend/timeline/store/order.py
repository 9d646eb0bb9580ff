"""Newest first, the same order for every source, so that pages can be cut anywhere."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, true

from backend.timeline.shapes import Entry, EntryKind, Place, Wanted

ORDER = {kind: position for position, kind in enumerate(EntryKind)}
ACTIVITIES = frozenset({EntryKind.NOTE, EntryKind.TASK, EntryKind.CALL, EntryKind.MEETING})


def position(entry: Entry) -> tuple[float, int, int]:
    """Return the sort key: newest first, ties broken by kind and then by id, newest first."""
    return (-entry.at.timestamp(), ORDER[entry.kind], -entry.id)


def place_of(entry: Entry) -> Place:
    """Return where the next page begins after this entry."""
    return Place(entry.at, entry.kind, entry.id)


def beyond(after: Place | None, kind: EntryKind, at: Any, row_id: Any) -> ColumnElement[bool]:
    """Only rows that come after the place where the last page ended."""
    if after is None:
        return true()
    if ORDER[kind] > ORDER[after.kind]:
        tied: ColumnElement[bool] = at == after.at
    elif kind is after.kind:
        tied = and_(at == after.at, row_id < after.id)
    else:
        return at < after.at  # type: ignore[no-any-return]  # a column's comparison
    return or_(at < after.at, tied)


def within(wanted: Wanted, at: Any) -> list[ColumnElement[bool]]:
    """Return the conditions that keep `at` inside the wanted period."""
    limits = []
    if wanted.since is not None:
        limits.append(at >= wanted.since)
    if wanted.until is not None:
        limits.append(at < wanted.until)
    return limits
