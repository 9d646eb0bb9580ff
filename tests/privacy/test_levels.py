"""What a mailbox shares: the team's default for new ones, and the least that its owner may choose."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from backend.accounts.mailboxes import share_mailbox
from backend.accounts.service import change_workspace
from backend.accounts.shapes import Sharing
from backend.accounts.tables import Mailbox
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.kit.errors import UserError
from tests.cast import ALICE, BOB, Office, open_mailbox, open_office


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    return open_office(sqlite_db, clock, emulator, ALICE)


def decide(office: Office, changes: Mapping[str, str]) -> None:
    with office.db.write() as session:
        change_workspace(session, office.clock, office.actors["root@acme.example"], changes)


def share(office: Office, sharing: Sharing) -> None:
    with office.db.write() as session:
        mailbox = session.get_one(Mailbox, office.mailboxes[ALICE])
        share_mailbox(session, office.clock, office.actors[ALICE], mailbox, sharing)


def shared(office: Office, owner: str) -> str:
    with office.db.read() as session:
        return session.get_one(Mailbox, office.mailboxes[owner]).sharing


def test_a_new_mailbox_shares_what_the_team_decided(office: Office) -> None:
    decide(office, {"default_sharing": "subject"})
    open_mailbox(office, BOB)
    assert (shared(office, ALICE), shared(office, BOB)) == ("everything", "subject")


def test_nobody_chooses_less_than_the_least_and_nothing_is_opened_by_it(office: Office) -> None:
    share(office, Sharing.NOTHING)
    decide(office, {"least_sharing": "metadata"})
    assert shared(office, ALICE) == "nothing", "what was written under another promise stays closed"
    share(office, Sharing.METADATA)
    with pytest.raises(UserError, match="shares more than that"):
        share(office, Sharing.NOTHING)
    assert shared(office, ALICE) == "metadata"


def test_a_default_below_the_least_is_refused(office: Office) -> None:
    with pytest.raises(UserError, match="choose two levels that fit"):
        decide(office, {"default_sharing": "nothing", "least_sharing": "subject"})
