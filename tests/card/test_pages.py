"""The page that stands in for Gmail in the demo."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from backend.audit.tables import AuditEntry
from backend.card.cards.trouble import Trouble
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.mail.tables import Message
from backend.privacy.service.threads import answer_request, keep_private
from backend.privacy.shapes import RequestState
from backend.privacy.tables import AccessRequest
from backend.sequences.texts.service import save_template
from tests.card.addon import addon_for
from tests.card.world import World
from tests.cast import ALICE, BOB, DORA, Office, open_mailbox, open_office

KIM = "Kim Berg <kim@fjord.example>"


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    return open_office(sqlite_db, clock, emulator)


@pytest.fixture
def client(office: Office) -> Iterator[FlaskClient]:
    """Alice's browser, in the demo."""
    with addon_for(office, is_demo=True, ENLACE_PUBLIC_URL="http://127.0.0.1:8000") as addon:
        yield signed_in(addon.app.test_client(), ALICE)


def signed_in(client: FlaskClient, email: str) -> FlaskClient:
    token = re.findall(r'name="csrf-token" content="([^"]+)"', client.get("/login").text)[0]
    client.post("/login/sample", data={"email": email, "csrf_token": token})
    client.environ_base["HTTP_X_CSRFTOKEN"] = token
    token = re.findall(r'name="csrf-token" content="([^"]+)"', client.get("/preview").text)[0]
    client.environ_base["HTTP_X_CSRFTOKEN"] = token
    return client


def press(client: FlaskClient, page: TestResponse, word: str, **inputs: str) -> TestResponse:
    """Press the panel's button with this word, as a browser without scripts does."""
    buttons = re.findall(r'formaction="([^"]+)"[^>]*>\s*(?:<[^>]+>\s*)*([^<]+)', page.text, re.DOTALL)
    action = next(url for url, text in buttons if text.strip() == word)
    return client.post(action.replace("&amp;", "&"), data=inputs)


def mail_path(client: FlaskClient, subject: str) -> str:
    page = client.get("/preview").text
    lines = re.findall(r'<a class="preview-line"[^>]*href="([^"]+)".*?preview-subject">([^<]+)', page, re.DOTALL)
    return next(str(href).replace("&amp;", "&") for href, text in lines if text == subject)


def test_a_stranger_becomes_a_contact_with_a_deal_without_scripts(client: FlaskClient, office: Office) -> None:
    office.mail(KIM, ALICE, "Forty seats", "We need forty.\n\n> Hello?")
    office.sync()
    page = client.get(mail_path(client, "Forty seats"))
    assert "We need forty." in page.text
    assert "Not in the CRM yet" in page.text
    done = press(client, page, "Create contact + deal")
    assert "Fjord – Forty seats was added." in done.text
    assert "<!doctype html>" in done.text
    assert "Not in the CRM yet" in press(client, done, "Undo").text


def test_to_htmx_only_the_panel_is_sent(client: FlaskClient, office: Office, world: World) -> None:
    world.contact(DORA, "Dora Lund")
    office.mail(DORA, ALICE, "The offer")
    office.sync()
    panel = client.get(mail_path(client, "The offer"), headers={"HX-Request": "true"}).text
    assert panel.lstrip().startswith("<article")
    assert "<html" not in panel


def test_a_pushed_card_leads_back_and_what_is_refused_is_said(
    client: FlaskClient, office: Office, world: World
) -> None:
    world.contact(DORA, "Dora Lund")
    office.mail(DORA, ALICE, "The offer")
    office.sync()
    form = press(client, client.get(mail_path(client, "The offer")), "Note")
    assert 'class="gcard-back"' in form.text
    refused = press(client, form, "Save note", text=" ")
    assert "The text is missing" in refused.text
    assert "Note saved." in press(client, form, "Save note", text="Wants forty").text


@pytest.mark.parametrize(
    ("show", "shown"),
    [("all", {"Hello", "News", "Lunch", "Offer"}), ("linked", {"Offer"}), ("strangers", {"Hello"}),
     ("aside", {"News"}), ("internal", {"Lunch"}), ("nonsense", {"Hello", "News", "Lunch", "Offer"})],
)  # fmt: skip
def test_each_kind_of_mail_can_be_listed(
    client: FlaskClient, office: Office, world: World, show: str, shown: set[str]
) -> None:
    world.contact(DORA, "Dora Lund")
    office.mail(KIM, ALICE, "Hello")
    office.mail("news@fjord.example", ALICE, "News", headers=[("List-Unsubscribe", "<https://fjord.example/u>")])
    office.mail(BOB, ALICE, "Lunch")
    office.mail(DORA, ALICE, "Offer")
    office.sync()
    page = client.get(f"/preview?show={show}").text
    assert set(re.findall(r'preview-subject">([^<]+)', page)) == shown


def test_the_homepage_acts_too(client: FlaskClient, world: World) -> None:
    world.task("Call back", world.contact(DORA, "Dora Lund"))
    done = press(client, client.get("/preview/home"), "Done")
    assert "Done: Call back" in done.text


