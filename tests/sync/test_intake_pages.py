"""The pages on what comes in: nothing is saved before its effect was shown, and what was saved can be undone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.accounts.keys import create_api_key
from backend.accounts.mailboxes import pause_mailbox, resume_mailbox
from backend.accounts.shapes import Sharing
from backend.accounts.tables import Mailbox, User
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.privacy.service.threads import keep_private
from backend.records.service import Team, contact_from_address, make_contact
from backend.records.shapes import Origin
from backend.sync.buckets import Quota
from backend.sync.desk import set_quota
from backend.sync.rules import LISTED
from backend.sync.store import queue_ids
from backend.sync.tables import SyncState
from tests.api.conftest import app_over
from tests.cast import ALICE, BOB, DORA, ERIK, Office, open_office
from tests.sync.test_policy import stored

ROOT = "root@acme.example"


class Browser:
    """Somebody at the pages; a key stands for the session, so that forms need no token."""

    def __init__(self, office: Office, who: str) -> None:
        with office.db.write() as session:
            key = create_api_key(session, office.clock, session.get_one(User, office.actors[who].user_id))
        self.client: FlaskClient = app_over(office).test_client()
        self.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(f"/settings/privacy{path}")
        assert answer.status_code == status, answer.text
        return " ".join(answer.text.split())

    def post(self, path: str, status: int = 200, **fields: str) -> str:
        answer = self.client.post(f"/settings/privacy{path}", data=fields)
        assert answer.status_code == status, answer.text
        return " ".join(answer.text.split())


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    office = open_office(sqlite_db, clock, emulator, ALICE, BOB)
    with office.db.write() as session:
        team = Team(office.workspace_id, clock)
        make_contact(session, team, contact_from_address(DORA, "Dora Lund", Origin.MANUAL))
    office.mail(DORA, ALICE, "Old seats")
    office.clock.advance(timedelta(days=40))
    office.mail(DORA, ALICE, "New seats")
    office.mail(ERIK, ALICE, "Hello from Erik")
    office.sync()
    return office


@pytest.fixture
def alice(office: Office) -> Browser:
    return Browser(office, ALICE)


def test_a_rule_shows_its_effect_before_it_is_saved_and_is_undone_as_one(office: Office, alice: Browser) -> None:
    page = f"/mailboxes/{office.mailboxes[ALICE]}"
    fields: dict[str, Any] = {"whose": "own", "window": "1", "keeps_internal": "on"}
    shown = alice.post(page, do="preview", **fields)
    assert "1 mail goes" in shown
    assert "of 3 in the last 90 days" in shown
    assert "Old seats" in shown
    assert 'value="save"' in shown
    office.sync()
    assert len(stored(office)) == 3, "a preview saves nothing"
    alice.post(page, 302, do="save", **fields)
    office.sync()
    assert stored(office) == ["Hello from Erik", "New seats"]
    alice.get(page)  # where the notice with its Undo is shown, for ten seconds
    (undo,) = re.findall(r"/changes/\d+/undo", alice.get(page))
    alice.post(undo, 302)
    office.sync()
    assert len(stored(office)) == 3
    alice.get(page)
    assert "/undo" not in alice.get(page)


def test_a_rule_that_lets_in_more_says_how_many_come_back(office: Office, alice: Browser) -> None:
    page = f"/mailboxes/{office.mailboxes[ALICE]}"
    alice.post(page, 302, do="save", whose="own", window="everything", is_known_only="on", keeps_internal="on")
    office.sync()
    assert stored(office) == ["New seats", "Old seats"]
    assert "1 mail is fetched again" in alice.post(page, do="preview", whose="team")


def test_leaving_an_address_out_shows_what_goes_and_acts_for_this_mailbox_alone(office: Office, alice: Browser) -> None:
    mailbox_id = str(office.mailboxes[ALICE])
    shown = alice.post("/exclusions", value="suedwind.example", mailbox_id=mailbox_id)
    assert "1 mail goes" in shown
    assert "1 person has no mail left" in shown
    alice.post("/exclusions", 302, value="suedwind.example", mailbox_id=mailbox_id, do="save")
    office.sync()
    assert stored(office) == ["New seats", "Old seats"]
    assert "suedwind.example" in alice.get(f"/mailboxes/{mailbox_id}")
    assert "suedwind.example" not in Browser(office, ROOT).get("/team")
    Browser(office, BOB).post("/exclusions/1/remove", 404)
    alice.post("/exclusions/1/remove", 302)
    office.sync()
    assert len(stored(office)) == 3


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "Write an address or a domain"),
        ("nonsense", "Write an address or a domain"),
        ("bob@acme.example", "your own team"),
        ("@gmail.com", "gives mail to everybody"),
    ],
)
def test_what_cannot_be_left_out_is_refused_with_a_sentence(alice: Browser, value: str, sentence: str) -> None:
    assert sentence in alice.post("/exclusions", 400, value=value, mailbox_id="", do="save")


def test_an_admin_sees_the_effect_of_a_team_rule_and_no_mail_that_is_not_shared(office: Office) -> None:
    root = Browser(office, ROOT)
    fields: dict[str, Any] = {"window": "everything", "is_known_only": "on", "keeps_internal": "on"}
    with office.db.write() as session:
        session.get_one(Mailbox, office.mailboxes[ALICE]).sharing = Sharing.METADATA.value
    shown = root.post("/team/bounds", do="preview", **fields)
    assert "1 mail goes" in shown
    assert "Hello from Erik" not in shown
    root.post("/team/bounds", 302, do="save", **fields)
    office.sync()
    assert stored(office) == ["New seats", "Old seats"]
    assert "Your admin set bounds" in Browser(office, ALICE).get(f"/mailboxes/{office.mailboxes[ALICE]}")


def test_only_the_owner_and_admins_choose(office: Office) -> None:
    bob, page = Browser(office, BOB), f"/mailboxes/{office.mailboxes[ALICE]}"
    bob.get(page, 404)
    bob.post(page, 404, do="preview", whose="own")
    bob.post(page, 404, do="save", whose="own")
    bob.get(f"{page}/import", 404)
    bob.get("/team", 403)
    bob.post("/team/default", 403, do="save")
    Browser(office, ROOT).get(page)


def test_a_date_that_is_none_keeps_what_was_filled_in(office: Office, alice: Browser) -> None:
    page = f"/mailboxes/{office.mailboxes[ALICE]}"
    shown = alice.post(page, 400, do="save", whose="own", window="date", since="soon", labels_out="Bank, Bank, Family")
    assert "Choose a day" in shown
    assert "Bank, Bank, Family" in shown


def test_before_an_import_its_size_and_time_are_said(office: Office, alice: Browser) -> None:
    page = f"/mailboxes/{office.mailboxes[ALICE]}/import"
    shown = alice.get(page)
    assert "3 mails" in shown
    assert "within about 1 minute" in shown
    alice.post(f"/mailboxes/{office.mailboxes[ALICE]}", 302, do="save", whose="own", window="1", keeps_internal="on")
    assert "about 2 mails" in alice.get(page)
    alice.post(page, 302)


def test_the_page_holds_what_i_keep_private_and_who_asks(office: Office, alice: Browser) -> None:
    with office.db.write() as session:
        keep_private(session, office.clock, office.actors[ALICE], 1)
    assert "Old seats" in alice.get("")


def test_a_mailbox_that_is_paused_says_that_its_stored_mail_waits_for_the_rules(office: Office, alice: Browser) -> None:
    with office.db.write() as session:
        pause_mailbox(session, office.clock, session.get_one(Mailbox, office.mailboxes[ALICE]))
    page = f"/mailboxes/{office.mailboxes[ALICE]}"
    waits = f"Not being read now: {ALICE}. What is stored there follows the rules as soon as it is read again."
    assert waits in alice.get(page)
    alice.post(page, 302, do="save", whose="own", window="1", keeps_internal="on")
    change = re.search(r"changes/\d+/undo", alice.get(page))
    assert change is not None
    alice.post(f"/{change[0]}", 302)
    assert alice.get(page).count(waits) == 2  # in the notice, and on the page
    with office.db.write() as session:
        resume_mailbox(session, office.clock, session.get_one(Mailbox, office.mailboxes[ALICE]))
    assert waits not in alice.get(page)
    alice.post("/exclusions", 302, do="save", value=ERIK, mailbox_id=str(office.mailboxes[ALICE]))
    office.sync()
    assert stored(office) == ["New seats", "Old seats"]


@pytest.mark.parametrize(("others", "time"), [(0, "about 3 minutes"), (1, "about 7 minutes")])
def test_the_time_of_an_import_counts_the_quota_and_the_mailboxes_that_share_it(
    office: Office, alice: Browser, others: int, time: str
) -> None:
    mailbox_id = office.mailboxes[ALICE]
    with office.db.write() as session:
        for address in (ALICE, BOB)[: 1 + others]:
            session.get_one(SyncState, office.mailboxes[address]).is_listing = True
        queue_ids(session, mailbox_id, [(f"{n:x}", "t") for n in range(1_000)], LISTED, office.clock.now())
    set_quota(alice.client.application, Quota(per_user=6_000, per_project=6_000))
    assert time in alice.client.get(f"/settings/mailboxes/{mailbox_id}").text
