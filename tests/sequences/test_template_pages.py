"""Templates in the browser: written, previewed, refused with what was typed kept, changed, deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.records.service import Team, make_contact
from backend.records.shapes import NewContact
from backend.sequences.results.jobs import book_answers
from tests.card.addon import Addon, addon_for
from tests.card.test_pages import signed_in
from tests.cast import ALICE, BOB, DORA, ERIK, Office, open_office
from tests.sequences.line import Line, definition

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


def test_a_template_is_looked_at_with_a_real_contact_and_names_what_is_missing(
    client: FlaskClient, demo: Addon
) -> None:
    office = demo.office
    with office.db.write() as session:
        make_contact(session, Team(office.workspace_id, office.clock), NewContact("Dora Lind", first_name="Dora"))
    client.post("/templates/new", data=OFFER | {"body": "Hi {{ contact.first_name }} of {{ company.name }}"})
    page = client.get(f"{only_template(client)}?q=dora").text
    assert "As Dora Lind would read it" in page
    assert "Nothing to fill in: deal.name, company.name" in page
    assert "Nobody matches" in client.get(f"{only_template(client)}?q=xyzzy").text


SIGNATURE = {"name": "Signature", "body": "Yours, {{ sender.name }}", "kind": "snippet"}
SIGNED = OFFER | {"body": 'Hi {{ contact.first_name }}\n{% render "Signature" %}'}


def test_a_snippet_is_put_into_the_templates_that_name_it(client: FlaskClient) -> None:
    assert client.post("/templates/new", data=SIGNATURE).status_code == 302
    assert client.post("/templates/new", data=SIGNED).status_code == 302
    page = client.get("/templates").text
    mail, snippet = re.findall(r'href="(/templates/\d+)"', page)
    assert "Yours, Alice" in client.get(mail).text
    refused = client.post(f"{snippet}/delete", headers={"Accept": "text/html"})
    assert refused.status_code == 409
    assert "is taken in by “Offer”" in refused.text
    assert client.post(snippet, data=SIGNATURE | {"name": "Farewell"}).status_code == 409
    assert client.post(snippet, data=SIGNATURE | {"body": "Bye"}).status_code == 302
    assert "Bye" in client.get(mail).text


def test_a_snippet_that_is_missing_or_goes_round_in_circles_is_named(client: FlaskClient) -> None:
    wrong = {
        "There is no snippet “Signature”": SIGNED,
        "Signature → Signature": SIGNATURE | {"body": '{% render "Signature" %}'},
        "no quotation marks": SIGNATURE | {"name": 'A "B"'},
        "There is no field contact.password": SIGNATURE | {"body": "{{ contact.password }}"},
    }
    for words, form in wrong.items():
        answer = client.post("/templates/new", data=form)
        assert answer.status_code == 400
        assert words in answer.text


def test_a_shared_template_takes_in_no_snippet_of_ones_own(client: FlaskClient) -> None:
    client.post("/templates/new", data=SIGNATURE | {"owner": "me"})
    assert "The snippet “Signature” is your own" in client.post("/templates/new", data=SIGNED).text
    assert client.post("/templates/new", data=SIGNED | {"owner": "me"}).status_code == 302


def test_the_list_says_how_many_mails_a_template_began_and_how_many_were_answered(line: Line) -> None:
    office = line.office
    with addon_for(office, is_demo=True, ENLACE_PUBLIC_URL="http://127.0.0.1:8000") as addon:
        client = signed_in(addon.app.test_client(), ALICE)
        client.post("/templates/new", data=OFFER | {"subject": "S", "body": "B"})
        template_id = int(only_template(client).rpartition("/")[2])
        variant = {"subject": "S", "body": "B", "template_id": template_id}
        sequence = line.make(definition({"kind_of_step": "mail", "variants": [variant]}))
        for address in (DORA, ERIK):
            line.enrol(sequence, address)
        line.tick()
        office.mail(DORA, ALICE, "Yes")
        office.sync()
        book_answers(office.db)
        assert re.findall(r'class="num wide">\s*([^<]+?)\s*<', client.get("/templates").text)[-2:] == ["2", "1"]


def test_what_is_being_written_is_looked_at_before_it_is_kept(client: FlaskClient) -> None:
    typed = {"name": "Offer", "subject": "For {{ contact.first_name }}", "body": "Dear {{ company.name }}"}
    page = client.post("/templates/new", data={**typed, "do": "preview"}).text
    assert "For Ana" in page
    assert "Dear Nordwind" in page
    assert "Dear {{ company.name }}" in page
    assert "Offer" not in client.get("/templates").text
    wrong = client.post("/templates/new", data={**typed, "body": "{{ nobody.name }}", "do": "preview"})
    assert wrong.status_code == 400
    assert "There is no field nobody.name" in wrong.text
