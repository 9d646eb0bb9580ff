"""Where a page of the timeline ends, as a cursor; pages and the API write it alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backend.kit.errors import UserError
from backend.timeline.shapes import Entry, EntryKind, Place
from backend.timeline.store import place_of
from backend.web.pagination import Page, cut_page, decode_cursor


def page_of(found: Sequence[Entry], limit: int) -> Page[Entry]:
    """Make a page of `limit` entries from a query that asked for one more."""
    return cut_page(found, limit, _keys)


def place_at(cursor: str) -> Place | None:
    """Read a cursor; None for "". Raises `UserError` for what is none of ours."""
    if not cursor:
        return None
    at, kind, entry_id = decode_cursor(cursor, datetime, str, int)
    if at is None or entry_id is None or kind not in set(EntryKind):
        raise UserError("This page mark is not one of ours; begin again from the first page.")
    return Place(at, EntryKind(kind), entry_id)


def _keys(entry: Entry) -> tuple[datetime, str, int]:
    place = place_of(entry)
    return place.at, place.kind.value, place.id