# --- a mail being written ---


@pytest.fixture(name="draft")
def write_one(client: FlaskClient, office: Office, world: World) -> TestResponse:
    """A draft to Dora, with a template and a deal at hand."""
    dora = world.contact(DORA, "Dora Lund")
    world.deal("Forty seats", dora)
    with office.db.write() as session:
        text = "Hi {{ contact.first_name }},\n\n<b>here</b> is {{ deal.name }}."
        save_template(
            session, office.clock, office.actors[ALICE], None,
            name="Offer", subject="Our {{ deal.name }}", body=text, is_shared=True,
        )  # fmt: skip
    return client.get(f"/preview/compose?to={DORA}&subject=Hello")


def test_a_template_lands_in_the_draft_without_scripts(client: FlaskClient, draft: TestResponse) -> None:
    assert "to Dora Lund" in draft.text
    done = press(client, draft, "With subject", to=DORA, subject="")
    assert "<p>Hi Dora,</p><p>&lt;b&gt;here&lt;/b&gt; is Forty seats.</p></div>" in done.text
    assert 'id="draft-subject" name="subject" value="Our Forty seats"' in done.text
    assert "to Dora Lund" in done.text, "the card stays"


def test_to_htmx_the_panel_comes_with_what_goes_into_the_draft(client: FlaskClient, draft: TestResponse) -> None:
    client.environ_base["HTTP_HX_REQUEST"] = "true"
    done = press(client, draft, "Use D-1001", to=DORA, subject="Re: Hello")
    assert done.text.lstrip().startswith("<article")
    assert 'value="[D-1001] Re: Hello" hx-swap-oob="true"' in done.text
    assert "beforeend" not in done.text, "a reference is for the subject alone"


def test_a_sequence_started_beside_a_draft_leads_back_to_it(client: FlaskClient, draft: TestResponse) -> None:
    picker = press(client, draft, "Start a sequence", to=DORA)
    assert "There is no sequence yet" in picker.text
    back = f"/preview/compose?to={DORA}"
    assert f'class="gcard-back" href="{back}"' in picker.text
    panel = client.get(back, headers={"HX-Request": "true"}).text
    assert panel.lstrip().startswith("<article")
    assert "to Dora Lund" in panel


def test_a_colleagues_private_mail_is_listed_locked_and_asked_for(
    client: FlaskClient, office: Office, world: World
) -> None:
    open_mailbox(office, BOB)
    world.contact(DORA, "Dora Lund")
    office.mail(DORA, BOB, "Between us")
    office.sync()
    with office.db.write() as session:
        conversation_id = session.scalars(select(Message.conversation_id)).one()
        keep_private(session, office.clock, office.actors[BOB], conversation_id)
    listed = client.get("/preview?show=locked").text
    assert "Private conversation" in listed
    assert "Between us" not in listed
    page = client.get("/preview/mail/1?show=locked")
    assert "Between us" not in page.text
    assert "Bob is asked." in press(client, page, "Request access").text
    with office.db.write() as session:
        request = session.scalars(select(AccessRequest.id)).one()
        answer_request(session, office.clock, office.actors[BOB], request, RequestState.GRANTED)
    assert "Dora Lund" in client.get("/preview/mail/1").text
    with office.db.read() as session:
        looks = select(AuditEntry.actor_id).where(AuditEntry.action == "mail.look")
        assert session.scalars(looks).all() == [office.actors[ALICE].user_id]


def test_every_trouble_can_be_looked_at_with_its_way_out(client: FlaskClient) -> None:
    page = client.get("/preview/trouble").text
    assert page.count('class="gcard"') == len(Trouble)
    assert page.count(">Try again</button>") == len(Trouble)
    client.set_cookie("enlace_language", "es")
    assert "Esto tardó demasiado" in client.get("/preview/trouble").text


def test_nobody_elses_mail_is_shown(client: FlaskClient, office: Office) -> None:
    open_mailbox(office, BOB)
    office.mail(KIM, BOB, "For bob alone")
    office.sync()
    assert "For bob alone" not in client.get("/preview").text
    assert client.get("/preview/mail/1").status_code == 404
    assert client.post("/preview/mail/1/actions/refresh").status_code == 404


def test_outside_the_demo_there_is_no_such_page(office: Office) -> None:
    with addon_for(office) as addon:
        assert addon.app.test_client().get("/preview").status_code == 404


def test_a_click_from_another_site_is_refused(client: FlaskClient) -> None:
    client.environ_base.pop("HTTP_X_CSRFTOKEN")
    assert client.post("/preview/home/actions/refresh").status_code == 400


def test_a_card_can_be_read_in_spanish(client: FlaskClient, office: Office) -> None:
    office.mail(KIM, ALICE, "Hola")
    office.sync()
    client.set_cookie("enlace_language", "es")
    assert "Vista previa de la tarjeta" in client.get("/preview").text
