"""Apps Script and the HTTP mode show the same: `addon/*.gs`, run by Node, paints what `workspace_json` paints."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from google.apps import card_v1
from google.protobuf import json_format

from backend.card.cards import context_card
from backend.card.shapes import Cards, Insert, Outcome, PopTo
from backend.card.widgets import Link
from backend.card.workspace_json import action_answer, card_json
from tests.card.gallery import all_cards
from tests.card.lint import lint, walk
from tests.card.samples import ACTIONS, CRM, ENGLISH, KNOWN, SPANISH

ROOT = Path(__file__).parents[2]
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(
    NODE is None or not (ROOT / "node_modules" / "gas-types-detailed").is_dir(),
    reason="needs node and the packages of 'npm ci' to run addon/*.gs",
)


def painted_by_script(*answers: dict[str, Any]) -> list[Any]:
    """What the doors of `addon/Code.gs` make of these answers of the backend."""
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(ROOT / "tests" / "addon" / "paint.mjs")],
        input=json.dumps(answers),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [as_over_http(answer) for answer in json.loads(done.stdout)]


def as_over_http(answer: Any) -> Any:
    """The script calls one function and names the action in a parameter; over HTTP the action's name is in the URL."""
    for _, node in walk(answer):
        if isinstance(node, dict) and node.get("function") == "onAction":
            parameters = {p["key"]: p["value"] for p in node.pop("parameters")}
            node["function"] = f"{ACTIONS}/{parameters.pop('action')}"
            if parameters:
                node["parameters"] = [{"key": key, "value": value} for key, value in parameters.items()]
    return answer


def opened(body: dict[str, Any]) -> dict[str, Any]:
    return {"door": "onGmailMessage", "locale": "en", "status": 200, "text": json.dumps(body)}


def clicked(body: dict[str, Any]) -> dict[str, Any]:
    return {**opened(body), "door": "onAction"}


def test_both_renderers_paint_the_same_cards() -> None:
    cards = [*all_cards(ENGLISH), *all_cards(SPANISH)]
    by_script = painted_by_script(*(opened(Cards((card,)).to_json()) for card in cards))
    assert by_script == [[card_json(card, ACTIONS)] for card in cards]


def test_both_renderers_move_toast_and_open_alike() -> None:
    card = context_card(KNOWN, ENGLISH)
    outcomes = [
        Outcome(pop=PopTo.ONE, update=card, notification="Saved", state_changed=True),
        Outcome(pop=PopTo.ROOT, push=card),
        Outcome(open_link=Link(CRM)),
        Outcome(notification="Done"),
    ]
    for script, outcome in zip(painted_by_script(*(clicked(o.to_json()) for o in outcomes)), outcomes, strict=True):
        changed = {"stateChanged": True} if script.pop("stateChanged", False) else {}
        assert {"renderActions": {"action": script}, **changed} == action_answer(outcome, ACTIONS)


def test_both_renderers_write_into_a_draft_alike() -> None:
    inserts = (Insert("<p>Hi</p>", "[D-1] Offer"), Insert("<p>Hi</p>"), Insert(subject="[D-1] Offer"))
    outcomes = [Outcome(insert=insert) for insert in inserts]
    for script, outcome in zip(painted_by_script(*(clicked(o.to_json()) for o in outcomes)), outcomes, strict=True):
        over_http = action_answer(outcome, ACTIONS)["renderActions"]["hostAppAction"]["gmailAction"]
        assert {"updateDraftActionMarkup": script} == over_http


@pytest.mark.parametrize("locale", ["en", "es"])
def test_the_scripts_own_trouble_cards_are_cards_that_google_takes(locale: str) -> None:
    statuses = (200, 401, 403, 404, 429, 500, 504)
    answers = ({"door": "onHomepage", "locale": locale, "status": status, "text": ""} for status in statuses)
    for cards in painted_by_script(*answers):
        for card in cards:
            json_format.ParseDict(card, card_v1.Card.pb(card_v1.Card()))
            assert lint(card) == []
