"""The lint must go red: each fault that Google would refuse, made on purpose."""

from copy import deepcopy
from typing import Any

import pytest

from backend.card.workspace_json import card_json
from tests.card.gallery import EVERYTHING
from tests.card.lint import lint
from tests.card.samples import ACTIONS

GOOD = card_json(EVERYTHING, ACTIONS)


def spoilt(*path: str | int, value: Any) -> dict[str, Any]:
    """The card with everything on it, and `value` at `path`."""
    card = deepcopy(GOOD)
    node: Any = card
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return card


WIDGETS = ("sections", 0, "widgets")


def test_a_good_card_has_no_fault() -> None:
    assert lint(GOOD) == []


@pytest.mark.parametrize(
    ("card", "fault"),
    [
        (spoilt("header", "title", value=" "), "without a title"),
        (spoilt("sections", value=[]), "without a section"),
        (spoilt(*WIDGETS, value=[]), "without a widget"),
        (spoilt(*WIDGETS, value=[{"divider": {}}] * 101), "101 widgets"),
        (spoilt(*WIDGETS, 0, "textParagraph", "text", value=""), "is empty"),
        (spoilt(*WIDGETS, 0, "textParagraph", "text", value="<img src=x>"), "foreign HTML"),
        (spoilt(*WIDGETS, 1, "decoratedText", "top_label", value="x"), "snake_case"),
        (spoilt(*WIDGETS, 1, "decoratedText", "button", "text", value=""), "empty button"),
        (spoilt(*WIDGETS, 2, "buttonList", "buttons", 0, "onClick", value={}), "does nothing"),
        (spoilt(*WIDGETS, 1, "decoratedText", "onClick", "openLink", "url", value="http://x.example"), "no https link"),
        (spoilt(*WIDGETS, 3, "selectionInput", "items", value=[]), "nothing to choose"),
        (spoilt(*WIDGETS, 4, "textInput", "name", value=""), "has no name"),
        (spoilt(*WIDGETS, 4, "textInput", "name", value="stage"), "two inputs of one name"),
        (spoilt(*WIDGETS, 7, "columns", "columnItems", value=[{"widgets": [{"divider": {}}]}]), "two columns"),
        (spoilt("header", "imageUrl", value="https://crm.example.com/a.svg"), "is an SVG"),
        (spoilt("fixedFooter", "primaryButton", "onClick", "action", "function", value="x"), "no https link"),
    ],
)
def test_each_fault_is_named(card: dict[str, Any], fault: str) -> None:
    assert fault in "\n".join(lint(card))
