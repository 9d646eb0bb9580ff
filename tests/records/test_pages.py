from __future__ import annotations

import re
from datetime import date

import pytest
from flask.testing import FlaskClient

from backend.accounts.service import create_user, create_workspace
from backend.accounts.shapes import Role
from backend.db import Database
from backend.kit.clock import VirtualClock
from backend.records import service
from backend.records.pages import blueprint
from backend.records.shapes import NewCompany, NewContact, NewDeal
from backend.records.store.board import stage_totals
from backend.records.store.reading import Wanted, get_contact, get_deal, list_companies, list_contacts, list_deals
from tests.web.team import Office, open_office


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock) -> Office:
    return open_office(sqlite_db, clock, blueprint)


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.client()


def add_deal(office: Office, name: str, stage: str = "New", amount: int = 100_000, currency: str = "EUR") -> int:
    with office.db.write() as session:
        stages = {s.name: s for s in office.stages(session)}
        new = NewDeal(
            name, stages[stage].pipeline_id, stages[stage].id, amount_minor=amount, currency=currency,
            expected_close=date(2026, 2, 1), owner_id=office.rep_id,
        )  # fmt: skip
        return service.make_deal(session, office.team, new, "D").id


def stage_of(office: Office, deal_id: int) -> str:
    with office.db.read() as session:
        deal = get_deal(session, office.workspace_id, deal_id)
        assert deal
        return deal.stage.name


def stage_id(office: Office, name: str) -> int:
    with office.db.read() as session:
        return next(s.id for s in office.stages(session) if s.name == name)


@pytest.mark.parametrize("path", ["/contacts", "/companies", "/deals", "/pipeline", "/contacts/new"])
def test_a_stranger_is_asked_to_sign_in(office: Office, path: str) -> None:
    assert office.app.test_client().get(path).status_code in {302, 401}


@pytest.mark.parametrize("folder", ["contacts", "companies", "deals"])
def test_an_empty_list_says_what_it_is_for_and_holds_the_button_that_fills_it(client: FlaskClient, folder: str) -> None:
    page = client.get(f"/{folder}").text
    assert 'class="empty"' in page
    assert f'class="btn btn-primary" href="/{folder}/new"' in page


def test_a_list_shows_fifty_rows_and_fetches_the_rest_in_place(office: Office, client: FlaskClient) -> None:
    with office.db.write() as session:
        for n in range(53):
            service.make_contact(session, office.team, NewContact(f"Person {n:02}"))
    page = client.get("/contacts?sort=name").text
    assert page.count("<tr data-row>") == 50
    rest = client.get("/contacts?sort=name&offset=50", headers={"HX-Request": "true"}).text
    assert re.findall(r"Person 5\d(?=</a>)", rest) == ["Person 50", "Person 51", "Person 52"]
    assert "<html" not in rest
    assert "offset=50" in page
    assert "more-rows" not in rest


def test_a_list_is_searched_and_keeps_its_other_questions(office: Office, client: FlaskClient) -> None:
    with office.db.write() as session:
        for name in ("Nordwind", "Südwerk"):
            service.make_company(session, office.team, NewCompany(name))
    page = client.get("/companies?q=sudwerk&sort=recent").text
    assert "Südwerk" in page
    assert "Nordwind" not in page
    assert '<input type="hidden" name="sort" value="recent">' in page


def test_closed_deals_stay_out_until_asked_for(office: Office, client: FlaskClient) -> None:
    add_deal(office, "Forty seats")
    add_deal(office, "Old one", "Lost")
    assert "Old one" not in client.get("/deals").text
    assert "Forty seats" not in client.get("/deals?state=closed").text
    assert "Old one" in client.get("/deals?state=all").text


def test_nonsense_in_an_address_counts_as_not_asked(client: FlaskClient) -> None:
    assert client.get("/deals?sort=drop&offset=-7&state=x").status_code == 200
    assert client.get("/pipeline?pipeline=999999").status_code == 200


def test_a_column_sums_its_deals_by_currency(db: Database, clock: VirtualClock) -> None:
    office = open_office(db, clock, blueprint)
    add_deal(office, "A", amount=1_200_000)
    add_deal(office, "B", amount=300_000)
    add_deal(office, "C", amount=500_000, currency="USD")
    page = office.client().get("/pipeline").text
    assert re.search(r"New <span class=\"count\">3</span>", page)
    assert "€15.0K · $5.0K" in page or "€15K · $5K" in page


def test_moving_a_card_answers_with_the_board_and_an_undo(office: Office, client: FlaskClient) -> None:
    deal = add_deal(office, "Forty seats")
    answer = client.post(
        f"/deals/{deal}/stage", data={"stage_id": stage_id(office, "Proposal")}, headers={"HX-Request": "true"}
    )
    assert stage_of(office, deal) == "Proposal"
    assert answer.text.lstrip().startswith('<div id="board"')
    undo = re.findall(r'"undo": "([^"]+)"', answer.headers["HX-Trigger"])[0]
    client.post(undo)
    assert stage_of(office, deal) == "New"


