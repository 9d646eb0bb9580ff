"""The add-on as the backend meets it: requests as `addon/*.gs` sends them, with identity tokens of the emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from apiflask import APIFlask
from sqlalchemy import event
from werkzeug.test import TestResponse

from backend.app import make_app
from backend.db import Database
from backend.gmail.emulator.server import EmulatorServer
from backend.gmail.emulator.signing import Signer
from backend.installation import open_installation
from backend.settings import Settings, read_settings
from tests.card.lint import walk
from tests.cast import ALICE, KEY, Office

AUDIENCE = "addon.apps.example"
CRM = "https://crm.example.com"
GMAIL_TIMES = {"locale": "en", "timezone": "Europe/Madrid", "platform": "WEB"}


@dataclass
class Addon:
    """Google's side of an office: it signs tokens and posts; `as_` says who reads."""

    office: Office
    app: APIFlask
    signer: Signer
    reader: str = ALICE

    @property
    def db(self) -> Database:
        """The database as the card's doors see it, so that its statements can be counted."""
        return self.app.extensions["enlace_card_desk"].db  # type: ignore[no-any-return]  # extensions hold anything

    def as_(self, reader: str) -> Addon:
        return Addon(self.office, self.app, self.signer, reader)

    def token(self, **claims: Any) -> str:
        return self.signer.identity_token(audience=AUDIENCE, email=self.reader, subject="1", claims=claims)

    def post(self, path: str, body: Any, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token()}"} | headers
        return self.app.test_client().post(f"/addon/v1/{path}", json=body, headers=sent)

    def open(self, message_id: str = "", **headers: str) -> Card:
        """The card beside a mail that is stored, or that headers alone describe; home where neither is given."""
        sent = {"messageId": f"<{message_id}>" if message_id else "", **headers}
        return self.shown(self.post("context", GMAIL_TIMES | sent))

    def click(self, card: Card, name: str, inputs: Mapping[str, str] | None = None, **wanted: str) -> Card:
        """Click what does `name`, on a card that offers it, and return the card that is on top then."""
        return self.shown(self.try_click(card, name, inputs, **wanted))

    def try_click(self, card: Card, name: str, inputs: Mapping[str, str] | None = None, **wanted: str) -> TestResponse:
        parameters = card.offered(name, **wanted)
        return self.act(name, parameters, inputs)

    def act(self, name: str, parameters: Mapping[str, str], inputs: Mapping[str, str] | None = None) -> TestResponse:
        body = GMAIL_TIMES | {"parameters": dict(parameters), "inputs": dict(inputs or {})}
        return self.post(f"actions/{name}", body)

    @staticmethod
    def shown(answer: TestResponse) -> Card:
        view = answer.get_json()
        assert answer.status_code == 200, view
        assert view["v"] == 1
        return Card(view["cards"][0] if "cards" in view else view.get("push") or view["update"])


@dataclass
class Card:
    """A card on the wire."""

    json: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.json["name"])

    @property
    def title(self) -> str:
        return str(self.json["header"]["title"])

    @property
    def texts(self) -> list[str]:
        """Everything that is to be read, in order."""
        names = ("title", "subtitle", "header", "text", "top", "bottom", "label")
        return [str(node[n]) for _, node in walk(self.json) if isinstance(node, dict) for n in names
                if isinstance(node.get(n), str)]  # fmt: skip

    def reads(self, words: str) -> bool:
        return any(words in text for text in self.texts)

    def actions(self, name: str) -> list[dict[str, str]]:
        """The parameters of each click that does `name`."""
        return [dict(node.get("parameters", {})) for _, node in walk(self.json)
                if isinstance(node, dict) and node.get("type") == "action" and node["name"] == name]  # fmt: skip

    def offered(self, name: str, **wanted: str) -> dict[str, str]:
        """The parameters of the first click that does `name` with these ids."""
        for parameters in self.actions(name):
            if wanted.items() <= parameters.items():
                return parameters
        raise AssertionError(f"{name} {wanted} is not offered on {self.name}: {json.dumps(self.json)[:2000]}")


def settings_for(office: Office, certs_url: str, **more: str) -> Settings:
    return read_settings(
        {
            "ENLACE_DATABASE_URL": office.db.url,
            "ENLACE_SECRET_KEY": "a secret only for tests, of no use to anybody",
            "ENLACE_TOKEN_KEYS": KEY,
            "ENLACE_PUBLIC_URL": CRM,
            "ENLACE_GOOGLE_CERTS_URL": certs_url,
            "ENLACE_GMAIL_API_URL": certs_url.removesuffix("/certs"),
            "ENLACE_ADDON_AUDIENCE": AUDIENCE,
            **more,
        }
    )


@contextmanager
def addon_for(office: Office, *, is_demo: bool = False, **more: str) -> Iterator[Addon]:
    """The whole app of an installation that lets this add-on in; as a demo it has the card's preview."""
    with EmulatorServer(office.emulator) as server:
        here = open_installation(
            settings_for(office, f"{server.url}/certs", **more), clock=office.clock, emulator=office.emulator
        )
        try:
            yield Addon(office, make_app(here, is_demo=is_demo), office.emulator.signer)
        finally:
            here.close()


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    """The statements that are executed meanwhile on connections of this process, BEGIN and the like left out."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.split(maxsplit=1)[0].upper() in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}:
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
