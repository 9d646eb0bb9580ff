from __future__ import annotations

import re
from datetime import date

import pytest
from flask.testing import FlaskClient

from backend.accounts.service import create_user, create_workspace
from backend.accounts.shapes import Role
from backend.activities.pages import blueprint as activities
from backend.audit.store import entries
from backend.db import Database
from backend.kit.clock import VirtualClock
from backend.linking.pages import blueprint as linking
from backend.records import service
from backend.records.pages import blueprint
from backend.records.shapes import CompanyView, ContactView, DealView, NewCompany, NewContact, NewDeal
from backend.records.store.reading import get_company, get_contact, get_deal
from backend.records.tables import Contact
from backend.sequences.pages import blueprint as sequences
from backend.timeline.pages import blueprint as timeline
from tests.web.team import Office, open_office

HTMX = {"HX-Request": "true"}


@pytest.fixture
def office(db: Database, clock: VirtualClock) -> Office:
    return open_office(db, clock, blueprint, linking, timeline, activities, sequences)


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.client()


@pytest.fixture
def ana(office: Office) -> int:
    with office.db.write() as session:
        company = service.make_company(session, office.team, NewCompany("Nordwind", ("nordwind.example",))).id
        addresses = (("ana@nordwind.example", "Ana@nordwind.example"), ("ana@home.example", "ana@home.example"))
        new = NewContact("Ana Ruiz", addresses, title="Buyer", company_id=company, owner_id=office.rep_id)
        return service.make_contact(session, office.team, new).id


@pytest.fixture
def deal(office: Office) -> int:
    with office.db.write() as session:
        stage = office.stages(session)[0]
        new = NewDeal("Forty seats", stage.pipeline_id, stage.id, amount_minor=1_200_050, currency="JOD")
        return service.make_deal(session, office.team, new, "D").id


