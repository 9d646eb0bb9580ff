from __future__ import annotations

from datetime import timedelta

import pytest

from tests.api.conftest import Api, Programs

DORA = {"name": "Dora  Lind", "emails": ["dora@nordwind.example"]}


def stages(api: Api) -> dict[str, int]:
    return {stage["name"]: stage["id"] for stage in api.get("/pipelines")["items"][0]["stages"]}


def names(page: dict[str, list[dict[str, str]]]) -> list[str]:
    return [item["name"] for item in page["items"]]


def test_a_contact_is_added_read_changed_and_deleted(alice: Api) -> None:
    made = alice.post("/contacts", {**DORA, "title": "Buyer"})
    assert (made["name"], made["company_name"], made["owner_name"]) == ("Dora Lind", "Nordwind", "Alice")
    path = f"/contacts/{made['id']}"
    assert alice.get(path)["emails"] == ["dora@nordwind.example"]
    changed = alice.patch(path, {"title": "Head of Purchasing"}, made["version"])
    assert (changed["title"], changed["name"]) == ("Head of Purchasing", "Dora Lind")
    alice.delete(path, changed["version"])
    alice.get(path, 404)
    assert alice.get("/contacts")["items"] == []
    assert alice.get("/records?q=dora")["items"] == []


def test_what_is_added_says_where_it_is_and_in_which_version(alice: Api) -> None:
    answer = alice.ask("POST", "/contacts", json=DORA)
    assert answer.headers["Location"] == f"/api/v1/contacts/{answer.json['id']}"  # type: ignore[index]  # it is there
    assert answer.headers["ETag"] == '"1"'
    assert alice.ask("GET", answer.headers["Location"].removeprefix("/api/v1")).headers["ETag"] == '"1"'


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"title": "Buyer"}), ("DELETE", None)])
def test_a_change_must_say_which_version_it_is_meant_for(alice: Api, method: str, body: object) -> None:
    path = f"/contacts/{alice.post('/contacts', DORA)['id']}"
    assert alice.ask(method, path, json=body).status_code == 428
    alice.patch(path, {"phone": "1"}, 1)
    stale = alice.ask(method, path, json=body, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"2"')
    assert alice.get(path)["title"] == ""


def test_an_address_belongs_to_one_person_until_that_person_is_deleted(alice: Api) -> None:
    first = alice.post("/contacts", DORA)
    assert "Dora Lind" in alice.post("/contacts", {**DORA, "name": "Other"}, 409)["detail"]
    erik = alice.post("/contacts", {"name": "Erik"})
    alice.patch(f"/contacts/{erik['id']}", {"emails": DORA["emails"]}, 1, 409)
    alice.delete(f"/contacts/{first['id']}", 1)
    again = alice.post("/contacts", {**DORA, "name": "Dora again"})
    assert again["emails"] == DORA["emails"]


def test_a_renamed_record_is_found_by_its_new_name_only(alice: Api) -> None:
    dora = alice.post("/contacts", DORA)
    alice.patch(f"/contacts/{dora['id']}", {"name": "Theodora Lund", "emails": ["theo@suedwind.example"]}, 1)
    assert names(alice.get("/contacts?q=theodora")) == ["Theodora Lund"]
    assert names(alice.get("/records?q=suedwind")) == ["Theodora Lund"]
    for gone in ("lind", "nordwind dora"):
        assert alice.get(f"/contacts?q={gone}")["items"] == []


def test_a_company_takes_its_domains_and_leaves_its_people_behind(alice: Api) -> None:
    company = alice.post("/companies", {"name": "Nordwind", "domains": ["mail.nordwind.example"], "employees": 47.0})
    assert (company["domains"], company["employees"]) == (["nordwind.example"], 47)
    dora = alice.post("/contacts", DORA)
    assert dora["company_id"] == company["id"]
    alice.delete(f"/companies/{company['id']}", 1)
    assert alice.get(f"/contacts/{dora['id']}")["company_id"] is None


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/companies", {"name": "Mail", "domains": ["gmail.com"]}, 400),
        ("/companies", {"name": "Mail", "domains": ["com"]}, 422),
        ("/contacts", {"name": "Dora", "emails": ["nobody"]}, 422),
        ("/contacts", {"name": " "}, 422),
        ("/contacts", {"name": "Dora", "colour": "blue"}, 422),
        ("/contacts", {"name": "Dora", "company_id": 999}, 404),
        ("/contacts", {"name": "Dora", "owner_id": 999}, 404),
        ("/deals", {"name": "Seats", "stage_id": 999}, 404),
        ("/deals", {"name": "Seats", "contact_ids": [999]}, 404),
        ("/deals", {"name": "Seats", "amount_minor": 2.5}, 422),
        ("/deals", {"name": "Seats", "currency": "euro"}, 422),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(alice: Api, path: str, body: object, status: int) -> None:
    assert alice.post(path, body, status)["detail"]
    assert alice.get(path)["items"] == []


def test_a_deal_moves_and_a_lost_one_has_a_reason(alice: Api) -> None:
    stage = stages(alice)
    deal = alice.post("/deals", {"name": "Forty seats", "amount_minor": 1_200_000, "expected_close": "2026-03-01"})
    path = f"/deals/{deal['id']}"
    assert (deal["stage"]["name"], deal["reference"]) == ("New", "D-1001")
    refused = alice.patch(path, {"lost_reason": "Price"}, 1, 400)
    assert "lost deal" in refused["detail"]
    lost = alice.patch(path, {"stage_id": stage["Lost"], "lost_reason": "Price"}, 1)
    assert (lost["lost_reason"], lost["closed_at"] is not None) == ("Price", True)
    back = alice.patch(path, {"stage_id": stage["Demo"]}, lost["version"])
    assert (back["lost_reason"], back["closed_at"]) == ("", None)


def test_an_id_that_no_database_can_hold_is_not_there(alice: Api) -> None:
    alice.get("/contacts/99999999999999999999", 404)
    alice.get("/deals?owner_id=99999999999999999999", 422)


def test_who_takes_part_in_a_deal_is_given_whole(alice: Api) -> None:
    dora, erik = (alice.post("/contacts", {"name": name})["id"] for name in ("Dora", "Erik"))
    deal = alice.post("/deals", {"name": "Seats", "contact_ids": [dora]})
    changed = alice.patch(f"/deals/{deal['id']}", {"contact_ids": [erik]}, 1)
    assert changed["people"] == [{"id": erik, "name": "Erik"}]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("name", "abcdE"), ("recent", "Edcba"), ("amount", "cdEab"), ("close", "Ecabd")],
)
def test_pages_show_every_deal_once_whatever_the_order(alice: Api, sort: str, expected: str) -> None:
    figures = {
        "a": (None, None),
        "b": (None, None),
        "c": (900, "2026-04-01"),
        "d": (900, None),
        "E": (900, "2026-03-01"),
    }
    for name, (amount, close) in figures.items():
        alice.office.clock.advance(timedelta(minutes=1))
        alice.post("/deals", {"name": name, "amount_minor": amount, "expected_close": close})
    seen, cursor = "", ""
    while True:
        page = alice.get(f"/deals?sort={sort}&limit=2{cursor}")
        seen += "".join(names(page))
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == expected


def test_lists_are_filtered_by_owner_stage_and_state(programs: Programs) -> None:
    stage = stages(programs.alice)
    programs.alice.post("/deals", {"name": "Open"})
    programs.bob.post("/deals", {"name": "Won", "stage_id": stage["Won"]})
    bob_id = programs.bob.get("/users/me")["id"]
    assert names(programs.alice.get(f"/deals?owner_id={bob_id}")) == ["Won"]
    assert names(programs.alice.get("/deals?state=open")) == ["Open"]
    assert names(programs.alice.get(f"/deals?stage_id={stage['Won']}")) == ["Won"]
    assert names(programs.alice.get("/deals?q=wo")) == ["Won"]


def test_every_change_is_in_the_audit_log(alice: Api) -> None:
    dora = alice.post("/contacts", DORA)
    alice.patch(f"/contacts/{dora['id']}", {"phone": "1"}, 1)
    alice.delete(f"/contacts/{dora['id']}", 2)
    assert alice.log()[-3:] == ["contact.create", "contact.change", "contact.delete"]
