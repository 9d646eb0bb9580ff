"""Nobody sees what is another team's: asked by its own ids, through every door that the specification names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api, Programs
from tests.api.test_timeline import id_of
from tests.cast import ALICE, DORA, Office
from tests.sequences.line import TWO_MAILS

# What each path parameter of the specification names, so that a new door cannot stay untried.
KNOWN = {
    "record_id",
    "message_id",
    "conversation_id",
    "task_id",
    "batch_id",
    "veto_id",
    "merge_id",
    "user_id",
    "mailbox_id",
    "request_id",
    "change_id",
    "exclusion_id",
    "campaign_id",
    "sequence_id",
    "enrolment_id",
    "template_id",
}


@pytest.fixture
def things(programs: Programs) -> dict[str, int]:
    """One of each of Acme's things, by the name of the parameter that asks for it."""
    alice, office = programs.alice, programs.alice.office
    office.mail(ALICE, DORA, "Forty seats", "A secret between us")
    office.sync()
    dora = alice.get("/contacts?q=dora")["items"][0]
    deal = alice.post("/deals", {"name": "Forty secret seats", "contact_ids": [dora["id"]]})
    message_id = id_of(office, "Forty seats")
    veto = alice.post("/links/unlink", {"message_id": message_id, "record_id": dora["company_id"]})
    twins = [alice.post("/contacts", {"name": "Secret twin"})["id"] for _ in range(2)]
    merge = alice.post(f"/contacts/{twins[0]}/merge", {"from": twins[1]}, 200)
    conversation_id = alice.get(f"/messages/{message_id}")["conversation_id"]
    alice.post(f"/threads/{conversation_id}/keep-private", status=200)
    programs.bob.post(f"/threads/{conversation_id}/ask", status=200)
    mailbox_id = office.mailboxes[ALICE]
    change = alice.post(f"/mailboxes/{mailbox_id}/policy", {"months": 12}, 200)
    secret = {"kind": "domain", "value": "secret.example", "mailbox_id": mailbox_id}
    campaign = alice.post("/campaigns", {"name": "Secret plan", "subject": "A secret", "body": "Between us"})
    sequence = alice.post("/sequences", {"name": "Secret nurture", "definition": TWO_MAILS})
    alice.post(f"/sequences/{sequence['id']}/publish")
    enrolled = alice.post("/enrolments", {"sequence_id": sequence["id"], "contact_ids": [dora["id"]]})
    return {
        "sequence_id": sequence["id"], "enrolment_id": enrolled["enrolment_id"],
        "template_id": alice.post("/templates", {"name": "Secret offer", "body": "A secret price"})["id"],
        "campaign_id": campaign["id"],
        "change_id": change["change_id"], "exclusion_id": alice.post("/mailboxes/exclusions", secret)["id"],
        "record_id": dora["id"], "deal": deal["id"], "company": dora["company_id"], "message_id": message_id,
        "conversation_id": conversation_id, "request_id": alice.get("/mailboxes/requests")["items"][0]["id"],
        "task_id": alice.post("/tasks", {"text": "A secret task", "record_ids": [dora["id"]]})["id"],
        "batch_id": deal["relinked"]["batch_id"], "veto_id": veto["veto_id"],
        "merge_id": merge["merge_id"],
        "user_id": alice.get("/users/me")["id"], "mailbox_id": mailbox_id,
    }  # fmt: skip


def test_every_door_that_asks_for_a_thing_by_its_id_is_shut(programs: Programs, things: dict[str, int]) -> None:
    tried = 0
    for path, methods in programs.mallory.get("/openapi.json")["paths"].items():
        if "{" not in path:
            continue
        for method in methods:
            answer = _knock(programs.mallory, method, path, things)
            assert answer.status_code == 404, (method, path, answer.text)
            assert "secret" not in answer.text
            tried += 1
    assert tried > 20


def _knock(api: Api, method: str, path: str, things: dict[str, int]) -> Any:
    """Ask for Acme's thing in a manner that would be right for one's own."""
    name = path.partition("{")[2].partition("}")[0]
    assert name in KNOWN, path
    thing = things["deal" if "/deals/" in path else "company" if "/companies/" in path else name]
    body = {"deal_id": None} if path.endswith("/answer") else {"from": thing} if path.endswith("/merge") else {}
    filled = path.removeprefix("/api/v1").replace(f"{{{name}}}", str(thing))
    return api.ask(method.upper(), filled, json=body, headers={"If-Match": '"1"'})


@pytest.mark.parametrize(
    "path",
    [
        "/contacts", "/companies", "/deals", "/records?q=secret", "/timeline", "/tasks?owner=everybody&state=all",
        "/notes", "/calls", "/meetings", "/campaigns", "/reports/sending",
        "/links/questions", "/links/unlinked", "/mailboxes",
        "/sequences", "/enrolments", "/templates",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("things")
def test_every_list_is_empty(programs: Programs, path: str) -> None:
    assert programs.mallory.get(path)["items"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/links", {"message_id": "message_id", "record_id": "record_id"}),
        ("/links/unlink", {"message_id": "message_id", "record_id": "record_id"}),
        ("/links/adopt", {"message_id": "message_id"}),
        ("/links/relink", {"record_id": "record_id"}),
        ("/links/relink/preview", {"record_id": "deal"}),
        ("/contacts", {"company_id": "company"}),
        ("/contacts", {"owner_id": "user_id"}),
        ("/deals", {"contact_ids": ["record_id"]}),
        ("/deals", {"company_id": "company"}),
        ("/notes", {"record_ids": ["record_id"]}),
        ("/tasks", {"owner_id": "user_id"}),
        ("/enrolments", {"sequence_id": "sequence_id", "contact_ids": ["record_id"]}),
    ],
)
def test_nothing_of_anothers_can_be_named_in_a_body(
    programs: Programs, things: dict[str, int], path: str, body: dict[str, Any]
) -> None:
    filled: dict[str, Any] = {k: [things[v[0]]] if isinstance(v, list) else things[v] for k, v in body.items()}
    if not path.startswith(("/links", "/enrolments")):
        filled |= {"text": "x"} if path in {"/notes", "/tasks"} else {"name": "x"}
    assert "secret" not in programs.mallory.ask("POST", path, status=404, json=filled).text


@pytest.mark.usefixtures("things")
def test_relinking_an_address_touches_ones_own_mail_only(programs: Programs) -> None:
    assert programs.mallory.post("/links/relink/preview", {"address": DORA}, 200)["mails"] == 0


def test_strangers_get_nowhere(programs: Programs, two_reps: Office) -> None:
    stranger = Api(programs.alice.app, "enl_nonsense", two_reps)
    for path, methods in programs.alice.get("/openapi.json")["paths"].items():
        for method in methods:
            filled = path.removeprefix("/api/v1").replace("{", "").replace("}", "")
            numbered = "/".join("1" if part.endswith("_id") else part for part in filled.split("/"))
            assert stranger.ask(method.upper(), numbered, json={}).status_code == 401, (method, path)
