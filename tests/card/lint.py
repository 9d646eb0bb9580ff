"""What Google's cards refuse and the official proto does not catch. Works on card JSON, whoever painted it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

Json = Mapping[str, Any]
_NAMED = ("textInput", "selectionInput", "dateTimePicker")
_SIMPLE_HTML = re.compile(r"</?(b|i|u|s)>|<br>")


def lint(card: Json) -> list[str]:
    """Return every fault of a card, with the path to it; none where it can be shown."""
    return [*_structure(card), *(fault for path, node in walk(card) for fault in _node(path, node))]


def walk(node: Any, path: str = "card") -> Iterator[tuple[str, Any]]:
    yield path, node
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from walk(value, f"{path}.{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from walk(value, f"{path}[{index}]")


def _structure(card: Json) -> Iterator[str]:
    if not card.get("header", {}).get("title", "").strip():
        yield "a card without a title"
    sections = card.get("sections", [])
    if not sections:
        yield "a card without a section"
    for section in sections:
        if not section.get("widgets"):
            yield "a section without a widget"
    if count_widgets(card) > 100:
        yield f"{count_widgets(card)} widgets"
    names = [node["name"] for path, node in walk(card) if path.endswith(_NAMED)]
    if len(names) != len(set(names)):
        yield f"two inputs of one name: {names}"


def count_widgets(card: Json) -> int:
    return sum(len(node) for path, node in walk(card) if path.endswith(".widgets") and isinstance(node, list))


def _node(path: str, node: Any) -> Iterator[str]:
    if not isinstance(node, Mapping):
        return
    for key, value in node.items():
        yield from _key(f"{path}.{key}", key, value)
    if path.endswith(_NAMED) and not node.get("name"):
        yield f"{path} has no name"
    if path.endswith(("utton", "buttons]")) or re.search(r"buttons\[\d+\]$", path):
        yield from _button(path, node)
    if path.endswith("selectionInput") and not node.get("items"):
        yield f"{path} has nothing to choose"
    if path.endswith("columns") and len(node.get("columnItems", [])) != 2:
        yield f"{path} has not two columns"


def _key(path: str, key: str, value: Any) -> Iterator[str]:
    if "_" in key:
        yield f"{path} is snake_case"
    if value in ("", [], None) or (isinstance(value, str) and not value.strip()):
        yield f"{path} is empty"
    if key in {"url", "imageUrl", "iconUrl", "function"} and not _is_https(str(value)):
        yield f"{path} is no https link: {value}"
    if key == "imageUrl" and str(value).lower().endswith(".svg"):
        yield f"{path} is an SVG"
    if (
        key == "text"
        and path.endswith(("textParagraph.text", "decoratedText.text"))
        and "<" in _SIMPLE_HTML.sub("", value)
    ):
        yield f"{path} holds foreign HTML: {value}"


def _button(path: str, button: Json) -> Iterator[str]:
    if not button.get("text", "").strip() and not button.get("icon"):
        yield f"{path} is an empty button"
    click = button.get("onClick", {})
    if not (click.get("openLink") or click.get("action", {}).get("function")):
        yield f"{path} does nothing"


def _is_https(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"})
    )
