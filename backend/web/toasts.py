"""Short notices that vanish after ten seconds, with an Undo where there is something to undo."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, Response, flash, g, get_flashed_messages, request

_CATEGORY = "toast"


def toast(text: str, *, undo: str = "") -> None:
    """Show `text` with this answer (htmx) or on the next page; `undo` is the path that a tap on Undo posts to."""
    notice = {"text": str(text), "undo": undo}
    if "HX-Request" in request.headers:
        g.setdefault("toasts", []).append(notice)
    else:
        flash(notice, _CATEGORY)  # type: ignore[arg-type]  # sessions are JSON: a dict passes as well as a string


def waiting_toasts() -> list[Any]:
    """Take the notices that wait for a page."""
    return list(get_flashed_messages(category_filter=[_CATEGORY]))


def send_toasts(app: Flask) -> None:
    """Hand htmx the notices of its answer as the event `toasts`."""

    @app.after_request
    def add_header(response: Response) -> Response:
        if notices := g.get("toasts"):
            response.headers["HX-Trigger"] = json.dumps({"toasts": {"notices": notices}})
        return response
