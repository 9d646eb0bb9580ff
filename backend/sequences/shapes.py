"""Templates as they cross the room's door."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A template. `owner_id` None: the whole team's; `subject` may be ""; both texts are Liquid."""

    id: int
    name: str
    subject: str
    body: str
    owner_id: int | None
    version: int


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its fields filled in; `missing` are those that had nothing to say, in brackets in the text."""

    text: str
    missing: tuple[str, ...] = ()
