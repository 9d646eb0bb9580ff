"""The list of those to whom nothing is sent: added, imported, searched, taken off with a reason."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask.testing import FlaskClient

from backend.audit.store import entries
from backend.db import Database
from backend.kit.clock import VirtualClock
from backend.outbox.pages import suppressed
from backend.outbox.service import unsubscribe
from tests.cast import DORA
from tests.web.team import Office, open_office


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock) -> Office:
    return open_office(sqlite_db, clock, suppressed)


@pytest.fixture
def admin(office: Office) -> FlaskClient:
    return office.client(office.admin_id)


def test_addresses_are_added_by_hand_and_from_a_file(admin: FlaskClient) -> None:
    assert "Nobody is suppressed" in admin.get("/settings/suppressed").text
    file = (BytesIO(b"mail;name\nann@one.example;Ann\nnothing here\nann@one.example"), "list.csv")
    data = {"addresses": "bob@two.example", "file": file, "why": "Asked on the phone"}
    page = admin.post("/settings/suppressed", data=data, follow_redirects=True)
    assert "2 addresses are on the list now." in page.text
    assert "2 lines have no address." in page.text
    assert "Asked on the phone" in page.text
    again = admin.post("/settings/suppressed", data={"addresses": "bob@two.example", "why": "x"}, follow_redirects=True)
    assert "0 addresses are on the list now. 1 was on it before." in again.text
    assert admin.post("/settings/suppressed", data={"addresses": "nobody", "why": "x"}).status_code == 400


def test_the_list_is_searched_and_comes_page_by_page(admin: FlaskClient) -> None:
    addresses = "\n".join(f"p{n}@many.example" for n in range(53))
    admin.post("/settings/suppressed", data={"addresses": addresses, "why": "Old list"})
    page = admin.get("/settings/suppressed")
    assert page.text.count("data-row") == 50
    before = page.text.rpartition("before=")[2].partition('"')[0]
    rest = admin.get(f"/settings/suppressed?before={before}", headers={"HX-Request": "true"})
    assert rest.text.count("data-row") == 3
    assert admin.get("/settings/suppressed?q=p52@").text.count("data-row") == 1
    assert admin.get("/settings/suppressed?ground=bounced").text.count("data-row") == 0


def test_one_is_taken_off_for_a_reason_that_is_kept(admin: FlaskClient, office: Office) -> None:
    admin.post("/settings/suppressed", data={"addresses": DORA, "why": "x"})
    assert admin.post("/settings/suppressed/1/release", data={"why": " "}).status_code == 400
    admin.post("/settings/suppressed/1/release", data={"why": "She wants our mail again"})
    assert DORA not in admin.get("/settings/suppressed").text.partition("toaster")[0]
    with office.db.read() as session:
        *_, last = entries(session, office.workspace_id)
    assert (last.action, last.details["reason"]) == ("outbox.release", "She wants our mail again")
    assert admin.post("/settings/suppressed/1/release", data={"why": "x"}).status_code == 404


def test_reps_do_not_keep_the_list(office: Office) -> None:
    rep = office.client()
    assert rep.get("/settings/suppressed").status_code == 403
    assert rep.post("/settings/suppressed", data={"addresses": DORA}).status_code == 403
    assert "Suppressed addresses" not in rep.get("/").text


def test_who_unsubscribed_is_taken_off_by_an_admin_only(office: Office, admin: FlaskClient) -> None:
    with office.db.write() as session:
        unsubscribe(session, office.clock, office.workspace_id, DORA)
    assert "their own click" in admin.get("/settings/suppressed?ground=unsubscribed").text
    assert admin.post("/settings/suppressed/1/release", data={"why": "Signed up again"}).status_code == 302
