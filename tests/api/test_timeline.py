from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backend.accounts.shapes import Sharing
from backend.accounts.tables import Mailbox
from backend.mail.tables import Message
from tests.api.conftest import Api, Programs
from tests.cast import ALICE, BOB, DORA, ERIK, Office


def titles(page: dict[str, list[dict[str, str]]]) -> list[str]:
    return [item["title"] for item in page["items"]]


def id_of(office: Office, subject: str) -> int:
    with office.db.read() as session:
        return session.scalars(select(Message.id).where(Message.subject == subject)).one()


def share(office: Office, owner: str, level: Sharing) -> None:
    with office.db.write() as session:
        session.get_one(Mailbox, office.mailboxes[owner]).sharing = level.value


@pytest.fixture
def post(programs: Programs) -> Office:
    """Alice and Dora have written to each other; to Bob a stranger wrote."""
    office = programs.alice.office
    first = office.mail(ALICE, DORA, "Forty seats", "Would forty do?")
    office.mail(DORA, ALICE, "Re: Forty seats", "Yes.\n\nOn Mon, 5 Jan 2026, Alice wrote:\n> Would forty do?\n",
                reply_to_id=first)  # fmt: skip
    office.mail(ERIK, BOB, "Your dentist")
    office.sync()
    return office


def dora_of(api: Api) -> Any:
    return api.get("/contacts?q=dora")["items"][0]


def test_the_timeline_is_newest_first_and_filtered(programs: Programs, post: Office) -> None:
    alice, dora = programs.alice, dora_of(programs.alice)
    post.clock.advance(timedelta(minutes=1))
    alice.post("/notes", {"text": "She is in a hurry", "record_ids": [dora["id"]]})
    path = f"/contacts/{dora['id']}/timeline"
    assert titles(alice.get(path)) == [None, "Re: Forty seats", "Forty seats"]
    assert titles(alice.get(f"{path}?kind=mail&limit=1")) == ["Re: Forty seats"]
    assert [e["kind"] for e in alice.get(f"{path}?kind=note&kind=call")["items"]] == ["note"]
    assert titles(alice.get("/timeline?kind=mail&q=forty%20do")) == ["Re: Forty seats", "Forty seats"]
    assert titles(alice.get("/timeline?until=2026-01-05T09:01:30Z")) == ["Forty seats"]
    assert alice.get("/timeline?since=2026-02-01T00:00:00Z")["items"] == []
    bob_id = programs.bob.get("/users/me")["id"]
    assert alice.get(f"/timeline?user_id={bob_id}")["items"] == []


@pytest.mark.usefixtures("post")
def test_the_pages_of_a_timeline_show_everything_once(programs: Programs) -> None:
    alice, dora = programs.alice, dora_of(programs.alice)
    for _ in range(3):
        alice.post("/notes", {"text": "At one moment", "record_ids": [dora["id"]]})
    seen: list[tuple[str, int]] = []
    path = f"/contacts/{dora['id']}/timeline?limit=2"
    page = alice.get(path)
    while page["items"]:
        seen += [(e["kind"], e["id"]) for e in page["items"]]
        page = alice.get(f"{path}&cursor={page['next']}") if page["next"] else {"items": []}
    assert len(seen) == len(set(seen)) == 5


def test_a_conversation_is_read_oldest_first(programs: Programs, post: Office) -> None:
    thread = programs.alice.get(f"/messages/{id_of(post, 'Forty seats')}")["conversation_id"]
    first = programs.alice.get(f"/threads/{thread}?limit=1")
    rest = programs.alice.get(f"/threads/{thread}?limit=1&cursor={first['next']}")
    assert titles(first) + titles(rest) == ["Forty seats", "Re: Forty seats"]


def test_ones_own_mail_is_read_without_a_trace(programs: Programs, post: Office) -> None:
    mail = programs.alice.get(f"/messages/{id_of(post, 'Re: Forty seats')}")
    assert (mail["text"].strip(), mail["is_own"], mail["sharing"]) == ("Yes.", True, "everything")
    assert "> Would forty do?" in mail["quoted"]
    assert {(p["role"], p["email"]) for p in mail["people"]} == {("from", DORA), ("to", ALICE)}
    assert "mail.look" not in programs.alice.log()


def test_each_look_at_a_colleagues_mail_is_written_down(programs: Programs, post: Office) -> None:
    for times in (1, 2):
        mail = programs.bob.get(f"/messages/{id_of(post, 'Forty seats')}")
        assert (mail["is_own"], mail["text"].strip()) == (False, "Would forty do?")
        assert programs.alice.log().count("mail.look") == times


@pytest.mark.parametrize(
    ("level", "subject", "text"),
    [(Sharing.EVERYTHING, "Forty seats", "Would forty do?"), (Sharing.SUBJECT, "Forty seats", None),
     (Sharing.METADATA, None, None)],
)  # fmt: skip
def test_a_colleague_reads_what_the_owner_shares(
    programs: Programs, post: Office, level: Sharing, subject: str | None, text: str | None
) -> None:
    share(post, ALICE, level)
    mail = programs.bob.get(f"/messages/{id_of(post, 'Forty seats')}")
    assert (mail["subject"], (mail["text"] or "").strip() or None, mail["sharing"]) == (subject, text, level.value)


def test_what_is_not_shared_is_not_there(programs: Programs, post: Office) -> None:
    share(post, ALICE, Sharing.NOTHING)
    message_id = id_of(post, "Forty seats")
    thread = programs.alice.get(f"/messages/{message_id}")["conversation_id"]
    for api in (programs.bob, programs.carol):
        for path in (f"/messages/{message_id}", f"/threads/{thread}", f"/links?message_id={message_id}"):
            api.get(path, 404)
        assert "Forty seats" not in api.ask("GET", "/timeline").text


def test_mail_that_belongs_to_nothing_is_its_owners_alone_however_much_is_shared(
    programs: Programs, post: Office
) -> None:
    message_id = id_of(post, "Your dentist")
    assert programs.bob.get(f"/messages/{message_id}")["subject"] == "Your dentist"
    for api in (programs.alice, programs.carol):
        api.get(f"/messages/{message_id}", 404)
        api.get(f"/links?message_id={message_id}", 404)
        api.post("/links", {"message_id": message_id, "record_id": dora_of(api)["id"]}, 404)
        api.post("/links/adopt", {"message_id": message_id}, 404)


@pytest.mark.parametrize(
    "cursor", ["nonsense", "WyIyMDI2LTAxLTA1VDA5OjAwOjAwIiwibm9uc2Vuc2UiLDFd", "W251bGwsbnVsbCxudWxsXQ"]
)
def test_a_page_mark_that_is_not_ours_is_refused(alice: Api, cursor: str) -> None:
    assert alice.ask("GET", f"/timeline?cursor={cursor}").status_code == 400
