"""Templates in the browser: written, previewed, refused with what was typed kept, changed, deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from tests.card.addon import Addon, addon_for
from tests.card.test_pages import signed_in
from tests.cast import ALICE, BOB, Office, open_office

OFFER = {"name": "Offer", "subject": "{{ deal.name }}", "body": "Hi {{ contact.first_name }}", "owner": "team"}


@pytest.fixture
def demo(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Iterator[Addon]:
    office: Office = open_office(sqlite_db, clock, emulator)
    with addon_for(office, is_demo=True, ENLACE_PUBLIC_URL="http://127.0.0.1:8000") as addon:
        yield addon


@pytest.fixture
def client(demo: Addon) -> FlaskClient:
    return signed_in(demo.app.test_client(), ALICE)


def only_template(client: FlaskClient) -> str:
    return str(re.findall(r'href="(/templates/\d+)"', client.get("/templates").text)[0])


def test_a_template_is_written_previewed_changed_and_deleted(client: FlaskClient) -> None:
    assert "No template yet" in client.get("/templates").text
    assert client.post("/templates/new", data=OFFER).status_code == 302
    page = client.get(only_template(client)).text
    assert "Hi Ana" in page
    assert "Forty seats" in page
    client.post(only_template(client), data=OFFER | {"name": "Our offer"})
    assert "Our offer" in client.get("/templates").text
    client.post(f"{only_template(client)}/delete")
    assert "No template yet" in client.get("/templates").text


def test_what_cannot_be_filled_in_comes_back_with_its_sentence(client: FlaskClient) -> None:
    answer = client.post("/templates/new", data=OFFER | {"body": "Hi {{ contact.password }} & <b>"})
    assert answer.status_code == 400
    assert "There is no field contact.password" in answer.text
    assert "Hi {{ contact.password }} &amp; &lt;b&gt;" in answer.text


def test_a_colleagues_own_template_is_not_there(client: FlaskClient, demo: Addon) -> None:
    client.post("/templates/new", data=OFFER | {"owner": "me"})
    mine = only_template(client)
    bob = signed_in(demo.app.test_client(), BOB)
    assert bob.get(mine).status_code == 404
    assert bob.post(f"{mine}/delete").status_code == 404
    assert "Offer" not in bob.get("/templates").text
