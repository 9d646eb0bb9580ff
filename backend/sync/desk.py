"""What the doors of sync need beside the house: the installation's quota at Gmail."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from backend.sync.buckets import GMAILS, Quota

_KEY = "enlace_quota"


def set_quota(app: Flask, quota: Quota) -> None:
    """Tie the setting to its Flask app; once, at the composition root."""
    app.extensions[_KEY] = quota


def quota() -> Quota:
    """Return the quota of this installation, or else what Gmail gives everybody."""
    return cast("Quota", current_app.extensions.get(_KEY, GMAILS))
