"""Books that lag behind the mailbox: restored from a backup, kept twice, or shared by two installations."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.outbox.jobs import send_due
from backend.outbox.shapes import State
from tests.cast import ALICE, DORA, Office, open_office
from tests.outbox.desk import Outbox

SHARED = 77  # the source's id of an order: the same in both books


@pytest.fixture
def books(tmp_path: Path, sqlite_template: Path) -> Path:
    path = tmp_path / "books.db"
    shutil.copy(sqlite_template, path)
    return path


@pytest.fixture
def present(books: Path, clock: VirtualClock, emulator: Emulator) -> Iterator[Outbox]:
    """The outbox whose books are copied."""
    db = Database(f"sqlite:///{books}")
    box = Outbox(open_office(db, clock, emulator))
    box.office.sync()
    yield box
    db.dispose()


@pytest.mark.parametrize("backed_up_when", ["before the order", "claimed", "sending"])
def test_a_database_restored_from_yesterdays_backup_sends_nothing_again(present: Outbox, backed_up_when: str) -> None:
    """The mailbox knows what was sent since, by the header that the same order gets again."""
    if backed_up_when == "claimed":
        present.order(source_id=SHARED)
    if backed_up_when == "sending":
        order = present.order(source_id=SHARED)
        present.office.emulator.faults.inject("server-error-503", verbs=("drafts.send",), times=1)
        present.round()
        present.office.emulator.faults.clear()
    backup = _copy(present)
    present.order(source_id=SHARED)
    present.rounds(minutes=30)
    assert backup.deliveries() == 1  # whoever was opened last hears the recipients
    order = backup.order(source_id=SHARED)
    backup.rounds(minutes=60)
    assert (backup.see(order).state, backup.deliveries()) == (State.SENT, 1)
    assert backup.drafts() == 0


def test_a_draft_that_the_lost_books_laid_down_is_removed(present: Outbox) -> None:
    backup = _copy(present)
    present.order(source_id=SHARED)
    present.office.emulator.faults.inject("server-error-503", verbs=("drafts.send",), times=1)
    present.round()
    present.office.emulator.faults.clear()
    assert present.drafts() == 1
    backup.order(source_id=SHARED)
    backup.rounds(minutes=60)
    assert (backup.states(), backup.drafts(), backup.deliveries()) == (["sent"], 0, 1)


def test_two_installations_on_one_database(present: Outbox) -> None:
    """Each with connections of its own; whoever comes second finds the mailbox taken or the work done."""
    other = Outbox(_office(present, Database(present.office.db.url)))
    order = present.order()
    for _ in range(5):
        send_due(present.desk, present.office.mailboxes[ALICE])
        send_due(other.desk, present.office.mailboxes[ALICE])
    other.office.db.dispose()
    assert (present.see(order).state, present.deliveries() + other.deliveries()) == (State.SENT, 1)


def test_another_persons_order_is_not_taken_for_one_that_was_sent(present: Outbox) -> None:
    """After a restore row ids come again; keys do not."""
    backup = _copy(present)
    present.order(DORA)
    present.round()
    order = backup.order("erik@suedwind.example")
    backup.rounds(minutes=20)
    assert (order, backup.deliveries("erik@suedwind.example")) == (1, 1)


def _copy(box: Outbox) -> Outbox:
    """The books as they are now, restored beside the present ones."""
    file = Path(str(box.office.db.engine.url.database))
    with box.office.db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    target = file.with_name("restored.db")
    shutil.copy(file, target)
    return Outbox(_office(box, Database(f"sqlite:///{target}")))


def _office(box: Outbox, db: Database) -> Office:
    office = Office(db, box.office.clock, box.office.emulator, box.office.workspace_id)
    office.actors, office.mailboxes = box.office.actors, box.office.mailboxes
    return office
