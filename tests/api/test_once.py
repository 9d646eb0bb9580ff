from __future__ import annotations

from datetime import timedelta

from tests.api.conftest import Api, Programs
from tests.cast import DORA
from tests.sequences.line import definition, mail

KEY = "3f1c9a"


def test_the_same_request_with_the_same_key_is_answered_alike_and_done_once(alice: Api) -> None:
    first = alice.ask("POST", "/contacts", json={"name": "Dora"}, headers={"Idempotency-Key": KEY}, status=201)
    again = alice.ask("POST", "/contacts", data='{ "name" : "Dora" }', content_type="application/json",
                      headers={"Idempotency-Key": KEY}, status=201)  # fmt: skip
    assert (again.data, again.headers["ETag"], again.headers["Location"]) == (
        first.data, first.headers["ETag"], first.headers["Location"],
    )  # fmt: skip
    assert len(alice.get("/contacts")["items"]) == 1


def test_without_a_key_each_request_is_a_new_one(alice: Api) -> None:
    for _ in range(2):
        alice.post("/notes", {"text": "Called back"})
    assert len(alice.get("/notes")["items"]) == 2


def test_a_key_is_good_for_one_request_only(alice: Api) -> None:
    alice.post("/contacts", {"name": "Dora"}, Idempotency_Key=KEY)
    assert "new one" in alice.post("/contacts", {"name": "Erik"}, 422, Idempotency_Key=KEY)["detail"]
    alice.post("/companies", {"name": "Dora"}, 422, Idempotency_Key=KEY)
    alice.post("/contacts", {"name": "Dora"}, 422, Idempotency_Key="x" * 201)
    assert len(alice.get("/contacts")["items"]) == 1


def test_a_request_that_failed_leaves_its_key_free(alice: Api) -> None:
    alice.post("/companies", {"name": "Mail", "domains": ["gmail.com"]}, 400, Idempotency_Key=KEY)
    alice.post("/companies", {"name": "Nordwind"}, Idempotency_Key=KEY)


def test_keys_are_their_owners(programs: Programs) -> None:
    first = programs.alice.post("/contacts", {"name": "Dora"}, Idempotency_Key=KEY)
    second = programs.bob.post("/contacts", {"name": "Dora"}, Idempotency_Key=KEY)
    assert first["id"] != second["id"]


def test_after_a_day_a_key_is_free_again(alice: Api) -> None:
    first = alice.post("/contacts", {"name": "Dora"}, Idempotency_Key=KEY)
    alice.office.clock.advance(timedelta(days=1, seconds=1))
    assert alice.post("/contacts", {"name": "Erik"}, Idempotency_Key=KEY)["id"] != first["id"]


def test_a_crowd_that_is_enrolled_under_a_key_is_answered_alike_and_enrolled_once(alice: Api) -> None:
    """Its work is done in transactions of its own, and only the answer is kept."""
    dora = alice.post("/contacts", {"name": "Dora", "emails": [DORA]})["id"]
    made = alice.post("/sequences", {"name": "Nurture", "definition": definition(mail())})
    alice.post(f"/sequences/{made['id']}/publish")
    asked = {"sequence_id": made["id"], "contact_ids": [dora]}
    alice.post("/enrolments", {**asked, "sequence_id": 99}, 404, Idempotency_Key=KEY)
    first = alice.post("/enrolments", asked, Idempotency_Key=KEY)
    assert first == alice.post("/enrolments", asked, Idempotency_Key=KEY)
    assert first["said"] == "Enrolled: 1; not enrolled: 0."
    assert "new one" in alice.post("/enrolments", {**asked, "again": True}, 422, Idempotency_Key=KEY)["detail"]
    assert "Enrolled: 0; not enrolled: 1, each" in alice.post("/enrolments", asked)["said"]
    alice.office.clock.advance(timedelta(days=1, seconds=1))
    assert alice.post("/enrolments", asked, Idempotency_Key=KEY)["enrolled"] == 0
