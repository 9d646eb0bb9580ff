"""What a mailbox may do to a sync: change a hundred thousand times, or be switched off in the middle."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from backend.accounts.mailboxes import pause_mailbox, resume_mailbox
from backend.accounts.tables import Mailbox
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.shapes import Change, Fetched, Format, HistoryEvent, HistoryPage, MessageRef
from backend.mail.tables import Copy
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from backend.sync.store import LEASE, count_items, cursor_of, take_lease
from backend.sync.tables import SyncState
from tests.cast import ALICE, DORA, Office

PAGES, EVENTS = 200, 500
MOST_BYTES = 8_000_000


class Restless(EmulatorGmail):
    """A mailbox whose labels changed a hundred thousand times since the last look; each page takes half a minute."""

    def __init__(self, office: Office, refs: Sequence[MessageRef]) -> None:
        super().__init__(office.emulator, ALICE)
        self.office, self.refs, self.pages = office, refs, 0
        self.peak = 0
        self.rivals: list[bool] = []

    def history(self, start_history_id: str, page_token: str | None = None) -> HistoryPage:
        number = int(page_token or 0)
        self.pages += 1
        self.office.clock.advance(timedelta(seconds=30))
        if number == PAGES // 2:
            tracemalloc.start()
        if number % 50 == 20:
            with self.office.db.write() as session:
                rival = take_lease(session, self.office.mailboxes[ALICE], self.office.clock.now())
            self.rivals.append(rival is not None)
        first = int(start_history_id) + number * EVENTS
        events = tuple(self._event(first + n) for n in range(EVENTS))
        is_last = number == PAGES - 1
        if is_last:
            self.peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return HistoryPage(events, str(first + EVENTS), None if is_last else str(number + 1))

    def _event(self, number: int) -> HistoryEvent:
        change = Change.LABELS_ADDED if number % 2 else Change.LABELS_REMOVED
        return HistoryEvent(change, self.refs[number % len(self.refs)], ("STARRED",), number)


def test_a_history_of_a_hundred_thousand_changes_is_read_page_by_page_under_one_lease(sqlite_office: Office) -> None:
    office = sqlite_office
    for n in range(5):
        office.mail(DORA, ALICE, f"Mail {n}")
    office.sync()
    mailbox_id = office.mailboxes[ALICE]
    restless = Restless(office, office.gmail(ALICE).list_messages().refs)
    with office.db.read() as session:
        before = int(cursor_of(session, mailbox_id).history_id or 0)
    assert PAGES * timedelta(seconds=30) > LEASE
    assert drain_mailbox(office.db, office.clock, lambda _id: restless, mailbox_id) is End.DONE
    assert restless.rivals == [False] * 4
    with office.db.read() as session:
        assert int(cursor_of(session, mailbox_id).history_id or 0) == before + PAGES * EVENTS
        assert count_items(session, mailbox_id)[0] == 0
    assert restless.peak < MOST_BYTES


class Interrupted(EmulatorGmail):
    """A mailbox that an admin switches off while its first batch is on the way."""

    office: Office

    def get_messages(self, ids: Sequence[str], form: Format = Format.FULL) -> Fetched:
        fetched = super().get_messages(ids, form)
        with self.office.db.write() as session:
            pause_mailbox(session, self.office.clock, session.get_one(Mailbox, self.office.mailboxes[ALICE]))
        return fetched


def test_a_mailbox_switched_off_in_mid_sync_stores_nothing_more_and_loses_nothing(office: Office) -> None:
    for n in range(7):
        office.mail(DORA, ALICE, f"Mail {n}")
    gmail = Interrupted(office.emulator, ALICE)
    gmail.office = office
    mailbox_id = office.mailboxes[ALICE]
    assert drain_mailbox(office.db, office.clock, lambda _id: gmail, mailbox_id) is End.BUSY
    assert _stored(office) == 0
    asked = office.emulator.quota.units[ALICE]
    assert drain_mailbox(office.db, office.clock, office.connect, mailbox_id) is End.BUSY
    assert office.emulator.quota.units[ALICE] == asked
    with office.db.write() as session:
        assert session.get_one(SyncState, mailbox_id).lease_until is None
        resume_mailbox(session, office.clock, session.get_one(Mailbox, mailbox_id))
    office.sync()
    assert _stored(office) == 7


def _stored(office: Office) -> int:
    with office.db.read() as session:
        return session.scalar(select(func.count()).select_from(Copy)) or 0
