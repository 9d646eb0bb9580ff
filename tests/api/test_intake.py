"""What comes in, over HTTP: the same rules, effects and undo as on the pages."""

from __future__ import annotations

from typing import Any

import pytest

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from tests.api.conftest import Api, Programs, key_for, programs_of
from tests.cast import ALICE, BOB, DORA, ERIK, open_office


@pytest.fixture
def programs(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Programs:
    office = open_office(sqlite_db, clock, emulator, ALICE, BOB)
    office.mail(DORA, ALICE, "Seats")
    office.mail(ERIK, ALICE, "Hello")
    office.sync()
    return programs_of(office)


def root(programs: Programs) -> Api:
    """The program of an admin."""
    office = programs.alice.office
    return Api(programs.alice.app, key_for(office, office.actors["root@acme.example"].user_id), office)


def path_of(programs: Programs, owner: str = ALICE) -> str:
    return f"/mailboxes/{programs.alice.office.mailboxes[owner]}/policy"


def effect(answer: Any) -> tuple[int, int, int]:
    return answer["looked_at"], answer["mails"], answer["back"]


def test_a_policy_is_previewed_chosen_and_undone(programs: Programs) -> None:
    alice, path, office = programs.alice, path_of(programs), programs.alice.office
    known = {"is_known_only": True, "labels_out": ["Family"]}
    preview = alice.post(f"{path}/preview", known, 200)
    assert effect(preview) == (2, 2, 0)
    assert {e["subject"] for e in preview["examples"]} == {"Seats", "Hello"}
    assert alice.get(path)["policy"] is None
    chosen = alice.post(path, known, 200)
    assert alice.get(path)["policy"]["labels_out"] == ["Family"]
    office.sync()
    assert effect(alice.post(f"{path}/preview", {"is_own": False}, 200)) == (0, 0, 2)
    alice.post(f"/mailboxes/policies/changes/{chosen['change_id']}/undo", status=200)
    alice.post(f"/mailboxes/policies/changes/{chosen['change_id']}/undo", status=400)
    office.sync()
    assert len(alice.get("/links/unlinked")["items"]) == 2
    assert alice.log()[-2:] == ["policy.choose", "policy.undo"]


def test_a_repeated_choice_is_one_choice(programs: Programs) -> None:
    first, again = (programs.alice.post(path_of(programs), {"months": 3}, 200, Idempotency_Key="k") for _ in range(2))
    assert first == again


def test_only_admins_choose_for_the_team(programs: Programs) -> None:
    for kind in ("default", "bounds"):
        path = f"/mailboxes/policies/{kind}"
        for who in (programs.alice, programs.carol):
            who.get(path, 403)
            who.post(path, {}, 403)
        root(programs).post(path, {"months": 12}, 200)
        assert root(programs).get(path)["policy"]["months"] == 12
    programs.bob.get(path_of(programs), 404)


def test_exclusions_are_the_teams_or_ones_own(programs: Programs) -> None:
    alice, office = programs.alice, programs.alice.office
    mailbox_id = office.mailboxes[ALICE]
    own = alice.post("/mailboxes/exclusions", {"kind": "domain", "value": "Suedwind.example", "mailbox_id": mailbox_id})
    teams = alice.post("/mailboxes/exclusions", {"kind": "address", "value": "Kim@Fjord.example"})
    assert [e["value"] for e in programs.bob.get("/mailboxes/exclusions")["items"]] == ["kim@fjord.example"]
    listed = alice.get(f"/mailboxes/exclusions?mailbox_id={mailbox_id}")["items"]
    assert [e["value"] for e in listed] == ["suedwind.example"]
    programs.bob.get(f"/mailboxes/exclusions?mailbox_id={mailbox_id}", 404)
    programs.bob.post(f"/mailboxes/exclusions/{own['id']}/remove", status=404)
    programs.bob.post(f"/mailboxes/exclusions/{teams['id']}/remove", status=200)
    alice.post(f"/mailboxes/exclusions/{own['id']}/remove", status=200)
    alice.post("/mailboxes/exclusions", {"kind": "domain", "value": "nonsense"}, 400)
    alice.post("/mailboxes/exclusions", {"kind": "domain", "value": "gmail.com"}, 400)
