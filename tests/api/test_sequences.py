"""Sequences, people on the way and templates over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from tests.api.conftest import Api, Programs, key_for, programs_of
from tests.cast import ALICE, BOB, DORA, ERIK, open_office
from tests.sequences.line import TWO_MAILS, definition, mail


@pytest.fixture
def programs(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Programs:
    return programs_of(open_office(sqlite_db, clock, emulator, ALICE, BOB))


def published(api: Api, what: dict[str, Any] = TWO_MAILS, name: str = "Nurture") -> int:
    made = api.post("/sequences", {"name": name, "definition": what})
    api.post(f"/sequences/{made['id']}/publish")
    return int(made["id"])


def person(api: Api, address: str = DORA) -> int:
    return int(api.post("/contacts", {"name": address.split("@", maxsplit=1)[0].title(), "emails": [address]})["id"])


def test_a_sequence_is_made_changed_and_published(alice: Api) -> None:
    made = alice.post("/sequences", {"name": "Nurture", "definition": TWO_MAILS})
    assert (made["state"], made["number"], made["definition"]) == ("draft", 0, None)
    path = f"/sequences/{made['id']}"
    version = alice.post(f"{path}/publish")
    assert version["number"] == 1
    etag = int(alice.ask("GET", path).headers["ETag"].strip('"'))
    changed = alice.patch(
        path, {"name": "Again", "description": "Once more", "definition": definition(mail("Other"))}, etag
    )
    assert alice.get(path)["description"] == "Once more"
    assert (changed["name"], changed["has_draft"]) == ("Again", True)
    assert changed["definition"]["steps"] == version["definition"]["steps"]
    alice.patch(path, {"name": "Late"}, etag, 412)
    alice.post(f"{path}/publish", Idempotency_Key="k")
    assert alice.post(f"{path}/publish", Idempotency_Key="k")["number"] == 2
    alice.post(f"{path}/publish", status=400)
    assert [each["number"] for each in alice.get(f"{path}/versions")["items"]] == [2, 1]
    assert alice.get("/sequences?q=aga")["items"][0]["state"] == "in_use"
    etag = int(alice.ask("GET", path).headers["ETag"].strip('"'))
    assert alice.patch(path, {"is_retired": True}, etag)["state"] == "retired"
    done = ["publish", "rename", "describe", "publish", "retire"]
    assert alice.log()[-5:] == [f"sequence.{what}" for what in done]


@pytest.mark.parametrize(
    "what",
    [{}, {"steps": "many"}, {"steps": [1]}, {"steps": [{"kind_of_step": "mail", "variants": 7}]}, {"habits": 5},
     definition(mail("", "x")), {**TWO_MAILS, "habits": [1]}, {**TWO_MAILS, "habits": {"zone": {}}}],
)  # fmt: skip
def test_a_definition_that_cannot_run_is_refused_in_one_sentence(alice: Api, what: Any) -> None:
    assert alice.post("/sequences", {"name": "Nurture", "definition": what}, 400)["detail"]
    assert alice.get("/sequences")["items"] == []


def test_what_no_database_stores_is_taken_out_of_a_definition(alice: Api) -> None:
    made = alice.post("/sequences", {"name": "N", "definition": definition(mail("A\x00B", "text\x00"))})
    assert made["draft"]["steps"][0]["variants"][0]["subject"] == "AB"


def test_people_are_enrolled_by_id_and_by_address_and_the_others_named(alice: Api) -> None:
    sequence, dora = published(alice), person(alice)
    person(alice, ERIK)
    asked = {"sequence_id": sequence, "contact_ids": [dora, 999], "emails": [ERIK, "nobody@nowhere.example"]}
    done = alice.post("/enrolments", asked)
    assert done["enrolled"] == 2
    assert [(each["contact_id"], each["email"]) for each in done["refused"]] == [
        (None, "nobody@nowhere.example"),
        (999, ""),
    ]
    again = alice.post("/enrolments", {"sequence_id": sequence, "contact_ids": [dora]})
    assert (again["enrolled"], again["enrolment_id"], again["refused"][0]["contact_id"]) == (0, None, dora)
    page = alice.get(f"/enrolments?sequence_id={sequence}&limit=1")
    rest = alice.get(f"/enrolments?sequence_id={sequence}&cursor={page['next']}")
    assert {each["name"] for each in page["items"] + rest["items"]} == {"Dora", "Erik"}
    assert alice.get("/sequences")["items"][0]["on_the_way"] == 2
    alice.post("/enrolments", {"sequence_id": sequence}, 400)
    alice.post("/enrolments", {"sequence_id": 99, "contact_ids": [dora]}, 404)


def test_one_person_is_enrolled_about_a_deal(alice: Api) -> None:
    sequence, dora = published(alice), person(alice)
    deal = alice.post("/deals", {"name": "Seats", "contact_ids": [dora]})
    alice.post("/enrolments", {"sequence_id": sequence, "contact_ids": [dora], "deal_id": 999}, 404)
    alice.post("/enrolments", {"sequence_id": sequence, "contact_ids": [dora, 5], "deal_id": deal["id"]}, 400)
    done = alice.post("/enrolments", {"sequence_id": sequence, "contact_ids": [dora], "deal_id": deal["id"]})
    assert alice.get(f"/enrolments/{done['enrolment_id']}")["state"] == "active"


def test_a_person_is_paused_goes_on_is_skipped_and_stopped_with_a_ledger(alice: Api) -> None:
    sequence, dora = published(alice), person(alice)
    done = alice.post("/enrolments", {"sequence_id": sequence, "contact_ids": [dora]})
    path = f"/enrolments/{done['enrolment_id']}"
    assert alice.post(f"{path}/pause", status=200)["state"] == "paused"
    assert alice.post(f"{path}/resume", status=200)["state"] == "active"
    assert alice.post(f"{path}/skip", status=200)["is_skipping"] is True
    assert alice.post(f"{path}/stop", status=200)["state"] == "stopped"
    alice.post(f"{path}/pause", status=409)
    kinds = [each["kind"] for each in alice.get(f"{path}/ledger")["items"]]
    assert kinds == ["enrolled", "paused", "resumed", "stopped"]


def test_a_rep_sees_and_steers_their_own_a_manager_everybodys(programs: Programs) -> None:
    sequence, dora = published(programs.alice), person(programs.alice)
    done = programs.alice.post("/enrolments", {"sequence_id": sequence, "contact_ids": [dora]})
    path = f"/enrolments/{done['enrolment_id']}"
    for door in ("", "/ledger"):
        programs.bob.get(f"{path}{door}", 404)
    programs.bob.post(f"{path}/stop", status=404)
    assert programs.bob.get("/enrolments")["items"] == []
    assert len(programs.carol.get("/enrolments")["items"]) == 1
    programs.carol.post(f"{path}/stop", status=200)


def test_templates_are_written_changed_and_deleted(programs: Programs) -> None:
    alice, bob = programs.alice, programs.bob
    made = alice.post("/templates", {"name": "Offer", "body": "Hi {{ contact.name }}", "is_shared": False})
    path = f"/templates/{made['id']}"
    bob.get(path, 404)
    alice.post("/templates", {"name": "Bad", "body": "{{ contact.shoe }}"}, 400)
    assert alice.patch(path, {"subject": "Our offer", "is_shared": True}, 1)["subject"] == "Our offer"
    assert bob.get(path)["owner_id"] is None
    bob.patch(path, {"name": "x"}, 1, 412)
    assert [each["name"] for each in bob.get("/templates")["items"]] == ["Offer"]
    assert bob.delete(path, 2) == {"id": made["id"]}
    alice.get(path, 404)


def test_who_may_not_publish_is_told_so(programs: Programs) -> None:
    office = programs.alice.office
    root = Api(programs.alice.app, key_for(office, office.actors["root@acme.example"].user_id), office)
    browser = root.app.test_client()
    sent = {"publish": "manager", "enrol": "manager"}
    browser.post("/sequences/sending/rights", data=sent, headers={"Authorization": f"Bearer {root.key}"})
    made = programs.alice.post("/sequences", {"name": "Nurture", "definition": TWO_MAILS})
    programs.alice.post(f"/sequences/{made['id']}/publish", status=403)
    programs.carol.post(f"/sequences/{made['id']}/publish")
    programs.alice.post("/enrolments", {"sequence_id": made["id"], "contact_ids": [person(programs.alice)]}, 403)


def test_what_a_draft_changes_is_told_for_each_and_single_ones_change_over(alice: Api) -> None:
    sequence, path = published(alice, definition(mail("An offer", "Old words"))), "/sequences/1"
    for address in (DORA, ERIK):
        alice.post("/enrolments", {"sequence_id": sequence, "contact_ids": [person(alice, address)]})
    alice.ask("GET", f"{path}/effects", status=400)
    etag = int(alice.ask("GET", path).headers["ETag"].strip('"'))
    alice.patch(path, {"definition": definition(mail("An offer", "New words"))}, etag)
    page = alice.get(f"{path}/effects?limit=1")
    dora = page["items"][0]
    assert (dora["change"], dora["before"]["mail"]["text"], dora["after"]["mail"]["text"]) == (
        "next", "Old words", "New words",
    )  # fmt: skip
    assert len(alice.get(f"{path}/effects?cursor={page['next']}")["items"]) == 1
    alice.post(f"{path}/publish", {"choice": "leave"}, 422)
    choices = {"choice": "stop", "single": [{"enrolment_id": dora["enrolment_id"], "choice": "migrate"}]}
    alice.post(f"{path}/publish", choices)
    people = {each["email"]: each for each in alice.get(f"/enrolments?sequence_id={sequence}")["items"]}
    assert (people[DORA]["version"], people[DORA]["state"]) == (2, "active")
    assert (people[ERIK]["version"], people[ERIK]["reason"]) == (1, "by_hand")
