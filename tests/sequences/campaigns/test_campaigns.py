"""One mail to a list: written, looked at, started, paused, stopped; who gets it, once, and who does not and why."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

from flask.testing import FlaskClient

from backend.mail.addresses import key_of
from backend.outbox.service import suppress
from backend.outbox.shapes import Ground
from backend.outbox.store import ensure_sender
from backend.records.service import Team, make_contact
from backend.records.shapes import NewContact
from backend.records.tables import Contact
from backend.sequences.campaigns import service, store
from backend.sequences.campaigns.shapes import Stand
from tests.card.addon import Addon
from tests.card.test_pages import signed_in
from tests.cast import ALICE, BOB, CAROL, DORA, ERIK
from tests.sequences.browser import form_on
from tests.sequences.line import Line

OFFER = {"name": "Spring", "subject": "Spring prices", "body": "Hello {{ contact.email }}, news.", "whom": "filter"}


def made(client: FlaskClient, **other: str) -> int:
    answer = client.post("/campaigns/new", data=OFFER | other)
    assert answer.status_code == 302, re.findall(r'role="alert">([^<]+)', answer.text)
    return int(answer.headers["Location"].rpartition("/")[2])


def ready(line: Line, *addresses: str) -> None:
    """People on file, and a mailbox that sends without delay."""
    for address in addresses:
        line.person(address)
    with line.office.db.write() as session:
        ensure_sender(session, line.office.workspace_id, line.office.mailboxes[ALICE])
    line.pace()


def titled(line: Line, *addresses: str) -> None:
    ids = [line.person(address) for address in addresses]
    with line.office.db.write() as session:
        for contact_id in ids:
            session.get_one(Contact, contact_id).title = "Head"


def stand(line: Line, campaign_id: int) -> Stand:
    with line.office.db.read() as session:
        return service.require(session, line.office.actors[ALICE], campaign_id).stand


def why_not(line: Line, campaign_id: int) -> dict[str, str]:
    with line.office.db.read() as session:
        return {each.name: each.reason for each in store.left_out(session, campaign_id)}


def test_everybody_on_the_list_gets_it_once(line: Line, client: FlaskClient) -> None:
    ready(line, DORA, ERIK)
    campaign = made(client)
    assert "Start for 2 people" in client.get(f"/campaigns/{campaign}").text
    assert line.deliveries() == 0
    client.post(f"/campaigns/{campaign}/start")
    line.let_pass(hours=3)
    assert (line.deliveries(DORA), line.deliveries(ERIK)) == (1, 1)
    assert b"List-Unsubscribe-Post" in line.heard[0][1]
    assert stand(line, campaign) is Stand.DONE
    assert client.post(f"/campaigns/{campaign}/start").status_code == 409
    line.let_pass(days=2, every_minutes=240)
    assert len(line.heard) == 2


def test_who_is_left_out_is_named_before_the_start_and_kept_afterwards(line: Line, client: FlaskClient) -> None:
    left, bare, stranger = "gone@left.example", "nobody@bare.example", "someone@suedwind.example"
    ready(line, DORA, left, bare, ERIK)
    titled(line, DORA, left)
    with line.office.db.write() as session:
        suppress(session, line.office.clock, line.office.workspace_id, key_of(left), Ground.UNSUBSCRIBED, "their click")
        make_contact(session, Team(line.office.workspace_id, line.office.clock), NewContact("Paper only"))
    line.office.mail(BOB, stranger)  # so a colleague writes with the company of erik
    line.office.sync()
    campaign = made(client, body="Dear {{ contact.title }}")
    page = client.get(f"/campaigns/{campaign}").text
    for words in ("they unsubscribed", "a colleague is writing with them", "there is no mail address", "Job"):
        assert words in page
    client.post(f"/campaigns/{campaign}/start")
    assert why_not(line, campaign) == {
        left: "unsubscribed",
        bare: "missing_field",
        ERIK: "collision",
        stranger: "collision",
        "Paper only": "no_address",
    }
    line.let_pass(hours=3)
    assert [to for to, _ in line.heard] == [DORA]


def test_a_bold_campaign_goes_to_those_with_whom_a_colleague_writes(line: Line, client: FlaskClient) -> None:
    ready(line, DORA)
    line.office.mail(BOB, DORA)
    line.office.sync()
    campaign = made(client, is_bold="1")
    client.post(f"/campaigns/{campaign}/start")
    line.let_pass(days=1.5)
    assert (line.deliveries(), why_not(line, campaign)) == (1, {})
    page = client.get(f"/campaigns/{campaign}?state=finished").text
    assert DORA in page
    assert DORA not in client.get(f"/campaigns/{campaign}?state=paused").text


def test_who_comes_later_is_not_on_the_list(line: Line, client: FlaskClient) -> None:
    ready(line, DORA)
    campaign = made(client)
    client.post(f"/campaigns/{campaign}/start")
    line.person(ERIK)
    line.let_pass(hours=3)
    assert (line.deliveries(DORA), line.deliveries(ERIK)) == (1, 0)


def test_a_pause_takes_drafts_back_and_afterwards_the_same_mail_leaves_once(line: Line, client: FlaskClient) -> None:
    ready(line, DORA)
    line.pace(lead_s=3600)
    campaign = made(client)
    client.post(f"/campaigns/{campaign}/start")
    line.tick()
    client.post(f"/campaigns/{campaign}/pause")
    assert stand(line, campaign) is Stand.PAUSED
    line.tick()  # at once, not when the draft's moment comes
    assert line.office.gmail(ALICE).list_drafts() == ()
    line.let_pass(hours=4)
    assert (line.deliveries(), line.office.gmail(ALICE).list_drafts()) == (0, ())
    client.post(f"/campaigns/{campaign}/resume")
    line.let_pass(hours=3)
    assert (line.deliveries(), stand(line, campaign)) == (1, Stand.DONE)


def test_who_is_paused_stays_so_though_their_mail_is_vetoed_or_left_meanwhile(line: Line, client: FlaskClient) -> None:
    ready(line, DORA, ERIK)
    line.pace(lead_s=3600)
    campaign = made(client)
    client.post(f"/campaigns/{campaign}/start")
    line.tick()
    client.post(f"/campaigns/{campaign}/pause")
    gmail = line.office.gmail(ALICE)
    vetoed, sent = gmail.list_drafts()
    gmail.delete_draft(vetoed.id)
    gmail.send_draft(sent.id)  # by hand, in Gmail
    line.let_pass(hours=4)
    assert (len(line.heard), stand(line, campaign)) == (1, Stand.PAUSED)
    client.post(f"/campaigns/{campaign}/resume")
    line.let_pass(hours=4)
    assert (len(line.heard), stand(line, campaign)) == (1, Stand.DONE)


def test_a_stop_ends_it_for_all_who_wait(line: Line, client: FlaskClient) -> None:
    ready(line, DORA, ERIK)
    line.pace(spacing_s=7200)
    campaign = made(client)
    client.post(f"/campaigns/{campaign}/start")
    line.tick()
    assert len(line.heard) == 1
    client.post(f"/campaigns/{campaign}/stop")
    line.let_pass(days=1)
    assert (len(line.heard), stand(line, campaign)) == (1, Stand.STOPPED)
    assert client.post(f"/campaigns/{campaign}/resume").status_code == 409


def test_it_takes_as_long_as_was_expected(line: Line, client: FlaskClient) -> None:
    """Two a day at most: five people take three days."""
    people = [f"p{n}@company{n}.example" for n in range(5)]
    ready(line, *people)
    line.pace(daily_cap=2, ramp_start=2)
    campaign = made(client)
    assert "<strong>3 days" in client.get(f"/campaigns/{campaign}").text
    client.post(f"/campaigns/{campaign}/start")
    line.let_pass(days=1.9, every_minutes=60)
    assert len(line.heard) == 4
    line.let_pass(days=1)
    assert len(line.heard) == 5


def test_a_list_may_come_from_a_file_and_strangers_are_named(line: Line, client: FlaskClient) -> None:
    ready(line, DORA, ERIK)
    rows = f'name;mail\n"Doe, Dora";{DORA}\nX;stranger@nowhere.example\nno address here\n'.encode("utf-8-sig")
    form = OFFER | {"whom": "list", "file": (BytesIO(rows), "people.csv")}
    answer = client.post("/campaigns/new", data=form, content_type="multipart/form-data")
    page = client.get(answer.headers["Location"]).text
    assert "Start for 1 person" in page
    assert "stranger@nowhere.example" in page
    assert "no address here" in page


def test_the_mail_is_looked_at_person_by_person(line: Line, client: FlaskClient) -> None:
    ready(line, DORA, ERIK)
    campaign = made(client)
    first = client.get(f"/campaigns/{campaign}").text
    assert f"Hello {DORA}" in first
    second = client.get(f"/campaigns/{campaign}/preview?at=1", headers={"HX-Request": "true"}).text
    assert f"Hello {ERIK}" in second
    assert "<html" not in second
    assert "Nobody else" in client.get(f"/campaigns/{campaign}?at=7").text


def test_what_is_wrong_is_said_and_nothing_that_was_typed_is_lost(client: FlaskClient) -> None:
    wrong = {
        "There is no field contact.shoe_size": {"body": "Hi {{ contact.shoe_size }}"},
        "A campaign has a subject": {"subject": " "},
        "There is no address in this list": {"whom": "list", "addresses": "nothing here"},
        "has a name": {"name": " "},
    }
    for words, change in wrong.items():
        answer = client.post("/campaigns/new", data=OFFER | {"body": "Kept as typed"} | change)
        assert answer.status_code == 400
        assert words in answer.text
        assert change.get("body", "Kept as typed") in answer.text


def test_a_colleague_does_not_see_it_and_a_manager_only_looks_and_halts(
    line: Line, web: Addon, client: FlaskClient
) -> None:
    ready(line, DORA)
    campaign = made(client)
    bob, carol = (signed_in(web.app.test_client(), who) for who in (BOB, CAROL))
    assert bob.get(f"/campaigns/{campaign}").status_code == 404
    assert "Spring" not in bob.get("/campaigns").text
    assert "Spring" in carol.get("/campaigns").text
    assert carol.post(f"/campaigns/{campaign}/start").status_code == 403
    client.post(f"/campaigns/{campaign}/start")
    carol.post(f"/campaigns/{campaign}/stop")
    assert stand(line, campaign) is Stand.STOPPED


def test_numbers_that_no_row_has_are_harmless(line: Line, client: FlaskClient) -> None:
    ready(line, DORA)
    campaign = made(client, company="9" * 40, template="-5")
    for question in ("at=" + "9" * 40, "at=-3", "at=x"):
        assert f"Hello {DORA}" in client.get(f"/campaigns/{campaign}?{question}").text
    assert client.get("/campaigns?after=nonsense").status_code == 400
    assert client.get(f"/campaigns/{'9' * 40}").status_code == 404


def test_a_draft_is_changed_or_thrown_away(line: Line, client: FlaskClient) -> None:
    ready(line, DORA)
    campaign = made(client)
    client.post(f"/campaigns/{campaign}/edit", data=OFFER | {"subject": "Summer prices"})
    assert "Summer prices" in client.get(f"/campaigns/{campaign}/edit").text
    client.post(f"/campaigns/{campaign}/delete")
    assert "No campaign yet" in client.get("/campaigns").text


def test_nobody_to_write_to_starts_nothing(line: Line, client: FlaskClient) -> None:
    campaign = made(client, q="nobody is called like this")
    assert client.post(f"/campaigns/{campaign}/start").status_code == 400
    line.office.clock.advance(timedelta(days=1))
    assert stand(line, campaign) is Stand.DRAFT


def test_addresses_survive_every_mistake_and_never_become_everybody(client: FlaskClient, line: Line) -> None:
    ready(line, DORA, ERIK)
    listed = OFFER | {"whom": "list", "addresses": DORA}
    for changes in ({"fill": "1"}, {"body": "{{ nobody.name }}"}, {"whom": "filter"}):
        form = form_on(client, client.post("/campaigns/new", data=listed | changes), "form.form-panel")
        assert form.fields["addresses"] == DORA
        assert form.fields["whom"] == (listed | changes)["whom"]
    assert "say which of the two" in client.post("/campaigns/new", data=listed | {"whom": "filter"}).text
    page = client.get(f"/campaigns/{made(client, whom='list', addresses=DORA)}").text
    assert DORA in page
    assert ERIK not in page
