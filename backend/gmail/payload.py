"""RFC 5322 bytes → the `MessagePart` tree that `users.messages.get?format=full` answers.

Source: developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages#MessagePart, and what Gmail does:
- `partId` is "" at the root, then "0", "1.0", …; a `message/rfc822` part has its message as its one child.
- Headers keep their order and their encoded words (RFC 2047) and are unfolded.
- Bodies are decoded from their transfer encoding; text is transcoded to UTF-8, whatever the header still says.
- A part with a file name, one that is not text, and a very big one has an `attachmentId` in place of `data`.
- `message/delivery-status` is a container of size 0; its fields stand in a `text/plain` child.

Nothing that a sender writes makes these functions raise.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from backend.gmail.charsets import decode_text
from backend.gmail.mime import Headers, decode_transfer, parameters, split_message, split_parts

Part = dict[str, Any]

# Gmail hands out big bodies separately; the exact size is not documented.
INLINE_LIMIT_BYTES = 2_000_000
# Deeper nesting is no correspondence but an attack on the reader: it stays one undivided part.
DEPTH_LIMIT = 40

_ATTACHMENT_PREFIX = "ANGjdJ8"


def payload_of(raw: bytes) -> Part:
    """Return the payload of a message as Gmail's JSON has it: partId, mimeType, filename, headers, body, parts.

    `parts` is missing on leaves. `body` is {"size"} of containers, {"size", "data" (base64url)} of inline parts and
    {"size", "attachmentId"} of attachments, whose bytes `attachment_of` gives.
    """
    return _part(raw, "", default_type="text/plain")


def attachment_of(raw: bytes, attachment_id: str) -> bytes | None:
    """Return the decoded bytes of the attachment that `payload_of` named so; None where the message has none."""
    wanted = _part_id_of(attachment_id)
    if wanted is None:
        return None
    content, default_type = raw, "text/plain"
    steps = wanted.split(".") if wanted else []
    for depth, step in enumerate(steps):
        children, default_type = _children(_entity(content, default_type), depth)
        if not step.isdecimal() or int(step) >= len(children):
            return None
        content = children[int(step)]
    return _leaf_bytes(content, default_type, len(steps))


def header(payload: Part, name: str) -> str:
    """Return the first header of that name in any case, "" where there is none."""
    wanted = name.lower()
    return next((str(line["value"]) for line in payload["headers"] if line["name"].lower() == wanted), "")


def leaves(payload: Part) -> Iterator[Part]:
    """Every part that holds a body, in reading order, the parts of attached messages left out."""
    if payload.get("parts") and "attachmentId" not in payload["body"]:
        for part in payload["parts"]:
            yield from leaves(part)
    else:
        yield payload


@dataclass(frozen=True, slots=True)
class _Entity:
    """A message, or a part of one. `mime_type` and `parameters` are of its Content-Type."""

    headers: Headers
    body: bytes
    mime_type: str
    parameters: dict[str, str]

    def decoded(self) -> bytes:
        """Return the body without its transfer encoding."""
        return decode_transfer(self.body, self.headers.first("Content-Transfer-Encoding"))


def _entity(content: bytes, default_type: str) -> _Entity:
    headers, body = split_message(content)
    content_type = headers.first("Content-Type")
    return _Entity(headers, body, _mime_type(content_type, default_type), parameters(content_type))


def _mime_type(content_type: str, default_type: str) -> str:
    """Return the type in lower case; what is no type/subtype counts as plain text (RFC 2045, section 5.2)."""
    name = content_type.partition(";")[0].strip().lower()
    if not name:
        return default_type
    return name if name.count("/") == 1 and not any(c.isspace() for c in name) else "text/plain"


def _part(content: bytes, part_id: str, *, default_type: str, depth: int = 0) -> Part:
    entity = _entity(content, default_type)
    children, child_type = _children(entity, depth)
    if entity.mime_type.startswith("multipart/") and not children:
        entity = replace(entity, mime_type="text/plain")  # no boundary to divide it by: a reader sees one text
    filename = _filename(entity)
    part: Part = {
        "partId": part_id,
        "mimeType": entity.mime_type,
        "filename": filename,
        "headers": [{"name": name, "value": value} for name, value in entity.headers.lines],
        "body": _body(entity, filename, part_id, has_children=bool(children)),
    }
    if children:
        part["parts"] = [
            _part(child, f"{part_id}.{n}" if part_id else str(n), default_type=child_type, depth=depth + 1)
            for n, child in enumerate(children)
        ]
    return part


def _children(entity: _Entity, depth: int) -> tuple[list[bytes], str]:
    """Return the contents of the parts within a part, and the type that they have where they name none."""
    if depth >= DEPTH_LIMIT:
        return [], "text/plain"
    if entity.mime_type.startswith("multipart/"):
        parts = split_parts(entity.body, entity.parameters.get("boundary", ""))
        return parts, "message/rfc822" if entity.mime_type == "multipart/digest" else "text/plain"
    if entity.mime_type == "message/rfc822":
        return [entity.decoded()], "text/plain"
    if entity.mime_type in {"message/delivery-status", "message/global-delivery-status"}:
        return [b"\r\n" + entity.decoded()], "text/plain"
    return [], "text/plain"


def _filename(entity: _Entity) -> str:
    named = parameters(entity.headers.first("Content-Disposition")).get("filename")
    return named or entity.parameters.get("name", "")


def _body(entity: _Entity, filename: str, part_id: str, *, has_children: bool) -> Part:
    is_attached_message = entity.mime_type == "message/rfc822" and part_id != ""
    if has_children and not is_attached_message:
        return {"size": 0}
    data = entity.decoded()
    if filename or not entity.mime_type.startswith("text/") or len(data) > INLINE_LIMIT_BYTES:
        return {"attachmentId": _attachment_id(part_id), "size": len(data)}
    data = decode_text(data, entity.parameters.get("charset", "")).encode("utf-8", "replace")
    return {"size": len(data), "data": base64.urlsafe_b64encode(data).decode("ascii")}


def _leaf_bytes(content: bytes, default_type: str, depth: int) -> bytes | None:
    entity = _entity(content, default_type)
    is_divided = entity.mime_type.startswith("multipart/") and _children(entity, depth)[0]
    return None if is_divided else entity.decoded()


def _attachment_id(part_id: str) -> str:
    return _ATTACHMENT_PREFIX + base64.urlsafe_b64encode(f"part:{part_id}".encode()).decode("ascii").rstrip("=")


def _part_id_of(attachment_id: str) -> str | None:
    """Undo `_attachment_id`; None for an id that it never made."""
    encoded = attachment_id.removeprefix(_ATTACHMENT_PREFIX)
    try:
        text = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("ascii")
    except ValueError:
        return None
    return text.removeprefix("part:") if text.startswith("part:") and encoded != attachment_id else None
