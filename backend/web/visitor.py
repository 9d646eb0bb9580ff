"""Who looks at the page, as the frame shows it; the composition root says how to find out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app, g, has_request_context

_KEY = "enlace_visitor"

RANKS = ("rep", "manager", "admin")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in. `role` is one of `RANKS`, `locale` a language code, `timezone` an IANA name."""

    name: str
    email: str
    role: str
    locale: str
    timezone: str

    def has_rank(self, role: str) -> bool:
        """Whether this person's role is `role` or stands above it."""
        return RANKS.index(self.role) >= RANKS.index(role)


FindVisitor = Callable[[], Visitor | None]


def know_visitors(app: Flask, find: FindVisitor) -> None:
    """Tell the frame how to find out who is signed in; `find` answers None for a stranger."""
    app.extensions[_KEY] = find


def visitor() -> Visitor | None:
    """Return who is signed in, asked once a request; None for strangers and outside requests."""
    if not has_request_context():
        return None
    if "visitor" not in g:
        g.visitor = cast("FindVisitor", current_app.extensions[_KEY])()
    return cast("Visitor | None", g.visitor)
