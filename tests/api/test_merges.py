from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api, Programs
from tests.api.test_links import linked
from tests.cast import ALICE, ERIK


@pytest.fixture
def twins(alice: Api) -> tuple[Any, Any]:
    """Erik twice; his mail hangs on the second."""
    alice.office.mail(ERIK, ALICE, "Forty seats")
    alice.office.sync()
    return alice.post("/contacts", {"name": "Erik Berg"}), alice.post(
        "/contacts", {"name": "E. Berg", "emails": [ERIK]}
    )


def test_a_merge_is_shown_first_then_done_then_undone(alice: Api, twins: tuple[Any, Any]) -> None:
    kept, lost = (twin["id"] for twin in twins)
    shown = alice.post(f"/contacts/{kept}/merge?preview=true", {"from": lost}, 200)
    assert (shown["merge_id"], shown["mails"], shown["addresses"]) == (None, 1, 1)
    assert alice.get(f"/contacts/{lost}")["emails"] == [ERIK]
    done = alice.post(f"/contacts/{kept}/merge", {"from": lost}, 200)
    assert done | {"merge_id": None} == shown
    assert alice.get(f"/contacts/{kept}")["emails"] == [ERIK]
    assert "Erik Berg" in linked(alice, "Forty seats")
    alice.get(f"/contacts/{lost}", 404)
    alice.post(f"/merges/{done['merge_id']}/undo", status=200)
    assert alice.get(f"/contacts/{lost}")["emails"] == [ERIK]
    assert "E. Berg" in linked(alice, "Forty seats")
    assert [action for action in alice.log() if "merge" in action] == ["contact.merge", "contact.unmerge"]


def test_a_preview_and_the_merge_itself_are_two_requests_even_with_one_key(alice: Api, twins: tuple[Any, Any]) -> None:
    path, body = f"/contacts/{twins[0]['id']}/merge", {"from": twins[1]["id"]}
    alice.post(f"{path}?preview=true", body, 200, Idempotency_Key="one")
    alice.post(path, body, 422, Idempotency_Key="one")


def test_companies_merge_and_other_kinds_do_not(alice: Api, twins: tuple[Any, Any]) -> None:
    kept = alice.post("/companies", {"name": "Nordwind", "domains": ["nordwind.example"]})["id"]
    lost = alice.post("/companies", {"name": "Nordwind GmbH", "domains": ["nordwind.test"]})["id"]
    assert alice.post(f"/companies/{kept}/merge", {"from": lost}, 200)["domains"] == 1
    assert alice.get(f"/companies/{kept}")["domains"] == ["nordwind.example", "nordwind.test"]
    alice.post(f"/companies/{kept}/merge", {"from": twins[0]["id"]}, 400)
    alice.post(f"/companies/{twins[0]['id']}/merge", {"from": kept}, 404)


def test_another_teams_records_and_merges_are_not_there(programs: Programs, twins: tuple[Any, Any]) -> None:
    kept, lost = (twin["id"] for twin in twins)
    programs.mallory.post(f"/contacts/{kept}/merge", {"from": lost}, 404)
    own = programs.mallory.post("/contacts", {"name": "Mine"})["id"]
    programs.mallory.post(f"/contacts/{own}/merge?preview=true", {"from": lost}, 404)
    merge_id = programs.alice.post(f"/contacts/{kept}/merge", {"from": lost}, 200)["merge_id"]
    programs.mallory.post(f"/merges/{merge_id}/undo", status=404)
