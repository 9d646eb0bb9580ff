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
from typing import Any

from backend.gmail.charsets import decode_text
from backend.gmail.mime import HeaderLine, decode_transfer, first, parameters, split_message, split_parts

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
        headers, body = split_message(content)
        children, default_type = _children(headers, body, default_type, depth)
        if not step.isdecimal() or int(step) >= len(children):
            return None
        content = children[int(step)]
    return _leaf_bytes(content, default_type, len(steps))


def header(payload: Part, name: str) -> str:
    """Return the first header of that name in any case, "" where there is none."""
    return first([HeaderLine(line["name"], line["value"]) for line in payload["headers"]], name)


def leaves(payload: Part) -> Iterator[Part]:
    """Every part that holds a body, in reading order, the parts of attached messages left out."""
    if payload.get("parts") and "attachmentId" not in payload["body"]:
        for part in payload["parts"]:
            yield from leaves(part)
    else:
        yield payload


def _part(content: bytes, part_id: str, *, default_type: str, depth: int = 0) -> Part:
    headers, body = split_message(content)
    children, child_type = _children(headers, body, default_type, depth)
    mime_type = _mime_type(headers, default_type)
    if mime_type.startswith("multipart/") and not children:
        mime_type = "text/plain"  # no boundary to divide it by: a reader sees one text
    filename = _filename(headers)
    part: Part = {
        "partId": part_id,
        "mimeType": mime_type,
        "filename": filename,
        "headers": [{"name": name, "value": value} for name, value in headers],
        "body": _body(headers, body, mime_type, filename, part_id, has_children=bool(children)),
    }
    if children:
        part["parts"] = [
            _part(child, f"{part_id}.{n}" if part_id else str(n), default_type=child_type, depth=depth + 1)
            for n, child in enumerate(children)
        ]
    return part


def _children(headers: list[HeaderLine], body: bytes, default_type: str, depth: int) -> tuple[list[bytes], str]:
    """Return the contents of the parts within a part, and the type that they have where they name none."""
    mime_type = _mime_type(headers, default_type)
    if depth >= DEPTH_LIMIT:
        return [], "text/plain"
    if mime_type.startswith("multipart/"):
        parts = split_parts(body, parameters(first(headers, "Content-Type")).get("boundary", ""))
        return parts, "message/rfc822" if mime_type == "multipart/digest" else "text/plain"
    if mime_type == "message/rfc822":
        return [_decoded(headers, body)], "text/plain"
    if mime_type in {"message/delivery-status", "message/global-delivery-status"}:
        return [b"\r\n" + _decoded(headers, body)], "text/plain"
    return [], "text/plain"


def _mime_type(headers: list[HeaderLine], default_type: str) -> str:
    """Return the type in lower case; what is no type/subtype counts as plain text (RFC 2045, section 5.2)."""
    value = first(headers, "Content-Type")
    name = value.split(";")[0].strip().lower()
    if not name:
        return default_type
    return name if name.count("/") == 1 and not any(c.isspace() for c in name) else "text/plain"


def _filename(headers: list[HeaderLine]) -> str:
    named = parameters(first(headers, "Content-Disposition")).get("filename")
    return named or parameters(first(headers, "Content-Type")).get("name", "")


def _body(
    headers: list[HeaderLine], body: bytes, mime_type: str, filename: str, part_id: str, *, has_children: bool
) -> Part:
    is_attached_message = mime_type == "message/rfc822" and part_id != ""
    if has_children and not is_attached_message:
        return {"size": 0}
    data = _decoded(headers, body)
    if filename or not mime_type.startswith("text/") or len(data) > INLINE_LIMIT_BYTES:
        return {"attachmentId": _attachment_id(part_id), "size": len(data)}
    text = decode_text(data, parameters(first(headers, "Content-Type")).get("charset", ""))
    data = text.encode("utf-8", "replace")
    return {"size": len(data), "data": base64.urlsafe_b64encode(data).decode("ascii")}


def _leaf_bytes(content: bytes, default_type: str, depth: int) -> bytes | None:
    headers, body = split_message(content)
    is_divided = _mime_type(headers, default_type).startswith("multipart/")
    if is_divided and _children(headers, body, default_type, depth)[0]:
        return None
    return _decoded(headers, body)


def _decoded(headers: list[HeaderLine], body: bytes) -> bytes:
    return decode_transfer(body, first(headers, "Content-Transfer-Encoding"))


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
