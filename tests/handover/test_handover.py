"""Somebody leaves: what they had is a colleague's, their private mail stays closed, and it can be taken back."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update

from backend.__main__ import cli
from backend.accounts.tables import Mailbox, User
from backend.activities.tables import Activity
from backend.audit.store import entries
from backend.handover import service
from backend.installation import open_installation
from backend.kit.errors import NotFoundError, UserError
from backend.mail.tables import Copy, Message
from backend.records.tables import Record
from backend.settings import read_settings
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from tests.api.conftest import app_over, key_for, other_team
from tests.card.world import World
from tests.cast import ALICE, BOB, CAROL, DORA, KEY, Office

ROOT = "root@acme.example"


@dataclass
class Leaving:
    """Alice leaves: she has a contact, an open task, one that is done, and two mails, one of them private."""

    office: Office
    contact_id: int
    task_id: int
    done_id: int

    def hand_over(self, heir: str = BOB, *, leaver: str = ALICE) -> service.Done:
        with self.office.db.write() as session:
            by, ids = self.office.actors[ROOT], (self.id_of(leaver), self.id_of(heir))
            return service.hand_over(session, self.office.clock, by, *ids)

    def take_back(self) -> None:
        with self.office.db.write() as session:
            service.take_back(session, self.office.clock, self.office.actors[ROOT], self.id_of(ALICE))

    def id_of(self, address: str) -> int:
        return self.office.actors[address].user_id

    def owners(self) -> list[int | None]:
        """Of the contact, the open task, the one that is done, and the mailbox."""
        with self.office.db.read() as session:
            return [
                session.get_one(Record, self.contact_id).owner_id,
                session.get_one(Activity, self.task_id).owner_id,
                session.get_one(Activity, self.done_id).owner_id,
                session.get_one(Mailbox, self.office.mailboxes[ALICE]).user_id,
            ]

    def shown_mails(self) -> int:
        with self.office.db.read() as session:
            return session.scalar(select(func.count()).where(Message.live_copies > 0)) or 0


@pytest.fixture
def leaving(two_reps: Office) -> Leaving:
    office, world = two_reps, World(two_reps, ALICE)
    office.mail(DORA, ALICE, "Forty seats")
    office.mail(DORA, ALICE, "Between us")
    office.sync()
    contact_id = world.contact("carla@elsewhere.example", "Carla")
    found = Leaving(office, contact_id, world.task("Call her", contact_id), world.task("Done already", contact_id))
    with office.db.write() as session:
        session.get_one(Record, contact_id).owner_id = found.id_of(ALICE)
        session.get_one(Activity, found.done_id).done_at = office.clock.now()
        private = select(Message.id).where(Message.subject == "Between us")
        session.execute(update(Copy).where(Copy.message_id.in_(private)).values(is_private=True))
    return found


def test_what_a_leaver_had_is_the_heirs_and_what_is_done_stays_theirs(leaving: Leaving) -> None:
    alice, bob = leaving.id_of(ALICE), leaving.id_of(BOB)
    leaving.hand_over()
    assert leaving.owners() == [bob, bob, alice, bob]


def test_the_mailbox_is_left_and_its_history_kept(leaving: Leaving) -> None:
    leaving.hand_over()
    office, mailbox_id = leaving.office, leaving.office.mailboxes[ALICE]
    with office.db.read() as session:
        mailbox = session.get_one(Mailbox, mailbox_id)
        assert (mailbox.status, mailbox.grant_kind, mailbox.grant_ciphertext) == ("disconnected", "", None)
        assert session.scalar(select(func.count()).where(Copy.mailbox_id == mailbox_id)) == 2
    assert drain_mailbox(office.db, office.clock, office.connect, mailbox_id) is End.BUSY


def test_what_the_leaver_kept_private_is_closed_to_the_heir_too(leaving: Leaving) -> None:
    assert leaving.shown_mails() == 2
    leaving.hand_over()
    assert leaving.shown_mails() == 1
    leaving.take_back()
    assert leaving.shown_mails() == 2


def test_the_leaver_cannot_come_in_any_more_by_any_door(leaving: Leaving) -> None:
    key = key_for(leaving.office, leaving.id_of(ALICE))
    app = app_over(leaving.office)
    asked = {"headers": {"Authorization": f"Bearer {key}"}}
    assert app.test_client().get("/api/v1/users/me", **asked).status_code == 200
    leaving.hand_over()
    assert app.test_client().get("/api/v1/users/me", **asked).status_code == 401
    with leaving.office.db.read() as session:
        leaver = session.get_one(User, leaving.id_of(ALICE))
        assert (leaver.disabled_at, leaver.session_version) == (leaving.office.clock.now(), 2)


def test_it_is_one_entry_in_the_log_and_taking_it_back_another(leaving: Leaving) -> None:
    leaving.hand_over()
    leaving.take_back()
    with leaving.office.db.read() as session:
        log = [
            e for e in entries(session, leaving.office.workspace_id) if e.action in {"user.hand_over", "user.take_back"}
        ]
    assert [e.action for e in log] == ["user.hand_over", "user.take_back"]
    assert {name: log[0].details[name] for name in ("records", "tasks", "mailboxes", "private")} == {
        "records": 1, "tasks": 1, "mailboxes": 1, "private": 1,
    }  # fmt: skip


def test_taking_it_back_returns_what_is_still_the_heirs(leaving: Leaving) -> None:
    alice = leaving.id_of(ALICE)
    before = leaving.owners()
    leaving.hand_over()
    leaving.take_back()
    assert leaving.owners() == before
    leaving.hand_over()
    with leaving.office.db.write() as session:
        session.get_one(Record, leaving.contact_id).owner_id = leaving.id_of(CAROL)
    leaving.take_back()
    assert leaving.owners() == [leaving.id_of(CAROL), alice, alice, alice]
    with pytest.raises(UserError, match="taken back already"):
        leaving.take_back()


def test_nobody_inherits_from_themselves_or_after_they_left(leaving: Leaving) -> None:
    with pytest.raises(UserError, match="same person"):
        leaving.hand_over(ALICE)
    leaving.hand_over(CAROL, leaver=BOB)
    with pytest.raises(UserError, match="works here"):
        leaving.hand_over(BOB)
    with pytest.raises(UserError, match="another admin"):
        leaving.hand_over(CAROL, leaver=ROOT)


def test_another_teams_people_are_not_there(leaving: Leaving) -> None:
    office = leaving.office
    stranger = other_team(office)
    with office.db.write() as session, pytest.raises(NotFoundError):
        service.hand_over(session, office.clock, office.actors[ROOT], leaving.id_of(ALICE), stranger)


def test_only_an_admin_may_do_it_over_http(leaving: Leaving) -> None:
    office = leaving.office
    app, path = app_over(office), f"/api/v1/users/{leaving.id_of(ALICE)}"
    body = {"heir_id": leaving.id_of(BOB)}
    keys = {who: {"Authorization": f"Bearer {key_for(office, leaving.id_of(who))}"} for who in (BOB, CAROL, ROOT)}
    for who, status in ((BOB, 403), (CAROL, 403), (ROOT, 201)):
        assert app.test_client().post(f"{path}/handover", json=body, headers=keys[who]).status_code == status
    headers = keys[ROOT]
    there = app.test_client().get(f"{path}/belongings", headers=headers).get_json()
    assert there == {"records": {}, "tasks": 0, "mailboxes": [], "mails": 0, "private_mails": 0}
    assert app.test_client().post(f"{path}/handover/undo", headers=headers).get_json()["undone_at"] is not None


def test_the_command_line_says_first_what_would_move_and_then_moves_it(leaving: Leaving) -> None:
    office = leaving.office
    given = {"DATABASE_URL": office.db.url, "SECRET_KEY": "s" * 32, "TOKEN_KEYS": KEY}
    settings = read_settings({f"ENLACE_{name}": value for name, value in given.items()})
    opened = open_installation(settings, clock=office.clock, emulator=office.emulator)
    here = replace(opened, db=office.db)
    command = ["user", "hand-over", "--email", ALICE, "--to", BOB, "--by"]
    before = leaving.owners()
    told = CliRunner().invoke(cli, [*command, ROOT, "--dry-run"], obj=here)
    assert json.loads(told.stdout)["records"] == {"contact": 1}
    assert leaving.owners() == before
    assert isinstance(CliRunner().invoke(cli, [*command, CAROL], obj=here).exception, UserError)
    assert leaving.owners() == before
    assert CliRunner().invoke(cli, [*command, ROOT], obj=here).exit_code == 0
    assert leaving.owners()[0] == leaving.id_of(BOB)
    opened.db.dispose()
