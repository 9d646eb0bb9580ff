"""Campaigns and results by programs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Programs
from tests.cast import DORA, ERIK

OFFER = {"name": "Spring", "subject": "Prices", "body": "Hello {{ contact.email }}"}


@pytest.fixture
def campaign(programs: Programs) -> dict[str, Any]:
    """A draft for dora and somebody unknown."""
    programs.alice.post("/contacts", {"name": "Dora", "emails": [DORA]})
    found = programs.alice.post("/campaigns", OFFER | {"addresses": [DORA, "stranger@nowhere.example"]})
    assert isinstance(found, dict)
    return found


def test_a_campaign_is_written_checked_started_and_halted(programs: Programs, campaign: dict[str, Any]) -> None:
    alice, path = programs.alice, f"/campaigns/{campaign['id']}"
    assert (campaign["stand"], campaign["audience"]["strangers"]) == ("draft", ["stranger@nowhere.example"])
    changed = alice.patch(path, {"subject": "Summer prices"}, 1)
    assert (changed["subject"], changed["body"]) == ("Summer prices", OFFER["body"])
    assert alice.get(f"{path}/check")["fit"] == 1
    assert alice.post(f"{path}/start", status=200)["stand"] == "running"
    assert alice.post(f"{path}/pause", status=200)["stand"] == "paused"
    assert alice.post(f"{path}/resume", status=200)["stand"] == "running"
    assert alice.post(f"{path}/stop", status=200)["left"] == 0
    alice.post(f"{path}/start", status=409)
    assert [it["id"] for it in alice.get("/campaigns")["items"]] == [campaign["id"]]
    assert {"campaign.start", "campaign.pause", "campaign.resume", "campaign.stop"} <= set(alice.log())


def test_who_cannot_be_written_to_is_named_with_the_reason(programs: Programs, campaign: dict[str, Any]) -> None:
    alice, path = programs.alice, f"/campaigns/{campaign['id']}"
    alice.post("/contacts", {"name": "Erik", "emails": [ERIK]})
    alice.patch(path, {"filter": {"words": "erik"}, "body": "Dear {{ contact.title }}"}, 1)
    out = alice.get(f"{path}/check")["left_out"]
    assert [(it["name"], it["reason"], it["evidence"]) for it in out] == [("Erik", "missing_field", "contact.title")]
    alice.post(f"{path}/start", status=400)
    assert programs.bob.ask("GET", path).status_code == 404


def test_a_draft_is_changed_for_its_present_version_only(programs: Programs, campaign: dict[str, Any]) -> None:
    path = f"/campaigns/{campaign['id']}"
    programs.alice.patch(path, {"subject": "Once"}, 1)
    programs.alice.patch(path, {"subject": "Twice"}, 1, status=412)
    programs.alice.delete(path, 2)
    programs.alice.get(path, 404)


def test_results_and_a_persons_ledger_are_told(programs: Programs, campaign: dict[str, Any]) -> None:
    alice = programs.alice
    alice.post(f"/campaigns/{campaign['id']}/start", status=200)
    assert alice.get("/reports/sending?by=campaign")["total"]["sent"] == 0
    contact_id = alice.get("/contacts?q=dora")["items"][0]["id"]
    journey = alice.get(f"/contacts/{contact_id}/sending")["journeys"][0]
    assert (journey["sequence"], [line["kind"] for line in journey["lines"]]) == ("Spring", ["enrolled"])
    assert alice.get("/reports/sending?until=0001-01-01T00:00:00Z")["items"] == []
    alice.get("/contacts/98765/sending", 404)
