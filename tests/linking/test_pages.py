from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from backend.accounts.tables import Mailbox
from backend.db import Database
from backend.kit.clock import VirtualClock
from backend.linking.pages import blueprint
from backend.linking.receipt_store import receipt_of
from backend.records import service
from backend.records.pages import blueprint as records
from backend.records.shapes import NewCompany, NewContact, NewDeal
from backend.records.store.reading import Wanted, list_contacts
from tests.web.post import Post
from tests.web.team import Office, open_office

ANA = "Ana Ruiz <ana@nordwind.example>"


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock) -> Office:
    return open_office(sqlite_db, clock, blueprint, records)


@pytest.fixture
def post(office: Office) -> Post:
    return Post(office)


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.client()


def add_ana(office: Office) -> int:
    with office.db.write() as session:
        company = service.make_company(session, office.team, NewCompany("Nordwind", ("nordwind.example",))).id
        address = ("ana@nordwind.example", "ana@nordwind.example")
        return service.make_contact(session, office.team, NewContact("Ana Ruiz", (address,), company_id=company)).id


def add_deals(office: Office, contact_id: int, *names: str) -> list[int]:
    with office.db.write() as session:
        pipeline_id = office.stages(session)[0].pipeline_id
        new = [NewDeal(name, pipeline_id, contact_ids=(contact_id,)) for name in names]
        return [service.make_deal(session, office.team, deal, "D").id for deal in new]


def linked_names(office: Office, message_id: int) -> list[str]:
    with office.db.read() as session:
        receipt = receipt_of(session, office.workspace_id, message_id)
        assert receipt
        return [link.name for link in receipt.links]


def undo_of(client: FlaskClient) -> str:
    """The path behind Undo in the notice that waits."""
    return str(re.findall(r'<form method="post" action="([^"]+)">.*?toast-undo', client.get("/unlinked").text)[0])


def test_a_strangers_mail_waits_with_its_reason(client: FlaskClient, post: Post) -> None:
    post.deliver("Forty seats", "We need forty.", sender=ANA)
    page = client.get("/unlinked").text
    assert "Forty seats" in page
    assert "Nobody in it is a contact" in page


def test_the_inbox_shows_nobody_elses_mail(office: Office, post: Post) -> None:
    post.deliver("Forty seats", sender=ANA)
    assert "Forty seats" not in office.client(office.admin_id).get("/unlinked").text


def test_the_inbox_comes_in_pages(client: FlaskClient, post: Post, clock: VirtualClock) -> None:
    for n in range(42):
        post.deliver(f"Mail {n:02}", sender=f"p{n}@many.example", at=clock.now() - timedelta(hours=n))
    page = client.get("/unlinked").text
    assert page.count("data-row") == 40
    older = re.findall(r'hx-get="(/unlinked\?cursor=[^"]+)"', page)[0]
    rest = client.get(older, headers={"HX-Request": "true"}).text
    assert re.findall(r"Mail (\d\d)", rest) == ["40", "41"]


def test_one_tap_makes_the_sender_a_contact_and_links_what_they_wrote_before(
    office: Office, client: FlaskClient, post: Post
) -> None:
    first = post.deliver("Forty seats", sender=ANA)
    second = post.deliver("Fifty seats?", sender=ANA)
    client.post(f"/mail/{second}/adopt")
    assert linked_names(office, first) == linked_names(office, second) == ["Ana Ruiz", "Nordwind"]
    client.post(undo_of(client))
    assert linked_names(office, first) == []


def test_a_receipt_says_which_rule_saw_what(office: Office, client: FlaskClient, post: Post) -> None:
    add_deals(office, add_ana(office), "Nordwind seats")
    message_id = post.deliver("Offer", sender=ANA)
    panel = client.get(f"/mail/{message_id}/receipt").text
    assert "ana@nordwind.example is this contact&#39;s address." in panel
    assert "It is the only open deal in which somebody of this mail takes part." in panel
    assert "All mail from nordwind.example" in panel


