"""Batches: many requests in one multipart body, answered in any order; clients match by Content-ID.

Source: developers.google.com/workspace/gmail/api/guides/batch.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from random import Random
from urllib.parse import parse_qs, urlsplit

from backend.gmail.emulator import refusals
from backend.gmail.emulator.exchange import Answer, Ask
from backend.gmail.emulator.refusals import Wire
from backend.gmail.gateway import BATCH_LIMIT
from backend.gmail.mime import parameters, split_message, split_parts

_BOUNDARY = "batch_emulator"


def answer_batch(ask: Ask, answer_one: Callable[[Ask], Answer], random: Random) -> Answer:
    """Answer each part by itself, shuffled. Raises a 400 for no parts or over a hundred."""
    boundary = parameters(ask.headers.get("content-type", "")).get("boundary", "")
    parts = split_parts(ask.body, boundary)
    if not parts:
        raise refusals.Refusal(400, "badRequest", "Failed to parse batch request, error: No parts found")
    if len(parts) > BATCH_LIMIT:
        raise refusals.Refusal(
            400, "badRequest", f"The batch request has too many calls. Maximum batch size is {BATCH_LIMIT}."
        )
    answered = [(content_id, answer_one(inner)) for content_id, inner in (_inner(part, ask) for part in parts)]
    random.shuffle(answered)
    written = [_written(content_id, answer) for content_id, answer in answered if answer.wire is not Wire.SILENT]
    body = b"".join([*written, f"--{_BOUNDARY}--\r\n".encode()])
    return Answer(200, body, (("Content-Type", f"multipart/mixed; boundary={_BOUNDARY}"),))


def _inner(part: bytes, outer: Ask) -> tuple[str, Ask]:
    """Read the request in a part; it inherits the batch's authorization where it has none of its own."""
    headers, content = split_message(part)
    line, _, rest = content.lstrip(b"\r\n").partition(b"\n")
    words = line.decode("latin-1").split()
    if len(words) < 2:  # noqa: PLR2004 - a method and a path
        raise refusals.Refusal(400, "badRequest", "Failed to parse batch request, error: Malformed request line")
    inner_headers, body = split_message(rest)
    named = {name.lower(): value for name, value in inner_headers.lines}
    named.setdefault("authorization", outer.headers.get("authorization", ""))
    url = urlsplit(words[1])
    query = parse_qs(url.query, keep_blank_values=True)
    return headers.first("Content-ID"), Ask(words[0].upper(), url.path, query, named, body)


def _written(content_id: str, answer: Answer) -> bytes:
    head = [f"--{_BOUNDARY}", "Content-Type: application/http"]
    if content_id:
        head.append(f"Content-ID: <response-{content_id.strip().removeprefix('<').removesuffix('>')}>")
    inner = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    inner += [f"{name}: {value}" for name, value in answer.headers]
    body = answer.body if answer.wire in {Wire.JSON, Wire.HTML} else answer.body[: len(answer.body) // 2]
    inner.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", *inner, "", ""]).encode() + body + b"\r\n"
