"""A stored message as Gmail's JSON: formats, and the `fields` masks that thin any answer."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterator
from typing import Any

from backend.gmail.emulator import refusals
from backend.gmail.emulator.mailbox import Mailbox, Stored
from backend.gmail.emulator.reading import snippet_of
from backend.gmail.payload import payload_of
from backend.gmail.shapes import Format

Json = dict[str, Any]


def hex_id(number: int) -> str:
    """Return a message or thread id as the API writes it."""
    return f"{number:016x}"


def read_id(text: str) -> int:
    """Read a message or thread id. Raises a 400 for what is none."""
    if not re.fullmatch(r"[0-9a-fA-F]{1,16}", text) or int(text, 16) >= 1 << 63:
        raise refusals.invalid("Invalid id value")
    return int(text, 16)


def ref_json(message: Stored) -> Json:
    """Return what listings and the answers to changes have of a message."""
    return {"id": hex_id(message.id), "threadId": hex_id(message.thread)}


def labelled_json(message: Stored) -> Json:
    """Return ids and labels, as sends, drafts and label changes answer."""
    labels = {"labelIds": list(message.labels)} if message.labels else {}
    return {**ref_json(message), **labels}


def message_json(mailbox: Mailbox, message: Stored, form: Format, only_headers: Collection[str] = ()) -> Json:
    """Return the message in a format; `only_headers` thins those of the metadata format."""
    raw = mailbox.raw(message)
    payload = payload_of(raw)
    answer = {
        **labelled_json(message),
        "snippet": snippet_of(payload),
        "sizeEstimate": message.size,
        "historyId": str(message.history_id),
        "internalDate": str(message.date_ms),
    }
    match form:
        case Format.FULL:
            answer["payload"] = payload
        case Format.METADATA:
            answer["payload"] = _metadata(payload, {name.lower() for name in only_headers})
        case Format.RAW:
            answer["raw"] = base64.urlsafe_b64encode(raw).decode("ascii")
        case Format.MINIMAL:
            pass
    return answer


def _metadata(payload: Json, wanted: set[str]) -> Json:
    headers = [line for line in payload["headers"] if not wanted or line["name"].lower() in wanted]
    return {"mimeType": payload["mimeType"], "headers": headers}


def masked(answer: Any, mask: str) -> Any:
    """Keep only what a `fields` mask names, such as `messages(id,payload/headers),nextPageToken`.

    Source: developers.google.com/workspace/gmail/api/guides/performance#partial. Raises a 400 for a broken mask.
    """
    tokens = re.findall(r"[^,/()\s]+|[,/()]", mask) if mask else []
    if not tokens:
        return answer
    tree = _mask_tree(iter([*tokens, ""]))
    return _kept(answer, tree)


_MaskTree = dict[str, Any]


def _mask_tree(tokens: Iterator[str]) -> _MaskTree:
    """Read a comma-separated list up to its closing bracket or the end; an empty tree keeps everything below."""
    tree: _MaskTree = {}
    name, branch = "", tree
    for token in tokens:
        match token:
            case "" | ")":
                return tree
            case ",":
                branch = tree
            case "/":
                branch = branch[name] if name in branch else _broken()
            case "(":
                branch[name] = _mask_tree(tokens) if name in branch else _broken()
            case _:
                name = token
                branch.setdefault(name, {})
    return tree


def _broken() -> _MaskTree:
    raise refusals.Refusal(400, "invalidParameter", "Invalid field selection")


def _kept(answer: Any, tree: _MaskTree) -> Any:
    if not tree or "*" in tree:
        return answer
    if isinstance(answer, list):
        return [_kept(item, tree) for item in answer]
    if isinstance(answer, dict):
        return {name: _kept(value, tree[name]) for name, value in answer.items() if name in tree}
    return answer