@pytest.mark.parametrize("scope", ["mail", "thread", "address", "domain"])
def test_a_link_is_taken_back_by_reach_and_brought_back_by_undo(
    office: Office, client: FlaskClient, post: Post, scope: str
) -> None:
    ana = add_ana(office)
    message_id = post.deliver("Offer", sender=ANA)
    other = post.deliver("Another thing", sender=ANA)
    form = {"record_id": ana, "scope": scope, "address": "ana@nordwind.example"}
    client.post(f"/mail/{message_id}/unlink", data=form)
    assert "Ana Ruiz" not in linked_names(office, message_id)
    assert ("Ana Ruiz" in linked_names(office, other)) is (scope in {"mail", "thread"})
    client.post(undo_of(client))
    assert "Ana Ruiz" in linked_names(office, message_id)
    assert "Ana Ruiz" in linked_names(office, other)


def test_when_two_deals_claim_a_conversation_the_answer_links_it(
    office: Office, client: FlaskClient, post: Post
) -> None:
    seats, kits = add_deals(office, add_ana(office), "Seats", "Kits")
    message_id = post.deliver("Tomorrow", sender=ANA)
    page = client.get("/unlinked").text
    assert "Which deal is this about?" in page
    conversation = re.findall(r"/conversations/(\d+)/answer", page)[0]
    client.post(f"/conversations/{conversation}/answer", data={"deal_id": kits})
    assert linked_names(office, message_id)[0] == "Kits"
    assert "Which deal" not in client.get("/unlinked").text
    assert seats != kits


def test_none_of_them_is_an_answer_too(office: Office, client: FlaskClient, post: Post) -> None:
    add_deals(office, add_ana(office), "Seats", "Kits")
    message_id = post.deliver("Tomorrow", sender=ANA)
    conversation = re.findall(r"/conversations/(\d+)/answer", client.get("/unlinked").text)[0]
    client.post(f"/conversations/{conversation}/answer")
    assert linked_names(office, message_id) == ["Ana Ruiz", "Nordwind"]
    assert "Which deal" not in client.get("/unlinked").text


def test_a_mail_is_linked_by_hand_to_what_was_found(office: Office, client: FlaskClient, post: Post) -> None:
    ana = add_ana(office)
    message_id = post.deliver("From my other address", sender="ruiz@gmx.example")
    found = client.get(f"/mail/{message_id}/link?q=ruiz").text
    assert "Ana Ruiz" in found
    client.post(f"/mail/{message_id}/link", data={"record_id": ana})
    assert linked_names(office, message_id) == ["Ana Ruiz"]


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("unlink", {"record_id": "1", "scope": "galaxy"}, 400),
        ("unlink", {"scope": "mail"}, 400),
        ("link", {}, 400),
        ("link", {"record_id": "999999"}, 404),
        ("unlink", {"record_id": "999999", "scope": "mail"}, 404),
    ],
)
def test_what_was_not_chosen_is_asked_for(
    client: FlaskClient, post: Post, path: str, form: dict[str, str], status: int
) -> None:
    message_id = post.deliver("Offer", sender=ANA)
    assert client.post(f"/mail/{message_id}/{path}", data=form).status_code == status


def test_a_mail_that_its_owner_keeps_is_not_there_for_colleagues(office: Office, post: Post) -> None:
    message_id = post.deliver("Salary", sender=ANA)
    with office.db.write() as session:
        session.get_one(Mailbox, post.mailboxes[office.rep_id]).sharing = "nothing"
    admin = office.client(office.admin_id)
    for answer in (
        admin.get(f"/mail/{message_id}/receipt"),
        admin.post(f"/mail/{message_id}/unlink", data={"record_id": 1, "scope": "mail"}),
        admin.post(f"/mail/{message_id}/adopt"),
    ):
        assert answer.status_code == 404
    with office.db.read() as session:
        assert list_contacts(session, office.workspace_id, Wanted()) == []
