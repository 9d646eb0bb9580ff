"""A mail's HTML as it leaves, alone in a window: its styles stand at its elements, which our own pages do not allow."""

from __future__ import annotations

from flask import Response

from backend.outbox.letters import as_page
from backend.sequences.texts.rules import as_html

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"


def html_page(text: str) -> Response:
    """Show a filled in text in our layout; nothing of it runs, loads or leads anywhere."""
    return Response(as_page(as_html(text)), headers={"Content-Security-Policy": _POLICY})
