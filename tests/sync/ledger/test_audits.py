"""The nightly audit finds what the store lacks, fetches it, and keeps what it found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import delete

from backend.__main__ import cli
from backend.installation import Installation, open_installation
from backend.mail.tables import Copy
from backend.settings import read_settings
from backend.sync.jobs import drain_mailbox
from backend.sync.ledger import store
from backend.sync.ledger.shapes import LastAudit
from backend.sync.shapes import Task
from backend.sync.store import claim_imports
from backend.sync.tables import SyncState
from tests.cast import ALICE, DORA, KEY, Office
from tests.sync.ledger.test_books import assert_balanced, ids_in_gmail, remove

A_NIGHT = timedelta(days=1)


def lose(office: Office, number: int) -> None:
    """Let copies vanish from the store as no sync would."""
    with office.db.write() as session:
        for gmail_id in ids_in_gmail(office, "")[:number]:
            session.execute(delete(Copy).where(Copy.gmail_id == gmail_id))


def audits(office: Office) -> list[LastAudit]:
    with office.db.read() as session:
        return store.audits(session, office.mailboxes[ALICE], 10)


@pytest.fixture
def synced(office: Office) -> Office:
    for n in range(4):
        office.mail(DORA, ALICE, f"Mail {n}")
    office.sync()
    return office


def test_a_mailbox_is_audited_the_night_after_it_was_read_and_each_night_from_then_on(synced: Office) -> None:
    assert audits(synced) == []
    for nights in (1, 2):
        synced.clock.advance(A_NIGHT)
        synced.sync()
        synced.sync()
        assert len(audits(synced)) == nights
    assert [(a.listed, a.found, a.left, a.misbooked) for a in audits(synced)] == [(4, 0, 0, 0)] * 2


def test_the_audit_is_due_as_slow_work_also_for_a_mailbox_that_is_older_than_audits(synced: Office) -> None:
    mailbox_id = synced.mailboxes[ALICE]
    with synced.db.write() as session:
        state = session.get_one(SyncState, mailbox_id)
        assert state.next_import_at == state.next_audit_at
        state.next_audit_at = None
    synced.clock.advance(timedelta(minutes=1))
    drain_mailbox(synced.db, synced.clock, synced.connect, mailbox_id, task=Task.NEW_MAIL)
    assert audits(synced) == []
    with synced.db.write() as session:
        assert claim_imports(session, synced.clock.now() + timedelta(seconds=1), 10) == [mailbox_id]
    drain_mailbox(synced.db, synced.clock, synced.connect, mailbox_id, task=Task.IMPORT)
    assert len(audits(synced)) == 1


def test_mail_that_was_lost_is_found_and_fetched_in_the_same_drain(synced: Office) -> None:
    lose(synced, 2)
    synced.clock.advance(A_NIGHT)
    synced.sync()
    (audit,) = audits(synced)
    assert (audit.missing, audit.extra, audit.left) == (2, 0, 0)
    assert audit.misbooked == 2
    assert_balanced(synced)
    assert stored(synced) == 4


def test_a_copy_that_gmail_no_longer_has_is_found_too(synced: Office) -> None:
    remove(synced, ids_in_gmail(synced, "")[0])
    synced.emulator.store.execute("DELETE FROM history")
    synced.clock.advance(A_NIGHT)
    synced.sync()
    (audit,) = audits(synced)
    assert (audit.missing, audit.extra, audit.left) == (0, 1, 0)
    assert stored(synced) == 3


def test_mail_that_cannot_be_fetched_stays_a_gap(synced: Office) -> None:
    lose(synced, 1)
    synced.clock.advance(A_NIGHT)
    synced.emulator.faults.inject("server-error-503", verbs=("messages.get",), times=50)
    synced.sync()
    (audit,) = audits(synced)
    assert (audit.missing, audit.left) == (1, 1)


def test_mail_that_arrives_while_gmails_list_is_read_is_no_gap(synced: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    gmail = synced.gmail(ALICE)
    list_messages = gmail.list_messages

    def arriving(**asked: object) -> object:
        synced.mail(DORA, ALICE, "Just now")
        return list_messages(**asked)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(gmail, "list_messages", arriving)
    monkeypatch.setattr(synced, "connect", lambda _id: gmail)
    synced.clock.advance(A_NIGHT)
    synced.sync()
    (audit,) = audits(synced)
    assert (audit.found, audit.left) == (0, 0)


def stored(office: Office) -> int:
    with office.db.read() as session:
        return store.count_accounts(session, office.mailboxes[ALICE])["stored"]


@pytest.fixture
def here(synced: Office) -> Iterator[Installation]:
    given = {"DATABASE_URL": synced.db.url, "SECRET_KEY": "s" * 32, "TOKEN_KEYS": KEY}
    settings = read_settings({f"ENLACE_{name}": value for name, value in given.items()})
    opened = open_installation(settings, clock=synced.clock, emulator=synced.emulator)
    yield replace(opened, db=synced.db)
    opened.db.dispose()  # the limiter's


def test_the_command_says_what_it_found_and_repairs_it(synced: Office, here: Installation) -> None:
    lose(synced, 1)
    run = CliRunner().invoke(cli, ["mailbox", "audit", ALICE], obj=here)
    told = json.loads(run.stdout.splitlines()[-1])  # after what the test run logs
    assert run.exit_code == 0
    assert (len(told["missing"]), told["extra"], told["repaired"], told["left"]) == (1, [], 1, 0)
    assert told["listed"] == told["stored"] == 4
    assert "1 missing and 0 too many; 1 repaired, nothing left." in run.stderr
    again = CliRunner().invoke(cli, ["mailbox", "audit", ALICE], obj=here)
    assert "each of them stored or accounted for" in again.stderr


def test_the_command_changes_nothing_where_it_shall_only_look(synced: Office, here: Installation) -> None:
    lose(synced, 1)
    run = CliRunner().invoke(cli, ["mailbox", "audit", ALICE, "--no-repair"], obj=here)
    assert run.exit_code == 1
    assert json.loads(run.stdout.splitlines()[-1])["left"] == 1
    assert stored(synced) == 3
