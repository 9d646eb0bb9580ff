"""The Sending page: pauses, pace, what waits, days away, and who may do what."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from backend.sequences.pages import sending
from tests.card.addon import Addon
from tests.card.test_pages import signed_in
from tests.cast import ALICE, BOB, CAROL, DORA, ERIK
from tests.sequences.browser import words_of
from tests.sequences.line import Line, definition, mail


def test_a_mailbox_is_paused_by_hand_and_goes_on(client: FlaskClient, line: Line) -> None:
    """A draft that waited for the pause alone leaves soon after it was lifted, not when the pause would have ended."""
    sequence = line.make(definition(mail()))
    line.pace(lead_s=600)
    line.enrol(sequence)
    line.tick()
    box = f"/sequences/sending/{line.office.mailboxes[ALICE]}"
    client.post(f"{box}/pause", data={"for": "week"})
    line.let_pass(hours=5)
    page = words_of(client.get("/sequences/sending"))
    assert "Nothing leaves before" in page
    assert "Paused by hand." in page
    assert line.deliveries() == 0
    client.post(f"{box}/resume")
    line.let_pass(hours=1, every_minutes=10)
    assert line.deliveries() == 1
    assert "Sent in 24 hours 1 of" in words_of(client.get("/sequences/sending"))


def test_what_waits_is_named_with_the_reason_and_planned(client: FlaskClient, line: Line) -> None:
    sequence = line.make(definition(mail()))
    line.pace(daily_cap=1)
    for address in (DORA, ERIK, "fay@fjord.example"):
        line.enrol(sequence, address)
    line.tick()
    line.office.clock.advance(timedelta(days=3))
    line.tick()
    page = words_of(client.get("/sequences/sending"))
    assert "Waiting 1" in page
    assert "of them over a day old 1" in page
    assert "Catching up Nothing bursts" in page
    assert "Nurture · fay@fjord.example" in page


@pytest.mark.parametrize(("name", "value"), [("daily_cap", "0"), ("spacing_s", "many"), ("lead_s", "999999")])
def test_a_pace_that_nobody_can_keep_is_refused(client: FlaskClient, line: Line, name: str, value: str) -> None:
    box = f"/sequences/sending/{line.office.mailboxes[ALICE]}"
    answer = client.post(f"{box}/pace", data={name: value})
    assert answer.status_code == 400
    assert f"{name} is a whole number" in answer.text


def test_a_pace_is_kept(client: FlaskClient, line: Line) -> None:
    box = f"/sequences/sending/{line.office.mailboxes[ALICE]}"
    client.post(f"{box}/pace", data={"daily_cap": "33", "spacing_s": "60"})
    assert 'value="33"' in client.get("/sequences/sending").text


def test_a_rep_sets_their_own_mailbox_a_manager_everybodys(client: FlaskClient, line: Line, web: Addon) -> None:
    theirs = f"/sequences/sending/{line.office.mailboxes[BOB]}"
    assert client.post(f"{theirs}/pause").status_code == 404
    assert client.post(f"{theirs}/pace", data={"daily_cap": "5"}).status_code == 404
    assert BOB not in client.get("/sequences/sending").text
    carol = signed_in(web.app.test_client(), CAROL)
    assert carol.post(f"{theirs}/pause").status_code == 302
    assert "Nothing leaves until somebody resumes." in carol.get("/sequences/sending").text


def test_many_mailboxes_come_some_at_a_time_each_with_what_waits_in_it(
    line: Line, web: Addon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BOXES", 1)
    sequence = line.make(definition(mail()))
    line.pace(daily_cap=1)
    for address in (DORA, ERIK):
        line.enrol(sequence, address)
    line.enrol(sequence, "fay@fjord.example", by=BOB)
    line.tick()
    carol = signed_in(web.app.test_client(), CAROL)
    first = carol.get("/sequences/sending")
    assert ALICE in first.text
    assert BOB not in first.text
    assert "Nurture · erik@suedwind.example" in words_of(first)
    assert f'href="/sequences/sending?after={ALICE}"' in unquote(first.text)
    second = carol.get("/sequences/sending", query_string={"after": ALICE})
    assert BOB in second.text
    assert "erik@suedwind.example" not in words_of(second)
    assert "Show more" not in second.text


def test_nothing_leaves_on_days_on_which_the_rep_is_away(client: FlaskClient, line: Line) -> None:
    today = line.office.clock.now().date()
    client.post("/sequences/sending/away", data={"first_day": today, "last_day": today + timedelta(days=1)})
    line.enrol(line.make(definition(mail())))
    line.let_pass(hours=30)
    assert line.deliveries() == 0
    line.let_pass(hours=24)
    assert line.deliveries() == 1


def test_an_absence_is_taken_back_by_its_own_rep(client: FlaskClient, line: Line, web: Addon) -> None:
    today = line.office.clock.now().date()
    days = {"first_day": today, "last_day": today + timedelta(days=1)}
    client.post("/sequences/sending/away", data=days)
    bob = signed_in(web.app.test_client(), BOB)
    assert bob.post("/sequences/sending/away/1/forget").status_code == 404
    client.post("/sequences/sending/away/1/forget")
    line.enrol(line.make(definition(mail())))
    line.tick()
    assert line.deliveries() == 1
    backwards = {"first_day": days["last_day"], "last_day": days["first_day"]}
    assert client.post("/sequences/sending/away", data=backwards).status_code == 400
    assert client.post("/sequences/sending/away", data={"first_day": "soon"}).status_code == 400


def test_admins_decide_who_enrols(client: FlaskClient, line: Line, web: Addon) -> None:
    root = signed_in(web.app.test_client(), "root@acme.example")
    chosen = {"publish": "rep", "enrol": "manager"}
    assert client.post("/sequences/sending/rights", data=chosen).status_code == 403
    assert root.post("/sequences/sending/rights", data=chosen | {"enrol": "king"}).status_code == 400
    root.post("/sequences/sending/rights", data=chosen)
    line.make(definition(mail()))
    assert client.get("/sequences/1/enrol").status_code == 403
    contact_id = line.person()
    assert client.post("/sequences/1/enrol", data={"contact": contact_id, "do": "enrol"}).status_code == 403
