"""Cursor pagination: a cursor is the sort key of the last row shown, so that rows that arrive meanwhile shift nothing.

A cursor is base64url of a JSON list. It holds nothing secret and grants nothing: the store scopes every query anyway.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

from backend.kit.errors import UserError
from backend.kit.text import clean

Item = TypeVar("Item")
Key = int | float | str | bool | date | datetime | None

_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list; `next_cursor` is None on the last."""

    items: Sequence[Item]
    next_cursor: str | None = None


def cut_page(rows: Sequence[Item], limit: int, key: Callable[[Item], Sequence[Key]]) -> Page[Item]:
    """Make a page of `limit` rows from a query that asked for `limit + 1`; `key` gives a row's sort key."""
    shown = rows[:limit]
    is_last = len(rows) <= limit or not shown
    return Page(shown, None if is_last else encode_cursor(*key(shown[-1])))


def encode_cursor(*keys: Key) -> str:
    """Write sort keys as one opaque word; datetimes must be aware."""
    text = json.dumps([_plain(key) for key in keys], ensure_ascii=False, separators=(",", ":"))
    return urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).rstrip(b"=").decode("ascii")


def decode_cursor(cursor: str, *kinds: type[Any]) -> tuple[Any, ...]:
    """Read back sort keys of the given types; each may also be None. Raises `UserError` for any other word."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        keys = json.loads(urlsafe_b64decode(padded).decode("utf-8", "surrogatepass"))
        if not isinstance(keys, list) or len(keys) != len(kinds):
            raise _bad_mark()
        return tuple(_typed(key, kind) for key, kind in zip(keys, kinds, strict=True))
    except (ValueError, RecursionError) as error:  # of ascii, base64, UTF-8, JSON and dates alike
        raise _bad_mark() from error


def _plain(key: Key) -> int | float | str | bool | None:
    if isinstance(key, datetime):
        return key.astimezone(UTC).isoformat()
    return key.isoformat() if isinstance(key, date) else key


def _typed(key: object, kind: type[Any]) -> Any:
    """Read a key that may have been written by anybody: only what a database takes as a parameter passes."""
    if key is None:
        return None
    if kind is datetime and isinstance(key, str):
        return datetime.fromisoformat(key).replace(tzinfo=UTC)  # we write them in UTC
    if kind is date and isinstance(key, str):
        return date.fromisoformat(key)
    if type(key) is not kind or (isinstance(key, int) and abs(key) > _LARGEST_INTEGER):
        raise _bad_mark()
    return clean(key) if isinstance(key, str) else key


def _bad_mark() -> UserError:
    return UserError("This page mark is not one of ours; begin again from the first page.")
