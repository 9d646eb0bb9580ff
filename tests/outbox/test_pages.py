"""The way out of a list: shown by a GET, taken by a POST."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from backend.db import Database
from backend.kit.clock import VirtualClock
from backend.outbox import suppression_store as store
from backend.outbox.pages import blueprint, open_links
from backend.outbox.tokens import UnsubscribeLinks
from tests.web.team import Office, open_office

LINKS = UnsubscribeLinks("s" * 40, "")
DORA = "dora@nordwind.example"


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock) -> Office:
    office = open_office(sqlite_db, clock, blueprint)
    open_links(office.app, LINKS)
    return office


@pytest.fixture
def stranger(office: Office) -> FlaskClient:
    return office.app.test_client()


def is_suppressed(office: Office) -> bool:
    with office.db.read() as session:
        return store.suppressed(session, office.workspace_id, DORA) is not None


def test_scanner_get(office: Office, stranger: FlaskClient) -> None:
    """What only looks at the link changes nothing."""
    for _ in range(3):
        assert "With one click" in stranger.get(LINKS.url(office.workspace_id, DORA)).text
    assert not is_suppressed(office)


def test_one_click_of_a_mail_program_takes_effect_without_cookies(office: Office, stranger: FlaskClient) -> None:
    url = LINKS.url(office.workspace_id, DORA)
    for _ in range(2):
        answer = stranger.post(url, data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, "You are off the list" in answer.text) == (200, True)
    assert is_suppressed(office)
    assert "You are off the list" in stranger.get(url).text


@pytest.mark.parametrize("token", ["x", "WzEsImRvcmEiXQ.bad", "WzEsImRvcmEiXQ", "%00", "a" * 3000])
def test_a_link_that_was_not_made_here_takes_nobody_off(office: Office, stranger: FlaskClient, token: str) -> None:
    assert stranger.post(f"/u/{token}").status_code == 404
    assert not is_suppressed(office)


def test_a_link_of_another_installation_opens_nothing(office: Office, stranger: FlaskClient) -> None:
    foreign = UnsubscribeLinks("t" * 40, "").url(office.workspace_id, DORA)
    assert stranger.get(foreign).status_code == 404
