"""What must happen to stored mail when records change.

A new address, domain or deal decides where mail belongs that came long before. Linking does that, and linking lies
above this room; so the composition root hands its verb in, and whoever changes records finds it here.
"""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from backend.records.editing import Relink

_KEY = "enlace_relinking"


def hand_in(app: Flask, relink: Relink) -> None:
    """Tie linking's verb to the Flask app; once, at the composition root."""
    app.extensions[_KEY] = relink


def relinking() -> Relink:
    """Return linking's verb for the app that serves the present request."""
    return cast("Relink", current_app.extensions[_KEY])
