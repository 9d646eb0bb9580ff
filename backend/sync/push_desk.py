"""What the push door needs beside the house: whose tokens it believes, and by which certificates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from backend.gmail.identity import Certificates

_KEY = "enlace_push_desk"


@dataclass(frozen=True, slots=True)
class PushDesk:
    """`audience` is what the subscription's tokens are made for, `caller` the service account that makes them.

    Either being "" keeps the door shut.
    """

    audience: str
    caller: str
    certificates: Certificates


def open_push_desk(app: Flask, desk: PushDesk) -> None:
    """Tie the desk to its Flask app; once, at the composition root."""
    app.extensions[_KEY] = desk


def push_desk() -> PushDesk:
    """Return the desk of the app that serves the present request."""
    return cast("PushDesk", current_app.extensions[_KEY])
