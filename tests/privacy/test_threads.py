"""Conversations that are kept private, and colleagues who ask to read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.accounts.shapes import Sharing
from backend.accounts.tables import Mailbox
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.mail.tables import Message
from backend.privacy.store.threads import follow_joins
from backend.privacy.tables import AccessRequest, PrivateThread
from backend.records.tables import Record
from backend.timeline.store.cold import cold_deals
from tests.api.conftest import Programs, programs_of
from tests.card.world import World
from tests.cast import ALICE, BOB, DORA, ERIK, Office, open_office


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    """Alice and the contact Dora have written to each other."""
    office = open_office(sqlite_db, clock, emulator, ALICE, BOB)
    first = office.mail(ALICE, DORA, "Forty seats", "Would forty do?")
    office.mail(DORA, ALICE, "Re: Forty seats", "Yes, forty.", reply_to_id=first)
    office.sync()
    return office


@pytest.fixture
def programs(office: Office) -> Programs:
    return programs_of(office)


def thread(office: Office, subject: str = "Forty seats") -> tuple[int, int]:
    with office.db.read() as session:
        message = session.scalars(select(Message).where(Message.subject == subject)).one()
        return message.conversation_id, message.id


def share(office: Office, sharing: Sharing) -> None:
    with office.db.write() as session:
        session.get_one(Mailbox, office.mailboxes[ALICE]).sharing = sharing.value


def test_a_thread_kept_private_is_a_locked_line_until_it_is_shared_again(programs: Programs, office: Office) -> None:
    conversation_id, message_id = thread(office)
    programs.alice.post(f"/threads/{conversation_id}/keep-private", status=200)
    for line in programs.bob.get("/timeline?kind=mail")["items"]:
        assert (line["who"], line["title"], line["to"], line["text"]) == ("Alice", None, [], "")
        assert (line["sharing"], line["records"]) == ("locked", [])
    opened = programs.bob.get(f"/messages/{message_id}")
    assert (opened["subject"], opened["text"], opened["people"], opened["sharing"]) == (None, None, [], "locked")
    assert programs.alice.get(f"/messages/{message_id}")["subject"] == "Forty seats"
    programs.alice.post(f"/threads/{conversation_id}/share-again", status=200)
    assert programs.bob.get(f"/messages/{message_id}")["subject"] == "Forty seats"


def test_mail_that_comes_later_into_a_private_thread_is_private_too(programs: Programs, office: Office) -> None:
    conversation_id, _ = thread(office)
    programs.alice.post(f"/threads/{conversation_id}/keep-private", status=200)
    office.mail(DORA, ALICE, "Re: Forty seats", "One more thing", reply_to_id="m2@mail.example")
    office.sync()
    lines = programs.bob.get("/timeline?kind=mail")["items"]
    assert [line["sharing"] for line in lines] == ["locked"] * 3


def test_only_who_holds_a_thread_keeps_it_private(programs: Programs, office: Office) -> None:
    conversation_id, _ = thread(office)
    for verb in ("keep-private", "share-again"):
        programs.bob.post(f"/threads/{conversation_id}/{verb}", status=404)


def test_a_colleague_asks_is_let_in_and_each_look_is_written_down(programs: Programs, office: Office) -> None:
    conversation_id, message_id = thread(office)
    programs.alice.post(f"/threads/{conversation_id}/keep-private", status=200)
    for _ in range(2):
        assert programs.bob.post(f"/threads/{conversation_id}/ask", status=200)["asked"] == 1
    (asked,) = programs.alice.get("/mailboxes/requests")["items"]
    assert (asked["asker"], asked["subject"], asked["state"]) == ("Bob", "Forty seats", "asked")
    assert programs.bob.get("/mailboxes/requests")["items"] == []
    programs.bob.post(f"/mailboxes/requests/{asked['id']}/grant", status=404)  # one's own question
    assert programs.bob.get(f"/messages/{message_id}")["text"] is None
    programs.alice.post(f"/mailboxes/requests/{asked['id']}/grant", status=200)
    assert programs.bob.get("/timeline?kind=mail")["items"][0]["title"] is None, "a list is no look"
    assert programs.bob.get("/timeline?q=forty&kind=mail")["items"] == []
    looks = programs.alice.log().count("mail.look")
    opened = programs.bob.get(f"/messages/{message_id}")
    assert (opened["text"], opened["subject"], opened["is_granted"]) == ("Would forty do?", "Forty seats", True)
    assert programs.alice.log().count("mail.look") == looks + 1
    assert programs.carol.get(f"/messages/{message_id}")["text"] is None
    programs.alice.post(f"/mailboxes/requests/{asked['id']}/refuse", status=200)
    assert programs.bob.get(f"/messages/{message_id}")["text"] is None


def test_keeping_a_thread_private_ends_who_was_let_in_before(programs: Programs, office: Office) -> None:
    conversation_id, message_id = thread(office)
    share(office, Sharing.METADATA)
    programs.bob.post(f"/threads/{conversation_id}/ask", status=200)
    (asked,) = programs.alice.get("/mailboxes/requests")["items"]
    programs.alice.post(f"/mailboxes/requests/{asked['id']}/grant", status=200)
    assert programs.bob.get(f"/messages/{message_id}")["text"] == "Would forty do?"
    programs.alice.post(f"/threads/{conversation_id}/keep-private", status=200)
    assert programs.bob.get(f"/messages/{message_id}")["text"] is None


def test_nobody_asks_for_what_they_may_read_or_may_not_know_of(programs: Programs, office: Office) -> None:
    conversation_id, _ = thread(office)
    programs.bob.post(f"/threads/{conversation_id}/ask", status=400)
    share(office, Sharing.NOTHING)
    programs.bob.post(f"/threads/{conversation_id}/ask", status=404)
    office.mail("stranger@far.example", ALICE, "Unlinked")
    office.sync()
    share(office, Sharing.METADATA)
    programs.bob.post(f"/threads/{thread(office, 'Unlinked')[0]}/ask", status=404)


def test_what_was_private_stays_so_where_conversations_are_joined(programs: Programs, office: Office) -> None:
    lost, _ = thread(office)
    office.mail(ALICE, ERIK, "Another")
    office.sync()
    kept, _ = thread(office, "Another")
    share(office, Sharing.METADATA)
    for conversation_id in (lost, kept):
        programs.bob.post(f"/threads/{conversation_id}/ask", status=200)
    with office.db.write() as session:
        row = {"workspace_id": office.workspace_id, "user_id": office.actors[ALICE].user_id, "at": office.clock.now()}
        session.add(PrivateThread(conversation_id=lost, mailbox_id=office.mailboxes[ALICE], **row))
    for _ in range(2):
        with office.db.write() as session:
            follow_joins(session, {lost: kept})
    with office.db.read() as session:
        assert session.scalars(select(PrivateThread.conversation_id)).all() == [kept]
        assert session.scalars(select(AccessRequest)).all() == []


def test_a_colleagues_private_mail_breaks_no_silence_of_ones_deal(programs: Programs, office: Office) -> None:
    world = World(office, BOB)
    deal_id = world.deal("Forty seats", programs.bob.get("/contacts?q=dora")["items"][0]["id"])
    with office.db.write() as session:
        session.get_one(Record, deal_id).owner_id = office.actors[BOB].user_id
    start = office.clock.now()
    office.clock.advance(timedelta(days=30))
    office.mail(DORA, ALICE, "Re: Forty seats", "Still there?", reply_to_id="m2@mail.example")
    office.sync()
    with office.db.read() as session:
        assert cold_deals(session, office.actors[BOB], office.clock.now() - timedelta(days=7)) == []
    programs.alice.post(f"/threads/{thread(office)[0]}/keep-private", status=200)
    with office.db.read() as session:
        (cold,) = cold_deals(session, office.actors[BOB], office.clock.now() - timedelta(days=7))
    assert (cold.id, cold.quiet_since) == (deal_id, start)
