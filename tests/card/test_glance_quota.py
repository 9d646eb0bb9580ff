"""What a card reads from Gmail while somebody waits counts in the quota as every other call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.gateway import UNITS
from backend.kit.clock import VirtualClock
from backend.sync.bucket_store import PROJECT, mailbox_bucket
from backend.sync.tables import QuotaBucket
from tests.card.addon import addon_for
from tests.card.hosted import CALLER, Hosted
from tests.cast import ALICE, BOB, DORA, Office, open_office


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    """Alice's mailbox is connected; bob's is in Gmail alone."""
    emulator.add_mailbox(BOB)
    return open_office(sqlite_db, clock, emulator)


@pytest.fixture
def google(office: Office) -> Iterator[Hosted]:
    with addon_for(office, ENLACE_ADDON_SERVICE_ACCOUNT=CALLER) as addon:
        yield Hosted(addon)


def units(office: Office) -> dict[str, int]:
    with office.db.read() as session:
        return {bucket.name: bucket.total for bucket in session.scalars(select(QuotaBucket))}


def test_a_look_at_open_mail_is_counted_for_the_readers_mailbox_and_for_the_project(
    google: Hosted, office: Office
) -> None:
    office.mail(DORA, ALICE, "New")
    newest = office.gmail(ALICE).list_messages().refs[0].id
    assert google.shown("mail", gmail={"messageId": newest, "accessToken": "x"})["name"] == "unknown"
    assert units(office) == {mailbox_bucket(office.mailboxes[ALICE]): UNITS["get"], PROJECT: UNITS["get"]}


def test_where_the_quota_gives_nothing_gmail_is_not_asked(google: Hosted, office: Office) -> None:
    office.mail(DORA, ALICE, "New")
    newest = office.gmail(ALICE).list_messages().refs[0].id
    asked = office.emulator.quota.calls.total()
    with office.db.write() as session:
        later = office.clock.now().replace(year=office.clock.now().year + 1)
        session.add(QuotaBucket(name=PROJECT, taken=[], closed_until=later, batch=25, total=0))
    card = google.shown("mail", gmail={"messageId": newest, "accessToken": "x"})
    assert card["header"]["title"] == "Gmail does not answer"
    assert office.emulator.quota.calls.total() == asked


def test_who_has_no_mailbox_here_is_counted_by_themselves(google: Hosted, office: Office) -> None:
    bob = Hosted(google.addon.as_(BOB))
    bob.shown("mail", gmail={"messageId": "18c0ffee", "accessToken": "x"})
    assert units(office) == {mailbox_bucket(-office.actors[BOB].user_id): UNITS["get"], PROJECT: UNITS["get"]}
