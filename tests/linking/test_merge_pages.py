from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from backend.activities.pages import blueprint as activities
from backend.db import Database
from backend.kit.clock import VirtualClock
from backend.linking.pages import blueprint
from backend.records import service
from backend.records.pages import blueprint as records
from backend.records.shapes import NewContact, NewDeal
from backend.sequences.pages import blueprint as sequences
from backend.timeline.pages import blueprint as timeline
from tests.web.post import Post
from tests.web.team import Office, open_office


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock) -> Office:
    return open_office(sqlite_db, clock, blueprint, records, timeline, activities, sequences)


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.client()


@pytest.fixture
def twins(office: Office) -> tuple[int, int]:
    """Ana twice; two mails hang on the second."""
    with office.db.write() as session:
        home = NewContact("Ana Ruiz López", (("ana@home.example", "ana@home.example"),), phone="+34 600 000 000")
        kept = service.make_contact(session, office.team, NewContact("Ana Ruiz")).id
        lost = service.make_contact(session, office.team, home).id
    for subject in ("One", "Two"):
        Post(office).deliver(subject, sender="ana@home.example")
    return kept, lost


def test_a_record_leads_to_its_likely_duplicates(client: FlaskClient, twins: tuple[int, int]) -> None:
    kept, lost = twins
    assert f'href="/records/{kept}/merge"' in client.get(f"/contacts/{kept}").text
    page = client.get(f"/records/{kept}/merge").text
    assert f"/records/{kept}/merge?from={lost}" in page
    assert f"from={kept}" not in page
    rows = client.get(f"/records/{kept}/merge?q=home.example", headers={"HX-Request": "true"}).text
    assert "Ana Ruiz López" in rows
    assert "<html" not in rows


def test_the_preview_counts_what_moves(client: FlaskClient, twins: tuple[int, int]) -> None:
    kept, lost = twins
    page = client.get(f"/records/{kept}/merge?from={lost}").text
    assert "Ana Ruiz takes over 2 mails, 1 address, and 1 field." in page
    assert client.get(f"/contacts/{lost}").status_code == 200
    assert "only leaves the lists" in client.get(f"/records/{lost}/merge?from={kept}").text


def test_a_merged_records_page_leads_to_the_kept_one_until_undo(client: FlaskClient, twins: tuple[int, int]) -> None:
    kept, lost = twins
    answer = client.post(f"/records/{kept}/merge", data={"from": lost}, follow_redirects=True)
    assert "Merged into Ana Ruiz." in answer.text
    assert (away := client.get(f"/contacts/{lost}")).status_code == 302
    assert away.headers["Location"] == f"/contacts/{kept}"
    undo = re.findall(r'action="(/merges/\d+/undo)"', answer.text)[0]
    back = client.post(undo, follow_redirects=True)
    assert back.request.path == f"/contacts/{lost}"
    assert "Ana Ruiz López is back, with everything that was moved." in back.text


def test_a_chain_of_merges_leads_to_its_end(office: Office, client: FlaskClient, twins: tuple[int, int]) -> None:
    kept, lost = twins
    with office.db.write() as session:
        last = service.make_contact(session, office.team, NewContact("Ana")).id
    client.post(f"/records/{kept}/merge", data={"from": lost})
    client.post(f"/records/{last}/merge", data={"from": kept})
    assert client.get(f"/contacts/{lost}").headers["Location"] == f"/contacts/{last}"


def test_a_deal_is_offered_no_duplicates(office: Office, client: FlaskClient) -> None:
    with office.db.write() as session:
        new = NewDeal("Forty seats", office.stages(session)[0].pipeline_id)
        deal = service.make_deal(session, office.team, new, "D").id
    assert "Merge with a duplicate" not in client.get(f"/deals/{deal}").text
    assert client.get(f"/records/{deal}/merge").status_code == 400


def test_what_is_not_there_is_not_merged(client: FlaskClient, twins: tuple[int, int]) -> None:
    kept, _ = twins
    assert client.get("/records/999/merge").status_code == 404
    assert client.post(f"/records/{kept}/merge", data={"from": 999}).status_code == 404
    assert client.post(f"/records/{kept}/merge").status_code == 400
    assert client.post("/merges/999/undo").status_code == 404
