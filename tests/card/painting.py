"""Paints cards as Google's JSON, has the official proto parse them, and reads them back as text."""

from __future__ import annotations

from typing import Any

from google.apps import card_v1
from google.protobuf import json_format

from backend.card.shapes import Card
from backend.card.workspace_json import card_json
from tests.card.lint import lint, walk
from tests.card.samples import ACTIONS, words_of


def painted(card: Card) -> dict[str, Any]:
    """The card's JSON, after Google's own proto and our lint have found nothing wrong with it."""
    body = card_json(card, ACTIONS)
    json_format.ParseDict(body, card_v1.Card.pb(card_v1.Card()))
    assert lint(body) == []
    return body


_SHOWN = ("text", "topLabel", "bottomLabel", "title", "subtitle", "header", "label", "actionLabel")


def text_of(card: Card) -> str:
    """All that a reader sees, top to bottom, a line each."""
    return "\n".join(words_of(n) for p, n in walk(painted(card)) if isinstance(n, str) and p.endswith(_SHOWN))


def actions_of(card: Card) -> dict[str, list[dict[str, str]]]:
    """What the card's clicks do: each action's name, with the parameters of its every use."""
    found: dict[str, list[dict[str, str]]] = {}
    for _, node in walk(painted(card)):
        if isinstance(node, dict) and "function" in node:
            name = node["function"].removeprefix(f"{ACTIONS}/")
            found.setdefault(name, []).append({p["key"]: p["value"] for p in node.get("parameters", [])})
    return found
