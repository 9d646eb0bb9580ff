"""An import is undone: what the mailbox alone brought goes, what others hold or hands touched stays."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from backend.accounts.mailboxes import resume_mailbox
from backend.accounts.tables import Mailbox
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.mail.tables import MessageBody
from backend.records.tables import Record
from backend.sync import undoing
from backend.sync.tables import SyncItem
from backend.sync.undoing import ask_to_undo
from tests.cast import ALICE, BOB, DORA, ERIK, Office, open_office
from tests.sync.test_policy import stored, unexplained

KIM = "Kim <kim@fjord.example>"


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Alice wrote to Dora, to Erik with Bob, and to Kim, whom somebody took on."""
    monkeypatch.setattr(undoing, "CHUNK", 1)
    office = open_office(sqlite_db, clock, emulator, ALICE, BOB)
    office.mail(ALICE, DORA, "To Dora")
    office.mail(ALICE, [ERIK, BOB], "To Erik")
    office.mail(ALICE, KIM, "To Kim")
    office.mail("spam@x.example", ALICE, "Spam", labels=["SPAM"])
    office.sync()
    with office.db.write() as session:
        session.execute(update(Record).where(Record.name == "Kim").values(owner_id=office.actors[ALICE].user_id))
    return office


def undo(office: Office) -> None:
    with office.db.write() as session:
        mailbox = session.get_one(Mailbox, office.mailboxes[ALICE])
        ask_to_undo(session, office.clock, mailbox, office.actors[ALICE])
    office.sync(ALICE)


def people(office: Office) -> set[str]:
    with office.db.read() as session:
        living = (Record.kind == "contact", Record.deleted_at.is_(None))
        return set(session.scalars(select(Record.name).where(*living)))


def test_what_the_mailbox_alone_brought_goes_and_the_mailbox_waits(office: Office) -> None:
    before = people(office)
    assert len(before) == 3
    undo(office)
    assert stored(office) == []
    assert stored(office, BOB) == ["To Erik"]
    assert "Kim" in people(office)
    assert len(before - people(office)) == 1, "Dora went, Erik has mail in Bob's mailbox, Kim was touched"
    with office.db.read() as session:
        assert session.scalar(select(func.count()).select_from(MessageBody)) == 1
        assert session.scalars(select(SyncItem).where(SyncItem.mailbox_id == office.mailboxes[ALICE])).all() == []
        mailbox = session.get_one(Mailbox, office.mailboxes[ALICE])
        assert (mailbox.status, mailbox.status_reason) == ("paused", undoing.UNDONE)


def test_resumed_it_imports_everything_again(office: Office) -> None:
    before = people(office)
    undo(office)
    with office.db.write() as session:
        resume_mailbox(session, office.clock, session.get_one(Mailbox, office.mailboxes[ALICE]))
    office.sync()
    assert stored(office) == ["To Dora", "To Erik", "To Kim"]
    assert people(office) == before
    assert unexplained(office) == 0
