"""Sequences beside a mail: enrol, see, pause, resume, skip, stop, undo; also from the compose window."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.accounts.shapes import Role
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.outbox.service import unsubscribe
from backend.sequences.authoring.publishing import make_sequence
from backend.sequences.rights import choose_rights
from tests.card.addon import Addon, Card, addon_for, counted
from tests.card.hosted import CALLER, Hosted, clicks, top
from tests.card.world import World, user_elsewhere
from tests.cast import ALICE, BOB, CAROL, DORA, Office, open_office
from tests.sequences.line import Line, definition, mail, wait

DORA_LUND = f"Dora Lund <{DORA}>"
THREE = definition(mail("One"), wait(3), mail("Two"), wait(4), mail("Three"))


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    """What a card asks of an enrolment is tried on both databases in `test_context` and `test_plans`."""
    return open_office(sqlite_db, clock, emulator, ALICE, BOB)


@pytest.fixture(name="line")
def make_line(office: Office) -> Line:
    return Line(office)


@pytest.fixture(name="dora")
def make_dora(world: World) -> int:
    return world.contact(DORA, "Dora Lund")


@pytest.fixture(name="card")
def open_card(addon: Addon, office: Office, line: Line, dora: int) -> Card:
    """Dora's card, with one sequence that can be started."""
    assert dora
    line.make(THREE, "Onboarding")
    arrived = office.mail(DORA_LUND, ALICE, "The offer")
    office.sync()
    office.clock.advance(timedelta(minutes=5))  # what came at the very moment would be taken for an answer
    return addon.open(arrived)


@pytest.fixture(name="enrolled")
def start_one(addon: Addon, card: Card) -> Card:
    return addon.click(addon.click(card, "enrol"), "start-sequence")


def test_a_person_is_enrolled_from_the_card_in_two_taps_and_taken_back_in_one(
    addon: Addon, card: Card, line: Line
) -> None:
    picker = addon.click(card, "enrol")
    assert {"Onboarding", "5 steps in 7 days"} <= set(picker.texts)
    done = addon.click(picker, "start-sequence")
    assert done.reads("Dora Lund is in “Onboarding” now.")
    assert {"Onboarding · step 1 of 5", "running · next today"} <= set(done.texts)
    assert addon.click(picker, "start-sequence").reads("is in “Onboarding” now"), "a second tap is the same"
    assert addon.click(card, "enrol").reads("is in it now")
    undone = addon.click(done, "undo")
    assert undone.reads("stopped: it was taken back at once")
    line.tick()
    assert line.deliveries() == 0
    again = addon.click(addon.click(undone, "enrol"), "start-sequence")
    assert again.reads("running"), "what was taken back at once does not count"


def test_a_sequence_is_paused_resumed_and_each_is_undone(addon: Addon, enrolled: Card, line: Line) -> None:
    paused = addon.click(enrolled, "pause-sequence")
    assert paused.reads("Paused; nothing is sent.")
    assert paused.reads("paused: somebody of the team did so")
    line.tick()
    assert line.deliveries() == 0
    assert addon.click(paused, "undo").actions("pause-sequence")
    resumed = addon.click(addon.click(enrolled, "pause-sequence"), "resume-sequence")
    assert resumed.reads("It goes on.")
    assert addon.click(resumed, "undo").actions("resume-sequence")


def test_the_next_mail_is_left_out_or_sent_after_all(addon: Addon, enrolled: Card, line: Line) -> None:
    line.tick()
    opened = addon.click(enrolled, "open-sequence")
    assert (opened.name, opened.title) == ("sequence", "Onboarding")
    assert {"Mail sent", "Enrolled", "step 3 of 5"} <= set(opened.texts)
    skipping = addon.click(opened, "skip-mail")
    assert skipping.reads("the next mail is left out")
    assert addon.click(addon.click(skipping, "open-sequence"), "send-after-all").reads("sent after all")
    undone = addon.click(addon.click(opened, "skip-mail"), "undo")
    assert not undone.reads("is left out")
    addon.click(opened, "skip-mail")
    line.let_pass(days=9, every_minutes=720)
    assert line.deliveries() == 2, "the first and the last"


def test_a_reply_stops_it_and_the_card_says_so(addon: Addon, office: Office, enrolled: Card, line: Line) -> None:
    assert enrolled.actions("pause-sequence")
    line.tick()
    reply = office.mail(DORA_LUND, ALICE, "Re: One", "Tell me more")
    office.sync()
    line.let_pass(days=4, every_minutes=720)
    stopped = addon.open(reply)
    assert stopped.reads("stopped: they replied")
    assert not stopped.actions("pause-sequence")
    assert line.deliveries() == 1


