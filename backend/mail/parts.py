"""The MIME tree, walked without recursion: which parts are the message's text, and which are attached.

A payload part is Gmail's JSON: mimeType, filename, headers, body {size, data | attachmentId}, parts.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.kit.text import clean, shorten
from backend.mail.charsets import decode
from backend.mail.headers import Headers
from backend.mail.html import text_of
from backend.mail.shapes import Attachment

Part = Mapping[str, Any]

MOST_PARTS = 1_000
LONGEST_TEXT = 500_000
_LONGEST_FILENAME = 255
# A character takes at most four bytes, and markup is longer than its text; beyond this nothing more would be kept.
_LONGEST_BODY = 8 * LONGEST_TEXT
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)
_TEXTS = frozenset({"text/plain", "text/html"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part without parts. `choice` numbers the multipart/alternative around it; 0 where there is none."""

    part: Part
    mime_type: str
    headers: Headers
    choice: int

    @property
    def is_text(self) -> bool:
        """Whether it is shown as the message's text."""
        return self.mime_type in _TEXTS and not self.part.get("filename") and not _is_attached(self.headers)


@dataclass(slots=True)
class Content:
    """What the tree holds: the text, what hangs on it, and every leaf for those who look closer."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    leaves: list[Leaf] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_content(payload: Part, headers: Headers) -> Content:
    """Walk the tree once. A forwarded message (message/rfc822) is an attachment: its text is not this message's.

    `headers` are those of `payload`.
    """
    content = Content()
    content.leaves = _leaves(payload, headers, content.problems)
    content.text = _text(content.leaves, content.problems)
    content.attachments = tuple(_attachment(leaf) for leaf in content.leaves if _is_worth_listing(leaf))
    return content


def _leaves(payload: Part, headers: Headers, problems: list[str]) -> list[Leaf]:
    leaves: list[Leaf] = []
    choices = 0
    stack: list[tuple[Part, int]] = [(payload, 0)]
    seen = 0
    while stack:
        part, choice = stack.pop()
        seen += 1
        if seen > MOST_PARTS:
            problems.append(f"more than {MOST_PARTS} parts: the rest was not read")
            break
        mime_type = (part.get("mimeType") or "text/plain").lower()
        if mime_type.startswith("multipart/") and part.get("parts"):
            if mime_type == "multipart/alternative" and not choice:
                choices += 1
                choice = choices
            stack += [(child, choice) for child in reversed(part["parts"])]
        else:
            leaves.append(Leaf(part, mime_type, headers if part is payload else Headers(part), choice))
    return leaves


def _is_attached(headers: Headers) -> bool:
    return headers.first("content-disposition")[:10].lower() == "attachment"


def _text(leaves: list[Leaf], problems: list[str]) -> str:
    """All text parts in order; of alternatives the plain one, unless it is blank."""
    texts = [leaf for leaf in leaves if leaf.is_text]
    plain = {id(leaf): body_text(leaf, problems) for leaf in texts if leaf.mime_type == "text/plain"}
    settled = {leaf.choice for leaf in texts if leaf.choice and plain.get(id(leaf), "").strip()}
    shown: list[str] = []
    for leaf in texts:
        if leaf.mime_type == "text/plain":
            shown.append(plain[id(leaf)])
        elif leaf.choice not in settled:
            shown.append(text_of(body_text(leaf, problems)))
    text = clean("\n".join(piece for piece in shown if piece.strip()))
    if len(text) > LONGEST_TEXT:
        problems.append(f"text longer than {LONGEST_TEXT} characters: the rest was cut")
    return text[:LONGEST_TEXT]


def body_text(leaf: Leaf, problems: list[str]) -> str:
    """Decode a text part; lines end with a line feed. A body that Gmail kept back gives "" and a problem."""
    body = leaf.part.get("body") or {}
    if not body.get("data"):
        if body.get("attachmentId"):
            problems.append("a text part was too large to come along")
        return ""
    data = body_bytes(leaf.part)
    if data is None:
        problems.append("a text part is not base64")
        return ""
    charset = _CHARSET.search(leaf.headers.first("content-type"))
    text, is_lossless = decode(data, charset[1] if charset else "")
    if not is_lossless:
        problems.append("a text part is in an unknown character set")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def body_bytes(part: Part) -> bytes | None:
    """A part's bytes, at most _LONGEST_BODY of them; None where they are not base64url."""
    data = ((part.get("body") or {}).get("data") or "")[: _LONGEST_BODY // 3 * 4]
    try:
        return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return None


def parts_within(part: Part, *, into_messages: bool = False) -> Iterator[Leaf]:
    """Every part of a tree, containers too, to MOST_PARTS, those of attached messages only if asked for."""
    stack = [part]
    for _ in range(MOST_PARTS):
        if not stack:
            return
        current = stack.pop()
        yield Leaf(current, (current.get("mimeType") or "text/plain").lower(), Headers(current), 0)
        if into_messages or current.get("mimeType") != "message/rfc822":
            stack += reversed(current.get("parts") or ())


def _is_worth_listing(leaf: Leaf) -> bool:
    """Not the text, not an empty stub without a name."""
    return not leaf.is_text and bool(leaf.part.get("filename") or (leaf.part.get("body") or {}).get("size"))


def _attachment(leaf: Leaf) -> Attachment:
    body = leaf.part.get("body") or {}
    content_id = clean(leaf.headers.first("content-id").strip().strip("<>"))[:998] or None
    return Attachment(
        part_id=leaf.part.get("partId") or "",
        filename=clean(shorten(leaf.part.get("filename") or "", _LONGEST_FILENAME)),
        mime_type=clean(leaf.mime_type)[:_LONGEST_FILENAME],
        size=int(body.get("size") or 0),
        content_id=content_id,
        is_inline=content_id is not None and leaf.mime_type.startswith("image/") and not _is_attached(leaf.headers),
        attachment_id=body.get("attachmentId"),
    )