def form_of(page: str) -> dict[str, str]:
    """What a browser would send back without typing anything."""
    found = dict(re.findall(r'<input(?=[^>]*name="(\w+)")(?=[^>]*value="([^"]*)")', page))
    found |= dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>([^<]*)</textarea>', page))
    for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.findall(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
        found[name] = (chosen[0][0] or chosen[0][1]) if chosen else ""
    return {name: value for name, value in found.items() if name not in {"csrf_token", "q"}}


def contact(office: Office, record_id: int) -> ContactView:
    with office.db.read() as session:
        seen = get_contact(session, office.workspace_id, record_id)
        assert seen
        return seen


def deal_of(office: Office, record_id: int) -> DealView:
    with office.db.read() as session:
        seen = get_deal(session, office.workspace_id, record_id)
        assert seen
        return seen


def stage_id(office: Office, name: str) -> int:
    with office.db.read() as session:
        return next(s.id for s in office.stages(session) if s.name == name)


def test_a_record_is_edited_in_place_or_without_javascript_as_a_page(client: FlaskClient, ana: int) -> None:
    assert f'href="/contacts/{ana}/edit" hx-get="/contacts/{ana}/edit"' in client.get(f"/contacts/{ana}").text
    panel = client.get(f"/contacts/{ana}/edit", headers=HTMX).text
    assert panel.lstrip().startswith('<section id="about"')
    page = client.get(f"/contacts/{ana}/edit").text
    assert "<html" in page
    assert form_of(panel) == form_of(page)


@pytest.mark.parametrize("kind", ["contacts", "deals"])
def test_a_form_sent_back_untouched_changes_nothing(
    office: Office, client: FlaskClient, ana: int, deal: int, kind: str
) -> None:
    path = f"/contacts/{ana}/edit" if kind == "contacts" else f"/deals/{deal}/edit"
    before = contact(office, ana), deal_of(office, deal)
    assert client.post(path, data=form_of(client.get(path).text)).status_code == 302
    assert (contact(office, ana), deal_of(office, deal)) == before


def test_what_was_typed_is_saved_audited_and_said(office: Office, client: FlaskClient, ana: int) -> None:
    path = f"/contacts/{ana}/edit"
    form = form_of(client.get(path).text)
    typed = {
        "name": "Ana Díaz",
        "title": "",
        "country": "es",
        "emails": "ana@home.example\n\nana@new.example",
        "owner_id": "",
    }
    answer = client.post(path, data=form | typed, follow_redirects=True)
    assert answer.request.path == f"/contacts/{ana}"
    assert "Saved." in answer.text
    seen = contact(office, ana)
    assert (seen.record.name, seen.last_name, seen.title, seen.country) == ("Ana Díaz", "Díaz", "", "ES")
    assert (seen.emails, seen.company_name, seen.record.owner_id) == (
        ("ana@home.example", "ana@new.example"), "Nordwind", None,
    )  # fmt: skip
    with office.db.read() as session:
        logged = list(entries(session, office.workspace_id))
    assert logged[-1].action == "contact.change"


def test_somebody_who_was_slower_keeps_what_they_typed_and_sees_what_stands_there(
    office: Office, client: FlaskClient, ana: int
) -> None:
    path = f"/contacts/{ana}/edit"
    form = form_of(client.get(path).text)
    with office.db.write() as session:
        faster = session.get_one(Contact, ana)
        faster.title, faster.version = "Head of Purchasing", faster.version + 1
    answer = client.post(path, data=form | {"phone": "+34 600 111 222"})
    assert answer.status_code == 409
    assert "Somebody changed this meanwhile" in answer.text
    assert "Now: Head of Purchasing" in answer.text
    assert contact(office, ana).phone == ""
    again = form_of(answer.text)
    assert (again["phone"], again["title"]) == ("+34 600 111 222", "Buyer")
    assert client.post(path, data=again | {"title": "Head of Purchasing"}).status_code == 302
    seen = contact(office, ana)
    assert (seen.phone, seen.title) == ("+34 600 111 222", "Head of Purchasing")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"emails": "nonsense"}, "E-mail: "),
        ({"country": "Spain"}, "two capital letters"),
        ({"name": ""}, "Name: "),
        ({"phone": "1" * 60}, "Phone: "),
        ({"company": "Nobody Inc."}, "There is no company"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence_and_kept(
    office: Office, client: FlaskClient, ana: int, typed: dict[str, str], said: str
) -> None:
    path, before = f"/contacts/{ana}/edit", contact(office, ana)
    answer = client.post(path, data=form_of(client.get(path).text) | typed)
    assert answer.status_code == 400
    assert said in answer.text
    assert "Now:" not in answer.text
    assert all(value in answer.text for value in typed.values())
    assert contact(office, ana) == before


def test_a_deal_changes_amount_date_and_owner(office: Office, client: FlaskClient, deal: int) -> None:
    path = f"/deals/{deal}/edit"
    form = form_of(client.get(path).text)
    assert (form["amount"], form["currency"]) == ("1200.05", "JOD")
    typed = {"amount": "1,500.5", "currency": "EUR", "expected_close": "2026-03-31", "owner_id": str(office.admin_id)}
    client.post(path, data=form | typed)
    seen = deal_of(office, deal)
    assert (seen.amount_minor, seen.currency, seen.expected_close) == (150_050, "EUR", date(2026, 3, 31))
    assert seen.record.owner_id == office.admin_id


def test_an_amount_reads_back_as_it_was_written_in_spanish_too(sqlite_db: Database, clock: VirtualClock) -> None:
    office = open_office(sqlite_db, clock, blueprint, linking, timeline, activities, sequences, locale="es")
    with office.db.write() as session:
        stage = office.stages(session)[0]
        new = NewDeal("Cuarenta plazas", stage.pipeline_id, stage.id, amount_minor=123_456_789)
        deal = service.make_deal(session, office.team, new, "D").id
    client, path = office.client(), f"/deals/{deal}/edit"
    form = form_of(client.get(path).text)
    assert form["amount"] == "1234567,89"
    client.post(path, data=form | {"amount": "1.234.567,8"})
    assert deal_of(office, deal).amount_minor == 123_456_780


def test_a_company_changes_domains_and_size(office: Office, client: FlaskClient, ana: int) -> None:
    company_id = contact(office, ana).company_id
    path = f"/companies/{company_id}/edit"
    form = form_of(client.get(path).text)
    client.post(path, data=form | {"domains": "mail.nordwind.example\nnordwind.test", "employees": "40"})
    with office.db.read() as session:
        seen = get_company(session, office.workspace_id, company_id or 0)
    assert isinstance(seen, CompanyView)
    assert (seen.domains, seen.employees) == (("nordwind.example", "nordwind.test"), 40)
    assert client.post(path, data=form_of(client.get(path).text) | {"employees": "many"}).status_code == 400


def test_another_teams_record_is_not_there(office: Office, ana: int, deal: int) -> None:
    with office.db.write() as session:
        elsewhere = create_workspace(session, office.clock, "Elsewhere", domain="elsewhere.example")
        mallory = create_user(session, office.clock, elsewhere, email="mallory@elsewhere.example", role=Role.ADMIN).id
    stranger = office.client(mallory)
    for path in (f"/contacts/{ana}/edit", f"/deals/{deal}/edit", f"/deals/{deal}/lost", f"/records/{ana}/merge"):
        assert stranger.get(path).status_code == 404
        assert stranger.post(path, data={"version": "1", "lost_reason": "x", "from": deal}).status_code == 404


def test_a_record_is_edited_as_what_it_is(client: FlaskClient, ana: int, deal: int) -> None:
    for path in (f"/deals/{ana}/edit", f"/contacts/{deal}/edit", "/companies/999/edit"):
        assert client.get(path).status_code == 404
        assert client.post(path, data={"version": "1"}).status_code == 404


def test_a_lost_deal_is_asked_for_its_reason_which_may_be_skipped(
    office: Office, client: FlaskClient, deal: int
) -> None:
    lost = {"stage_id": stage_id(office, "Lost"), "next": f"/deals/{deal}"}
    asked = client.post(f"/deals/{deal}/stage", data=lost, follow_redirects=True)
    assert asked.request.path == f"/deals/{deal}/lost"
    assert "Why was Forty seats lost?" in asked.text
    assert f'href="/deals/{deal}">Skip' in asked.text
    answer = client.post(f"/deals/{deal}/lost", data={"lost_reason": "Too  expensive", "next": f"/deals/{deal}"})
    assert answer.headers["Location"] == f"/deals/{deal}"
    assert deal_of(office, deal).lost_reason == "Too expensive"
    client.post(f"/deals/{deal}/stage", data={"stage_id": stage_id(office, "Demo"), "next": "/pipeline"})
    assert client.get(f"/deals/{deal}/lost").headers["Location"] == f"/deals/{deal}"


def test_the_board_asks_for_the_reason_above_itself(office: Office, client: FlaskClient, deal: int) -> None:
    answer = client.post(f"/deals/{deal}/stage", data={"stage_id": stage_id(office, "Lost")}, headers=HTMX)
    assert answer.text.lstrip().startswith('<div id="board"')
    assert "Why was Forty seats lost?" in answer.text
    back = client.post(f"/deals/{deal}/stage", data={"stage_id": stage_id(office, "Demo")}, headers=HTMX)
    assert "Why was" not in back.text