def test_stopping_is_for_good_and_stopping_what_ended_is_refused(addon: Addon, enrolled: Card, line: Line) -> None:
    opened = addon.click(enrolled, "open-sequence")
    stopped = addon.click(opened, "stop-sequence")
    assert stopped.reads("Stopped; nothing more is sent.")
    assert not stopped.actions("undo")
    late = addon.try_click(opened, "stop-sequence")
    assert (late.status_code, late.get_json()["notification"][:8]) == (400, "It ended")
    assert addon.click(stopped, "enrol").reads("was in it before")
    line.tick()
    assert line.deliveries() == 0


def test_a_colleague_sees_in_whose_name_it_runs_and_steers_nothing_a_manager_does(
    addon: Addon, office: Office, enrolled: Card
) -> None:
    bob, carol = addon.as_(BOB), addon.as_(CAROL)
    seen = bob.open(_mail_of(office))
    assert seen.reads("Sequence · Alice")
    assert not seen.actions("pause-sequence")
    for name in ("open-sequence", "pause-sequence", "stop-sequence", "skip-mail"):
        assert bob.act(name, enrolled.offered("pause-sequence")).status_code == 404
    assert carol.click(carol.open(_mail_of(office)), "pause-sequence").reads("Paused")


def _mail_of(office: Office) -> str:
    gmail = office.gmail(ALICE)
    message = gmail.get_message(gmail.list_messages(label_ids=["INBOX"]).refs[0].id)
    assert message.payload is not None
    return next(str(h["value"]) for h in message.payload["headers"] if h["name"].lower() == "message-id").strip("<>")


def test_another_workspaces_sequence_enrolment_or_person_is_not_found(
    addon: Addon, office: Office, enrolled: Card, dora: int
) -> None:
    elsewhere = addon.as_(user_elsewhere(office))
    enrolment = enrolled.offered("pause-sequence")["enrolment"]
    for name in ("open-sequence", "pause-sequence", "resume-sequence", "stop-sequence", "skip-mail", "send-after-all"):
        assert elsewhere.act(name, {"enrolment": enrolment}).status_code == 404
    for name in ("enrol", "start-sequence"):
        assert elsewhere.act(name, {"record": str(dora), "sequence": "1"}).status_code == 404
    for name in ("start-sequence", "enrol", "pause-sequence"):
        assert addon.act(name, {"record": "x'", "sequence": "9" * 18, "enrolment": "1" * 19}).status_code == 404


def test_only_published_sequences_are_offered_and_who_may_not_enrol_is_told(
    addon: Addon, office: Office, card: Card
) -> None:
    with office.db.write() as session:
        make_sequence(session, office.clock, office.actors[ALICE], "Only a draft")
    assert not addon.click(card, "enrol").reads("Only a draft")
    with office.db.write() as session:
        choose_rights(session, office.clock, office.actors["root@acme.example"], Role.ADMIN, Role.MANAGER)
    assert addon.click(card, "enrol").reads("enrolling takes a higher role")


def test_who_took_themselves_off_is_refused_in_one_sentence(addon: Addon, office: Office, card: Card) -> None:
    with office.db.write() as session:
        unsubscribe(session, office.clock, office.workspace_id, DORA)
    answer = addon.try_click(addon.click(card, "enrol"), "start-sequence")
    assert answer.status_code == 400
    assert "Dora Lund is not written to any more" in answer.get_json()["notification"]


def test_a_sequence_is_started_beside_a_draft_and_nothing_leads_to_the_homepage(
    addon: Addon, card: Card, line: Line
) -> None:
    assert card.actions("enrol")
    compose = Card(addon.act("compose", {}, {"to": DORA}).get_json()["push"])
    assert compose.reads("For Dora Lund, who is a contact.")
    done = addon.click(addon.click(compose, "enrol"), "start-sequence")
    assert (done.name, done.reads("Dora Lund is in “Onboarding” now.")) == ("done", True)
    assert addon.click(done, "undo").name == "done"
    line.tick()
    assert line.deliveries() == 0


def test_the_hosted_add_on_enrols_too(addon: Addon, office: Office, card: Card) -> None:
    with addon_for(office, ENLACE_ADDON_SERVICE_ACCOUNT=CALLER) as hosting:
        google = Hosted(hosting)
        answer = google.post("actions/enrol", google.event(common={"parameters": card.offered("enrol")}))
        done = top(google.click(top(answer.get_json()), "start-sequence"))
        assert clicks(done, "pause-sequence")
    assert addon.open().name == "home"


def test_a_person_in_three_sequences_costs_no_more_statements(
    addon: Addon, office: Office, card: Card, line: Line, dora: int
) -> None:
    assert card.actions("enrol")
    for number in range(3):
        line.enrol(line.make(THREE, f"S{number}"))
    with counted(addon.db) as statements:
        shown = addon.open(_mail_of(office))
    assert len(statements) <= 12, "\n\n".join(statements)
    assert sum(text.startswith("S") and "step 1 of 5" in text for text in shown.texts) == 3
    assert dora
