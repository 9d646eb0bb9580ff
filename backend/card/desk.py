"""What the doors of this room need beside the house: by what an add-on's identity token is checked, and the seal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from backend.db import Database
from backend.gmail.identity import Certificates
from backend.sync.limiter import Limiter

_KEY = "enlace_card_desk"


@dataclass(frozen=True, slots=True)
class CardDesk:
    """`audience` is whom the add-on's tokens are made for: "" lets nobody in. `secret` signs what cards carry.

    `caller` is the service account as which Google's servers call an add-on over HTTP: "" keeps those doors shut;
    `gmail_api_url` is where they let us read the headers of the open mail. `db` gives up before Gmail does.
    `limiter` counts what is read from Gmail so.
    """

    audience: str
    certificates: Certificates
    secret: str
    caller: str
    gmail_api_url: str
    db: Database
    limiter: Limiter

    def __repr__(self) -> str:
        """Keep the secret out of logs."""
        return f"CardDesk(audience={self.audience!r})"


def open_card_desk(app: Flask, desk: CardDesk) -> None:
    """Tie the desk to its Flask app; once, at the composition root."""
    app.extensions[_KEY] = desk


def card_desk() -> CardDesk:
    """Return the desk of the app that serves the present request."""
    return cast("CardDesk", current_app.extensions[_KEY])
