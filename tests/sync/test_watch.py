"""Watches at Gmail: registered once, renewed daily, ended with the mailbox; a failure never stops the sync."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from backend.accounts.grants import Vault
from backend.accounts.mailboxes import connect_mailbox, disconnect_mailbox, pause_mailbox, resume_mailbox
from backend.accounts.shapes import GrantKind
from backend.accounts.store import get_user
from backend.accounts.tables import Mailbox
from backend.gmail.errors import AuthRevoked
from backend.gmail.gateway import Gmail
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from backend.sync.tables import SyncWatch
from backend.sync.watches import claim_idle, end_watch
from tests.cast import ALICE, DORA, KEY, Office

TOPIC, OTHER = "projects/p/topics/gmail", "projects/p/topics/other"
DAY = timedelta(days=1)


def drain(office: Office, topic: str = TOPIC) -> End:
    return drain_mailbox(office.db, office.clock, office.connect, office.mailboxes[ALICE], topic=topic)


def row(office: Office) -> SyncWatch:
    with office.db.read() as session:
        return session.scalars(select(SyncWatch)).one()


def watched(office: Office) -> list[str]:
    return [topic for (topic,) in office.emulator.store.rows("SELECT topic FROM watch")]


def calls(office: Office) -> tuple[int, int]:
    return office.emulator.quota.calls["watch"], office.emulator.quota.calls["stop"]


def test_the_first_drain_registers_and_each_day_renews_long_before_it_lapses(sqlite_office: Office) -> None:
    office = sqlite_office
    drain(office)
    assert row(office).expires_at == office.clock.now() + 7 * DAY
    for day in range(1, 10):
        drain(office)
        assert calls(office) == (day, 0)
        office.clock.advance(DAY)
        drain(office)
        assert row(office).expires_at == office.clock.now() + 7 * DAY


def test_without_a_topic_nothing_is_registered(sqlite_office: Office) -> None:
    drain(sqlite_office, topic="")
    assert calls(sqlite_office) == (0, 0)


def test_another_topic_takes_over_by_stopping_the_one_client_that_gmail_allows(sqlite_office: Office) -> None:
    drain(sqlite_office)
    drain(sqlite_office, topic=OTHER)
    assert watched(sqlite_office) == [OTHER]
    drain(sqlite_office, topic="")
    assert watched(sqlite_office) == []
    assert row(sqlite_office).expires_at is None


def test_a_topic_that_gmail_may_not_publish_to_is_noted_and_mail_is_synced_all_the_same(sqlite_office: Office) -> None:
    office = sqlite_office
    office.mail(DORA, ALICE)
    fault = office.emulator.faults.inject("permission-denied", verbs=("watch",))
    assert [drain(office), drain(office)] == [End.DONE, End.DONE]
    assert fault.hits == 1
    assert row(office).last_error.startswith("PermissionDenied")
    with office.db.read() as session:
        assert session.scalars(select(Mailbox.status)).one() == "active"
    office.emulator.faults.clear()
    office.clock.advance(row(office).next_try_at - office.clock.now())
    drain(office)
    assert (row(office).failures, row(office).last_error) == (0, "")


def _switch_off(office: Office) -> None:
    with office.db.write() as session:
        pause_mailbox(session, office.clock, session.get_one(Mailbox, office.mailboxes[ALICE]))


def _claimed(office: Office) -> list[int]:
    with office.db.write() as session:
        return claim_idle(session, office.clock.now())


def test_a_mailbox_that_is_switched_off_is_no_longer_watched(office: Office) -> None:
    drain(office)
    assert _claimed(office) == []
    _switch_off(office)
    assert _claimed(office) == [office.mailboxes[ALICE]]
    assert _claimed(office) == []
    end_watch(office.db, office.connect, office.mailboxes[ALICE])
    assert watched(office) == []
    office.clock.advance(DAY)
    assert _claimed(office) == []


def test_a_watch_that_could_not_be_ended_is_tried_again(sqlite_office: Office) -> None:
    office = sqlite_office
    drain(office)
    _switch_off(office)
    office.emulator.faults.inject("server-error-503", verbs=("stop",), times=1)
    for _ in range(2):
        assert _claimed(office) == [office.mailboxes[ALICE]]
        end_watch(office.db, office.connect, office.mailboxes[ALICE])
        office.clock.advance(timedelta(minutes=10))
    assert watched(office) == []


def test_a_mailbox_that_is_switched_on_again_meanwhile_keeps_its_watch(sqlite_office: Office) -> None:
    office = sqlite_office
    drain(office)
    _switch_off(office)
    claimed = _claimed(office)
    with office.db.write() as session:
        resume_mailbox(session, office.clock, session.get_one(Mailbox, office.mailboxes[ALICE]))
    end_watch(office.db, office.connect, claimed[0])
    assert watched(office) == [TOPIC]
    drain(office)
    assert row(office).topic == TOPIC


def test_where_the_grant_is_gone_its_watch_went_with_it(sqlite_office: Office) -> None:
    office = sqlite_office
    drain(office)
    with office.db.write() as session:
        disconnect_mailbox(session, office.clock, session.get_one(Mailbox, office.mailboxes[ALICE]))

    def no_grant(_mailbox_id: int) -> Gmail:
        raise AuthRevoked

    end_watch(office.db, no_grant, _claimed(office)[0])
    assert row(office).expires_at is None
    with office.db.write() as session:
        user = get_user(session, office.workspace_id, office.actors[ALICE].user_id)
        kind = GrantKind.EMULATOR
        connect_mailbox(session, office.clock, Vault([KEY]), user, address=ALICE, address_key=ALICE, kind=kind)
    drain(office)
    assert row(office).expires_at is not None
