"""Google's servers as the backend meets them: events over HTTP with both identity tokens, from the emulator's key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from google.apps import card_v1
from google.protobuf import json_format
from werkzeug.test import TestResponse

from backend.gmail.emulator.grants import new_access_token
from tests.card.addon import AUDIENCE, CRM, Addon
from tests.card.lint import lint, walk

CALLER = "gsao@gcp-sa-gsuiteaddons.iam.gserviceaccount.test"
COMMON = {"userLocale": "en", "timeZone": {"id": "Europe/Madrid"}, "platform": "WEB", "hostApp": "GMAIL"}
SCOPE = "https://www.googleapis.com/auth/"
ALL_SCOPES = [
    f"{SCOPE}userinfo.email",
    f"{SCOPE}gmail.addons.current.message.metadata",
    f"{SCOPE}gmail.addons.current.action.compose",
]

Json = dict[str, Any]


@dataclass
class Hosted:
    """Posts events as Google does; `scopes` is what the reader has allowed."""

    addon: Addon
    scopes: list[str] = field(default_factory=lambda: list(ALL_SCOPES))

    @cached_property
    def oauth(self) -> str:
        """The reader's access token."""
        return new_access_token(self.addon.office.emulator.store, self.addon.reader, f"{SCOPE}gmail.readonly")

    def system_token(self, path: str, **claims: Any) -> str:
        endpoint = f"{CRM}/addon/http/{path}"
        return self.addon.signer.identity_token(audience=endpoint, email=CALLER, subject="2", claims=claims)

    def user_token(self, **claims: Any) -> str:
        reader = self.addon.reader
        return self.addon.signer.identity_token(audience=AUDIENCE, email=reader, subject="1", claims=claims)

    def event(self, *, common: Json | None = None, gmail: Json | None = None, **authorised: Any) -> Json:
        tokens = {
            "userIdToken": self.user_token(),
            "userOAuthToken": self.oauth,
            "authorizedScopes": self.scopes,
        }
        return {
            "commonEventObject": COMMON | (common or {}),
            "authorizationEventObject": tokens | authorised,
            "gmail": gmail or {},
        }

    def post(self, path: str, event: Any, token: str = "") -> TestResponse:
        headers = {"Authorization": f"Bearer {token or self.system_token(path)}"}
        return self.addon.app.test_client().post(f"/addon/http/{path}", json=event, headers=headers)

    def shown(self, path: str, **event: Any) -> Json:
        """The card that a trigger shows, after Google's own proto and our lint found nothing wrong."""
        answer = self.post(path, self.event(**event))
        assert answer.status_code == 200, answer.text
        ((step,), *_) = [answer.get_json()["action"]["navigations"]]
        return sound(step["pushCard"])

    def click(self, card: Json, name: str, inputs: Mapping[str, Json] | None = None, **wanted: str) -> Json:
        """Click what does `name` with these ids; returns the whole answer."""
        action = next(each for each in clicks(card, name) if wanted.items() <= each.items())
        event = self.event(common={"parameters": action, "formInputs": dict(inputs or {})})
        answer = self.post(f"actions/{name}", event)
        assert answer.status_code == 200, answer.text
        found: Json = answer.get_json()
        return found


def sound(card: Json) -> Json:
    json_format.ParseDict(card, card_v1.Card.pb(card_v1.Card()))
    assert lint(card) == []
    return card


def top(answer: Json) -> Json:
    """The card that is on top after an action."""
    steps = answer["renderActions"]["action"]["navigations"]
    return sound(next(step[kind] for step in steps for kind in ("pushCard", "updateCard") if kind in step))


def clicks(card: Json, name: str) -> list[dict[str, str]]:
    function = f"{CRM}/addon/http/actions/{name}"
    return [
        {p["key"]: p["value"] for p in node.get("parameters", ())}
        for _, node in walk(card)
        if isinstance(node, dict) and node.get("function") == function
    ]


def typed(text: str) -> Json:
    return {"stringInputs": {"value": [text]}}
