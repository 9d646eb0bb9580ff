"""A rep's day: drafts that leave by themselves, people who wait for a decision, mailboxes from which nothing leaves."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from backend.outbox.service import pause_sending
from tests.card.addon import Addon, addon_for
from tests.card.test_pages import signed_in
from tests.cast import ALICE, BOB, CAROL, DORA, ERIK
from tests.sequences.line import Line, definition, mail


@pytest.fixture
def web(line: Line) -> Iterator[Addon]:
    with addon_for(line.office, is_demo=True, ENLACE_PUBLIC_URL="http://127.0.0.1:8000") as addon:
        yield addon


@pytest.fixture
def client(web: Addon) -> FlaskClient:
    return signed_in(web.app.test_client(), ALICE)


def press(client: FlaskClient, word: str) -> None:
    """Press the page's button of that word."""
    forms = re.findall(r'<form method="post" action="([^"]+)".*?</form>', client.get("/").text, re.DOTALL)
    pairs = re.findall(
        r'action="(/sequences/people/[^"]+)"(?:(?!</form>).)*?<button[^>]*>([^<]+)', client.get("/").text
    )
    action = next(path for path, text in pairs if text.strip() == word)
    assert action in forms
    assert client.post(action).status_code == 302


def test_a_draft_is_shown_before_it_leaves_and_can_be_held_back(line: Line, client: FlaskClient) -> None:
    sequence = line.make(definition(mail()))
    line.pace(lead_s=3600)
    line.enrol(sequence)
    assert "No draft waits" in client.get("/").text
    line.tick()
    page = client.get("/").text
    assert "Nurture" in page
    assert "https://mail.google.com/mail/u/alice@acme.example/#all/" in page
    press(client, "Do not send")
    line.let_pass(hours=3)
    assert (line.deliveries(), line.office.gmail(ALICE).list_drafts()) == (0, ())
    assert "No draft waits" in client.get("/").text


def test_a_mail_that_a_colleague_holds_up_asks_for_a_decision(line: Line, client: FlaskClient) -> None:
    line.office.mail(BOB, DORA)
    line.office.sync()
    line.enrol(line.make(definition(mail())))
    line.tick()
    page = client.get("/").text
    assert "They wait for your decision" in page
    assert "a colleague is writing with them" in page
    press(client, "Send anyway")
    line.let_pass(hours=2)
    assert line.deliveries() == 1
    assert "They wait for your decision" not in client.get("/").text


def test_somebody_who_stands_still_for_a_missing_field_asks_too(line: Line, client: FlaskClient) -> None:
    line.enrol(line.make(definition(mail("Hi", "Dear {{ contact.title }}"))))
    line.tick()
    assert "a field has no value" in client.get("/").text
    press(client, "Stop")
    assert "a field has no value" not in client.get("/").text


def test_a_paused_mailbox_is_said_first_and_a_manager_sees_the_team(
    line: Line, web: Addon, client: FlaskClient
) -> None:
    sequence = line.make(definition(mail()))
    line.pace(lead_s=3600)
    line.pace(BOB, lead_s=3600)
    line.enrol(sequence)
    line.enrol(sequence, ERIK, by=BOB)
    line.tick()
    office = line.office
    with office.db.write() as session:
        pause_sending(session, office.clock, office.mailboxes[ALICE], office.workspace_id, "Gmail said so.")
    page = client.get("/").text
    assert "Gmail said so." in page
    for path in ("/sequences/sending", "/settings/mailboxes"):  # where an alarm leads
        assert client.get(path).status_code == 200
    assert 'href="/sequences/sending"' in page
    carol = signed_in(web.app.test_client(), CAROL).get("/").text
    assert "Gmail said so." not in carol
    assert "No draft waits" in carol
    assert re.findall(r'sender=\d+">(\w+)', carol) == ["Alice", "Bob"]
    assert "sender=" not in client.get("/").text


def test_today_asks_as_much_for_many_as_for_one(line: Line, web: Addon, client: FlaskClient) -> None:
    sequence = line.make(definition(mail("Hi", "Dear {{ contact.title }}")))
    line.enrol(sequence)
    line.tick()
    few = _statements(web, client)
    for n in range(30):
        line.enrol(sequence, f"p{n}@company{n}.example")
    line.tick()
    assert _statements(web, client) == few


def _statements(web: Addon, client: FlaskClient) -> int:
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_other: object) -> None:
        seen.append(statement)

    event.listen(web.db.engine, "before_cursor_execute", note)
    client.get("/")
    event.remove(web.db.engine, "before_cursor_execute", note)
    return len(seen)
