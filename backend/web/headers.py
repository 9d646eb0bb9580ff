"""The headers that keep a page to itself: strict content security, no framing, no sniffing, no leaking referrer."""

from __future__ import annotations

from flask import Flask, Response, request

from backend.web.house import house

# Bootstrap draws its small marks (select arrows, check marks) as data: pictures; nothing else leaves 'self'.
_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_YEAR_S = 31_536_000


def send_security_headers(app: Flask) -> None:
    """Add the headers to every answer that has not set its own."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if house().public_url.startswith("https://"):
            response.headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_S}")
        _say_how_long_it_keeps(response)
        return response


def _say_how_long_it_keeps(response: Response) -> None:
    """Files are addressed by their content, so they keep; everything else is private and asked for anew."""
    if request.endpoint == "web.static" and "v" in request.args:
        response.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
    else:
        response.headers.setdefault("Cache-Control", "private, no-cache")
