"""The mailboxes' pages and API: everybody sees how theirs stand, and can do something about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from backend.sync.ledger.service import put_right
from backend.sync.tables import SyncItem
from tests.api.conftest import Api, app_over, key_for
from tests.cast import ALICE, BOB, CAROL, DORA, Office
from tests.sync.ledger.test_books import assert_balanced

ROOT = "root@acme.example"


@pytest.fixture
def apis(two_reps: Office) -> dict[str, Api]:
    two_reps.mail(DORA, ALICE, "A word that is nobody else's")
    two_reps.mail(DORA, ALICE, "Draft", labels=["DRAFT"])
    two_reps.sync()
    app = app_over(two_reps)
    return {
        who: Api(app, key_for(two_reps, two_reps.actors[who].user_id), two_reps) for who in (ALICE, BOB, CAROL, ROOT)
    }


def test_a_rep_sees_their_own_and_managers_and_admins_all(apis: dict[str, Api]) -> None:
    seen = {who: [box["address"] for box in api.get("/mailboxes")["items"]] for who, api in apis.items()}
    assert seen == {ALICE: [ALICE], BOB: [BOB], CAROL: [ALICE, BOB], ROOT: [ALICE, BOB]}


def test_a_standing_is_never_a_flag_alone(apis: dict[str, Api]) -> None:
    alice = apis[ALICE]
    box = alice.get("/mailboxes")["items"][0]
    standing = alice.get(f"/mailboxes/{box['id']}")["standing"]
    assert (standing["light"], standing["seen"], standing["stored"], standing["skipped"]) == (
        "green",
        2,
        1,
        {"draft": 1},
    )
    (day,) = alice.get(f"/mailboxes/{box['id']}/ledger")["items"]
    assert (day["seen"], day["stored"], day["errors"]) == (2, 1, 0)
    assert day["last_success_at"] == standing["last_success_at"]


def test_an_audit_that_somebody_asks_for_is_made_by_the_next_drain(apis: dict[str, Api]) -> None:
    alice = apis[ALICE]
    path = f"/mailboxes/{alice.get('/mailboxes')['items'][0]['id']}"
    assert alice.post(f"{path}/audit", status=202)["standing"]["last_audit"] is None
    alice.office.sync(ALICE)
    assert alice.get(path)["standing"]["last_audit"]["listed"] == 2  # the draft too
    assert apis[CAROL].post(f"{path}/audit", status=403)


def page(api: Api, path: str = "", *, method: str = "GET", **form: str) -> tuple[int, str]:
    answer = api.app.test_client().open(
        f"/settings/mailboxes{path}", method=method, data=form, headers={"Authorization": f"Bearer {api.key}"}
    )
    return answer.status_code, answer.text


def test_the_light_says_the_worst_of_what_one_looks_after(apis: dict[str, Api]) -> None:
    assert "All mail is here" in page(apis[ALICE], "/light")[1]
    office = apis[ALICE].office
    office.clock.advance(timedelta(hours=1))
    office.sync(BOB)
    assert "Mail is missing" in page(apis[ALICE], "/light")[1]
    assert "Mail is missing" in page(apis[ROOT], "/light")[1]
    assert "All mail is here" in page(apis[BOB], "/light")[1]
    assert "the worker does not run" in page(apis[ALICE])[1]


def test_what_was_left_out_stands_there_in_plain_words(apis: dict[str, Api]) -> None:
    status, text = page(apis[ALICE], f"/{apis[ALICE].office.mailboxes[ALICE]}")
    assert status == 200
    assert "Drafts: not sent yet" in text
    assert "Everything that Gmail has is here or accounted for." in text


def test_mail_that_could_not_be_read_can_be_tried_again_or_left_out(apis: dict[str, Api]) -> None:
    alice, office = apis[ALICE], apis[ALICE].office
    path = f"/{office.mailboxes[ALICE]}"
    with office.db.write() as session:
        session.execute(update(SyncItem).where(SyncItem.reason == "draft").values(reason="unreadable"))
        put_right(session, office.workspace_id, office.mailboxes[ALICE], office.clock.now())
        gmail_id = session.scalars(select(SyncItem.gmail_id)).one()
    assert "Could not be read" in page(alice, path)[1]
    assert page(apis[CAROL], f"{path}/retry", method="POST", mail=gmail_id)[0] == 403
    assert page(alice, f"{path}/leave-out", method="POST", mail=gmail_id)[0] == 302
    assert_balanced(office)
    assert "Left out by somebody of your team" in page(alice, path)[1]
    with office.db.write() as session:
        session.execute(update(SyncItem).values(reason="unreadable"))
        put_right(session, office.workspace_id, office.mailboxes[ALICE], office.clock.now())
    assert page(alice, f"{path}/retry", method="POST")[0] == 302
    assert_balanced(office)
    office.sync(ALICE)
    assert "Drafts: not sent yet" in page(alice, path)[1]


def test_a_colleagues_mailbox_is_not_there_for_a_rep(apis: dict[str, Api]) -> None:
    path = f"/{apis[ALICE].office.mailboxes[ALICE]}"
    assert page(apis[BOB], path)[0] == 404
    assert page(apis[BOB], f"{path}/audit", method="POST")[0] == 404
    status, text = page(apis[CAROL], path)
    assert (status, "Check now" in text) == (200, False)


def test_prometheus_is_told_how_the_mailboxes_stand(apis: dict[str, Api]) -> None:
    told = apis[ALICE].app.test_client().get("/metrics").text
    assert 'enlace_mailboxes{light="green"} 2.0' in told
    assert "enlace_pending_messages 0.0" in told
    assert ALICE not in told
