"""What the doors of sync need beside the house: how many of Gmail's units a mailbox may use in a minute."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

_KEY = "enlace_units_per_minute"


def set_units(app: Flask, units_per_minute: int) -> None:
    """Tie the setting to its Flask app; once, at the composition root."""
    app.extensions[_KEY] = units_per_minute


def units_per_minute() -> int:
    """Return how many units a mailbox of this installation may use in a minute."""
    return cast("int", current_app.extensions[_KEY])
