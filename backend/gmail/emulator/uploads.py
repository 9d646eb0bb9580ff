"""Uploads in the three ways of Google's APIs: the bytes alone, beside their JSON, or resumable in pieces.

Source: developers.google.com/workspace/gmail/api/guides/uploads.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from backend.gmail.emulator import refusals
from backend.gmail.emulator.exchange import Answer, Ask
from backend.gmail.mime import parameters, split_message, split_parts

Json = dict[str, Any]

_LIMIT_BYTES = 36_700_160


@dataclass(frozen=True, slots=True)
class Upload:
    """What was handed in: the resource in JSON and the message's bytes."""

    body: Json
    media: bytes | None


@dataclass(slots=True)
class _Session:
    body: Json
    received: bytearray = field(default_factory=bytearray)


class Uploads:
    """Reads uploads; resumable ones live here between their requests."""

    def __init__(self) -> None:
        self._sessions: dict[str, _Session] = {}

    def read(self, ask: Ask, url: str) -> Upload | Answer:
        """Return what was uploaded, or the answer that asks for the rest. Raises a 400 or 413."""
        if len(ask.body) > _LIMIT_BYTES:
            raise refusals.Refusal(413, "uploadTooLarge", "Request is too large.")
        match ask.text("uploadType"):
            case "media":
                return Upload({}, ask.body)
            case "multipart":
                return _multipart(ask)
            case "resumable" if ask.text("upload_id"):
                return self._continue(ask)
            case "resumable":
                return self._begin(ask, url)
            case _:
                raise refusals.invalid("Invalid upload request")

    def _begin(self, ask: Ask, url: str) -> Answer:
        upload_id = f"upload{len(self._sessions)}"
        self._sessions[upload_id] = _Session(read_json(ask.body))
        location = f"{url}{ask.path}?uploadType=resumable&upload_id={upload_id}"
        return Answer(200, b"", (("Location", location), ("X-GUploader-UploadID", upload_id)))

    def _continue(self, ask: Ask) -> Upload | Answer:
        session = self._sessions.get(ask.text("upload_id"))
        if session is None:
            raise refusals.not_found()
        start, total = _range(ask.headers.get("content-range", ""), len(session.received))
        if start != len(session.received):
            raise refusals.invalid("Invalid Content-Range")
        session.received += ask.body
        if total is None or len(session.received) < total:
            reached = (("Range", f"bytes=0-{len(session.received) - 1}"),) if session.received else ()
            return Answer(308, b"", reached)
        del self._sessions[ask.text("upload_id")]
        return Upload(session.body, bytes(session.received))


def read_json(body: bytes) -> Json:
    """Return a JSON object, {} for an empty body. Raises a 400."""
    if not body.strip():
        return {}
    try:
        found = json.loads(body)
    except ValueError as error:
        raise refusals.Refusal(400, "parseError", "Parse Error") from error
    if not isinstance(found, dict):
        raise refusals.Refusal(400, "parseError", "Parse Error")
    return found


def _multipart(ask: Ask) -> Upload:
    boundary = parameters(ask.headers.get("content-type", "")).get("boundary", "")
    parts = [split_message(part) for part in split_parts(ask.body, boundary)]
    if [headers.first("Content-Type").partition("/")[0] for headers, _ in parts] != ["application", "message"]:
        raise refusals.invalid("Multipart must have exactly two parts: application/json and message/rfc822.")
    (_, body), (_, media) = parts
    return Upload(read_json(body), media)


_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,12})-\d{1,12}|\*)/(\d{1,12}|\*)\Z")


def _range(header: str, received: int) -> tuple[int, int | None]:
    """Return where a piece begins and the size of the whole, None while that is unknown."""
    if not header:
        return 0, 0
    if not (found := _CONTENT_RANGE.match(header)):
        raise refusals.invalid("Invalid Content-Range")
    start = int(found[1]) if found[1] else received
    return start, None if found[2] == "*" else int(found[2])