def test_without_javascript_a_move_leads_back_to_the_board(office: Office, client: FlaskClient) -> None:
    deal = add_deal(office, "Forty seats")
    answer = client.post(f"/deals/{deal}/stage?next=/pipeline?owner=me", data={"stage_id": stage_id(office, "Demo")})
    assert answer.headers["Location"] == "/pipeline?owner=me"


def test_a_stage_that_is_not_there_is_refused(office: Office, client: FlaskClient) -> None:
    deal = add_deal(office, "Forty seats")
    assert client.post(f"/deals/{deal}/stage", data={"stage_id": 999_999}).status_code == 404
    assert client.post(f"/deals/{deal}/stage", data={"stage_id": "x"}).status_code == 400
    assert client.post("/deals/999999/stage", data={"stage_id": stage_id(office, "Demo")}).status_code == 404


def test_another_teams_deal_is_not_there(db: Database, clock: VirtualClock) -> None:
    office = open_office(db, clock, blueprint)
    deal = add_deal(office, "Forty seats")
    with db.write() as session:
        other = create_workspace(session, clock, "Rivals")
        spy = create_user(session, clock, other, email="spy@rivals.example", role=Role.ADMIN).id
        service.make_sales_pipeline(session, other.id)
    browser = office.client(spy)
    assert "Forty seats" not in browser.get("/deals?state=all").text + browser.get("/pipeline").text
    assert browser.post(f"/deals/{deal}/stage", data={"stage_id": stage_id(office, "Demo")}).status_code == 404
    assert stage_of(office, deal) == "New"
    with db.read() as session:
        assert stage_totals(session, office.workspace_id)
        assert stage_totals(session, office.workspace_id + 1) == {}


def test_a_contacts_form_makes_the_contact_and_its_company(office: Office, client: FlaskClient) -> None:
    form = {"name": "Ana Ruiz", "email": "Ana.Ruiz@Nordwind.example", "title": "Head of Purchasing"}
    answer = client.post("/contacts/new", data=form)
    contact_id = int(answer.headers["Location"].removeprefix("/contacts/"))
    with office.db.read() as session:
        contact = get_contact(session, office.workspace_id, contact_id)
    assert contact
    assert (contact.record.name, contact.company_name, contact.title) == ("Ana Ruiz", "Nordwind", "Head of Purchasing")
    assert contact.record.owner_id == office.rep_id


def test_what_is_refused_stands_above_the_form_with_what_was_typed(office: Office, client: FlaskClient) -> None:
    answer = client.post("/contacts/new", data={"name": "", "email": "ana@nordwind.example", "title": "Buyer"})
    assert answer.status_code == 400
    assert "A name is missing" in answer.text
    assert 'value="Buyer"' in answer.text
    with office.db.read() as session:
        assert list_contacts(session, office.workspace_id, Wanted()) == []
        assert list_companies(session, office.workspace_id, Wanted()) == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "Seats", "amount": "a lot"}, "is not an amount"),
        ({"name": "Seats", "expected_close": "soon"}, "not a date"),
        ({"name": "Seats", "company": "Nowhere"}, "no company"),
        ({"name": "Seats", "stage_id": "999999"}, "stage is gone"),
        ({"name": " "}, "name is missing"),
    ],
)
def test_a_deals_form_says_what_is_wrong(office: Office, client: FlaskClient, form: dict[str, str], said: str) -> None:
    answer = client.post("/deals/new", data=form)
    assert answer.status_code == 400
    assert said in answer.text
    with office.db.read() as session:
        assert list_deals(session, office.workspace_id, Wanted()) == []


def test_a_deals_form_makes_the_deal_with_its_company_and_person(office: Office, client: FlaskClient) -> None:
    with office.db.write() as session:
        company = service.make_company(session, office.team, NewCompany("Nordwind")).id
        ana = service.make_contact(session, office.team, NewContact("Ana Ruiz")).id
    form = {
        "name": "40 seats", "company": "nordwind", "amount": "12,000.50", "currency": "USD",
        "expected_close": "2026-03-01", "stage_id": str(stage_id(office, "Demo")), "contact_id": str(ana),
    }  # fmt: skip
    answer = client.post("/deals/new", data=form)
    with office.db.read() as session:
        deal = get_deal(session, office.workspace_id, int(answer.headers["Location"].removeprefix("/deals/")))
    assert deal
    assert (deal.company_id, deal.amount_minor, deal.currency) == (company, 1_200_050, "USD")
    assert (deal.stage.name, deal.people, deal.expected_close) == ("Demo", ((ana, "Ana Ruiz"),), date(2026, 3, 1))


def test_companies_are_offered_while_one_types(office: Office, client: FlaskClient) -> None:
    with office.db.write() as session:
        for name in ("Nordwind", "Nordlicht", "Südwerk"):
            service.make_company(session, office.team, NewCompany(name))
    assert re.findall('value="([^"]+)"', client.get("/companies/options?company=nord").text) == [
        "Nordlicht",
        "Nordwind",
    ]
