"""What every door needs of the running installation, found through the Flask app that serves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app

from backend.db import Database
from backend.gmail.gateway import Gmail
from backend.kit.clock import Clock

_KEY = "enlace"


@dataclass(frozen=True, slots=True)
class House:
    """The installation as doors see it.

    `connect` opens a gateway to a mailbox by its id; it raises `backend.gmail.errors.AuthRevoked` without a grant.
    `is_demo` shows sample logins and the page with the card beside a mail.
    """

    db: Database
    clock: Clock
    connect: Callable[[int], Gmail]
    public_url: str
    is_demo: bool = False


def move_in(app: Flask, house: House) -> None:
    """Tie the installation to its Flask app; once, at the composition root."""
    app.extensions[_KEY] = house


def house() -> House:
    """Return the installation that serves the present request."""
    found = current_app.extensions[_KEY]
    assert isinstance(found, House)
    return found
