"""An HTTP request and its answer, as the emulator's pages see them: alone, or as a part of a batch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from backend.gmail.emulator.refusals import Refusal, Wire

JSON_TYPE = "application/json; charset=UTF-8"
HTML_TYPE = "text/html; charset=UTF-8"
_NOT_FOUND_PAGE = (
    b"<!DOCTYPE html><title>Error 404 (Not Found)</title><p>The requested URL was not found on this server.</p>"
)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request. Names of headers are in lower case; the path is as it was sent, its escapes kept."""

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def text(self, name: str) -> str:
        """Return a parameter of the query, "" where it is missing."""
        return next(iter(self.query.get(name, ())), "")

    def form(self) -> dict[str, str]:
        """Return the fields of a form that was posted."""
        fields = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[0] for name, values in fields.items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back, and what becomes of it on its way."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    wire: Wire = Wire.JSON


def json_answer(content: Any, status: int = 200, *headers: tuple[str, str]) -> Answer:
    """Answer with JSON."""
    return Answer(status, json.dumps(content).encode(), (("Content-Type", JSON_TYPE), *headers))


def html_answer(page: str, status: int = 200) -> Answer:
    """Answer with a page."""
    return Answer(status, page.encode(), (("Content-Type", HTML_TYPE),))


def no_such_page() -> Answer:
    """Answer as Google's front end does for a path that it does not know: not in JSON."""
    return Answer(404, _NOT_FOUND_PAGE, (("Content-Type", HTML_TYPE),))


def refused(refusal: Refusal) -> Answer:
    """Answer with a refusal, in the form that its wire leaves of it."""
    match refusal.wire:
        case Wire.HTML:
            return html_answer("<html><head><title>502 Server Error</title></head><body>Try again</body></html>", 502)
        case Wire.CUT | Wire.TRUNCATED | Wire.SILENT:
            whole = json_answer(refusal.answer)
            return Answer(whole.status, whole.body, whole.headers, refusal.wire)
        case Wire.JSON:
            wait = refusal.retry_after_s
            headers = () if wait is None else (("Retry-After", str(wait)),)
            return json_answer(refusal.as_json(), refusal.status, *headers)
