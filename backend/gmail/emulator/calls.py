"""A call as both doors hand it to the emulator, before its mailbox is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One verb asked of one address. `ids` are of the path; `query` has a list a name, as URLs do.

    `media`: the uploaded RFC 5322 message, if there is one.
    """

    address: str
    verb: str
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: Json = field(default_factory=dict)
    media: bytes | None = None
    in_batch: bool = False

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter of the query."""
        return next(iter(self.query.get(name, ())), default)
