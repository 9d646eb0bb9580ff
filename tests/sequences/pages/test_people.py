"""Enrolling in the browser, people on the way, and why each stands where they stand."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import select

from backend.outbox.service import suppress
from backend.outbox.shapes import Ground
from backend.records.service import Team, make_deal
from backend.records.shapes import NewDeal
from backend.records.store.reading import list_pipelines
from backend.sequences.shapes import EnrolmentState
from backend.sequences.tables import Enrolment
from tests.card.addon import Addon
from tests.card.test_pages import signed_in
from tests.cast import ALICE, BOB, CAROL, DORA, ERIK
from tests.sequences.browser import words_of
from tests.sequences.line import TWO_MAILS, Line, definition, mail
from tests.sequences.test_stops import under_way

FAY = "fay@fjord.example"


def test_a_list_of_addresses_is_looked_at_and_enrolled_line_by_line(client: FlaskClient, line: Line) -> None:
    office = line.office
    line.make(definition(mail("Hi", "Dear {{ contact.name }}")))
    for address in (DORA, ERIK, FAY):
        line.person(address, address.split("@")[0].title())
    line.enrol(1, ERIK)
    with office.db.write() as session:
        suppress(session, office.clock, office.workspace_id, FAY, Ground.UNSUBSCRIBED, "their own click")
    addresses = f"address;name\n{DORA};Dora\n{ERIK}\n{FAY}\nnobody@nowhere.example\nnot an address"
    page = words_of(client.post("/sequences/1/enrol", data={"addresses": addresses, "do": "check"}))
    assert "1 person can be enrolled" in page
    assert "on the way through it already 1 Erik" in page
    assert "they unsubscribed 1 Fay their own click" in page
    assert "addresses of nobody we know 1 nobody@nowhere.example" in page
    page = words_of(client.post("/sequences/1/enrol", data={"addresses": addresses, "do": "enrol"}))
    assert "1 person is enrolled" in page
    assert "5 nobody@nowhere.example no contact has this address" in page
    assert "6 not an address no address on this line" in page
    with office.db.read() as session:
        assert len(session.scalars(select(Enrolment)).all()) == 2


def test_the_list_of_contacts_comes_along_with_its_filter(client: FlaskClient, line: Line) -> None:
    line.make(definition(mail("Hi", "Dear {{ contact.title }}")))
    line.person(DORA, "Dora")
    line.person(ERIK, "Erik")
    assert "/sequences/1/enrol?q=dora" in client.get("/sequences/enrol?q=dora").text
    page = words_of(client.get("/sequences/1/enrol?q=dora"))
    assert "a field has no value 1 Dora Job" in page
    assert "Erik" not in page


def test_who_went_through_it_before_is_enrolled_again_only_when_asked(client: FlaskClient, line: Line) -> None:
    line.make(definition(mail("Hi", "Hello")))
    line.enrol(1)
    line.tick()
    data = {"addresses": DORA, "do": "enrol"}
    assert "went through it before" in words_of(client.post("/sequences/1/enrol", data=data))
    assert "1 person is enrolled" in words_of(client.post("/sequences/1/enrol", data=data | {"again": "1"}))
    line.tick()
    assert line.deliveries() == 2


def test_one_person_is_enrolled_about_a_deal(client: FlaskClient, line: Line) -> None:
    office, contact_id = line.office, line.person(DORA, "Dora")
    with office.db.write() as session:
        ((pipeline_id, *_), *_) = list_pipelines(session, office.workspace_id)
        new = NewDeal("Forty seats", pipeline_id, contact_ids=(contact_id,))
        deal_id = make_deal(session, Team(office.workspace_id, office.clock), new, "D").id
    line.make(definition(mail("{{ deal.name }}", "Hello")))
    page = client.get(f"/sequences/1/enrol?contact={contact_id}")
    assert "Forty seats" in page.text
    data = {"contact": str(contact_id), "deal": str(deal_id), "do": "enrol"}
    answer = client.post("/sequences/1/enrol", data=data, follow_redirects=True)
    assert answer.request.path == "/sequences/people/1"
    line.tick()
    assert b"Subject: Forty seats" in line.heard[0][1]
    answer = client.post("/sequences/1/enrol", data=data)
    assert answer.status_code == 409
    assert "Dora is in “Nurture” already" in answer.text


def test_a_person_has_a_ledger_with_the_evidence(client: FlaskClient, line: Line) -> None:
    enrolment = under_way(line)
    line.office.mail(DORA, ALICE, "Re: An offer", "Yes please")
    line.office.sync()
    line.let_pass(days=3.2, every_minutes=240)
    assert line.stand(enrolment) == (EnrolmentState.STOPPED, "replied")
    page = client.get(f"/sequences/people/{enrolment}")
    said = words_of(page)
    assert "Stopped they replied Step 3 Look at the mail" in said
    assert "Mail sent Step 1 · An offer · Open in Gmail" in said
    assert "Enrolled Step 1 · Alice" in said
    assert 'hx-get="/mail/' in page.text


def test_several_people_are_paused_and_go_on_at_once(client: FlaskClient, line: Line) -> None:
    line.make(TWO_MAILS)
    ids = [line.enrol(1, address) for address in (DORA, ERIK, FAY)]
    gone = ids[-1]
    client.post(f"/sequences/people/{gone}/stop")
    page = client.post("/sequences/people", data={"id": ids, "do": "pause"}, follow_redirects=True)
    assert "2 people stand still. 1 stays as it is." in page.text
    assert [line.stand(each)[0] for each in ids[:2]] == [EnrolmentState.PAUSED] * 2
    client.post("/sequences/people", data={"id": ids, "do": "resume"})
    assert [line.stand(each)[0] for each in ids[:2]] == [EnrolmentState.ACTIVE] * 2
    assert client.post("/sequences/people", data={"do": "pause"}).status_code == 400
    assert client.post("/sequences/people", data={"id": ids, "do": "dance"}).status_code == 400


def test_a_rep_sees_their_own_people_a_manager_everybodys(client: FlaskClient, line: Line, web: Addon) -> None:
    line.make(TWO_MAILS)
    line.enrol(1, DORA, by=ALICE)
    theirs = line.enrol(1, ERIK, by=BOB)
    assert "dora@" in client.get("/sequences/1").text
    assert "erik@" not in client.get("/sequences/1").text
    assert client.post(f"/sequences/people/{theirs}/stop").status_code == 404
    carol = signed_in(web.app.test_client(), CAROL)
    page = carol.get("/sequences/1")
    assert "erik@" in page.text
    assert "Bob" in page.text
    assert "2 here now" in page.text


def test_people_are_filtered_and_come_page_by_page(client: FlaskClient, line: Line) -> None:
    line.make(TWO_MAILS)
    ids = [line.enrol(1, f"p{n}@company{n}.example") for n in range(52)]
    client.post(f"/sequences/people/{ids[0]}/stop")
    page = client.get("/sequences/1")
    assert page.text.count("data-row") == 50
    rest = client.get(f"/sequences/1?before={ids[2]}", headers={"HX-Request": "true"})
    assert rest.text.count("data-row") == 2
    assert client.get("/sequences/1?state=stopped").text.count("data-row") == 1
    assert client.get("/sequences/1?reason=by_hand").text.count("data-row") == 1
    assert client.get("/sequences/1?q=company7.").text.count("data-row") == 1
    assert client.get("/sequences/1?step=4").text.count("data-row") == 0


def test_a_contacts_page_shows_where_they_stand_and_what_can_be_done(client: FlaskClient, line: Line) -> None:
    contact_id = line.person(DORA, "Dora")
    assert "In no sequence." in client.get(f"/contacts/{contact_id}").text
    line.make(TWO_MAILS)
    enrolment = line.enrol(1)
    page = client.get(f"/contacts/{contact_id}")
    assert "Nurture running Next:" in words_of(page)
    client.post(f"/sequences/people/{enrolment}/pause", headers={"Referer": f"http://localhost/contacts/{contact_id}"})
    assert "paused somebody of the team did so" in words_of(client.get(f"/contacts/{contact_id}"))
    assert '/sequences/enrol?q=dora"' in client.get("/contacts?q=dora").text


def test_a_manager_halts_a_sequence_for_everybody_and_lets_it_go_on(
    client: FlaskClient, line: Line, web: Addon
) -> None:
    line.make(TWO_MAILS)
    held, paused = line.enrol(1), line.enrol(1, ERIK)
    client.post(f"/sequences/people/{paused}/pause")
    assert client.post("/sequences/1/halt").status_code == 403
    carol = signed_in(web.app.test_client(), CAROL)
    carol.post("/sequences/1/halt")
    line.let_pass(days=4, every_minutes=480)
    assert (line.stand(held), line.deliveries()) == ((EnrolmentState.PAUSED, "halted"), 0)
    assert "Let all go on" in carol.get("/sequences/1").text
    carol.post("/sequences/1/go-on")
    line.tick()
    assert [line.deliveries(), line.deliveries(ERIK)] == [1, 0]
    assert "Pause for all" in carol.get("/sequences/1").text


def test_with_whom_a_colleague_is_writing_is_said_before_they_are_enrolled(client: FlaskClient, line: Line) -> None:
    line.make(definition(mail("Hi", "Hello"), collision_days=14))
    line.person(DORA, "Dora")
    assert "is writing with" not in client.get("/sequences/1/enrol?q=dora").text
    line.office.mail(BOB, DORA, "Our talk yesterday")
    line.office.sync()
    page = words_of(client.get("/sequences/1/enrol?q=dora"))
    assert "1 person can be enrolled" in page
    assert "A colleague is writing with 1 of them: that mail waits for your word Dora" in page
