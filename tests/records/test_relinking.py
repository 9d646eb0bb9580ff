from __future__ import annotations

import pytest

from backend.db import Database
from backend.kit.clock import VirtualClock
from backend.linking.pages import blueprint as linking
from backend.linking.receipt_store import receipt_of
from backend.records.pages import blueprint
from tests.web.post import Post
from tests.web.team import Office, open_office


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock) -> Office:
    return open_office(sqlite_db, clock, blueprint, linking)


def links(office: Office, message_id: int) -> set[str]:
    with office.db.read() as session:
        receipt = receipt_of(session, office.workspace_id, message_id)
        assert receipt
        return {link.name for link in receipt.links}


def test_a_contact_typed_in_finds_the_mail_that_came_before_and_an_undo_takes_the_links_back(office: Office) -> None:
    mail = Post(office).deliver("Forty seats", sender="Ana Ruiz <ana@nordwind.example>")
    client = office.client()
    page = client.post(
        "/contacts/new", data={"name": "Ana Ruiz", "email": "ana@nordwind.example"}, headers={"Accept": "text/html"}
    )
    assert page.status_code == 302
    assert links(office, mail) == {"Ana Ruiz", "Nordwind"}
    notice = client.get("/contacts").text
    assert "Ana Ruiz was added; 2 links to earlier mail made." in notice
    undo = notice.split('<form method="post" action="/relinkings/')[1].split("/undo")[0]
    client.post(f"/relinkings/{undo}/undo")
    assert links(office, mail) == set()
