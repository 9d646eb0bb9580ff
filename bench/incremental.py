"""What one new mail costs in a small and in a huge mailbox.

The stores are filled by the database itself (`bench.store`); then one mail after the other arrives and is drained:
answers in known conversations, mails of known people, of the busy one, of strangers, and of the team to strangers. In
SQLite the database's work is this process's CPU. PostgreSQL's is not, so that there the time until the drain is done
counts, and of several times the best: the machine may be busy with something else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from email.message import EmailMessage
from statistics import median

from sqlalchemy import text, update

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.kit.clock import SystemClock
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from backend.sync.tables import SyncState
from bench.figure import Figure
from bench.store import BUSY, OWNER, Stock, fill_store

SMALL, LARGE = 10_000, 1_000_000
CONTACTS_EACH = 10  # one contact for so many mails
MAILS, WARM_UP = 40, 10
NEVER = datetime(9000, 1, 1, tzinfo=UTC)  # the Gmail here holds only what is new: an audit would take the rest away
BAR = 1.2
_SEARCH = {
    "sqlite": "INSERT INTO message_search (rowid, document) SELECT message_id, text FROM message_bodies",
    "postgresql": "INSERT INTO message_search (id, document) "
    "SELECT message_id, to_tsvector('simple', text) FROM message_bodies",
}


def growth_of_one_mail(database: str, url_of: Callable[[int], str]) -> Iterator[Figure]:
    """Deliver the same mails to both stores in turn and compare the medians."""
    with ExitStack() as stack:
        small, large = (_Place(url_of(size), size, stack) for size in (SMALL, LARGE))
        spent: dict[int, list[float]] = {SMALL: [], LARGE: []}
        for number in range(MAILS + WARM_UP):
            for place in (small, large):
                took = place.take(number)
                if number >= WARM_UP:
                    spent[place.size].append(took)
    for size in (SMALL, LARGE):
        yield Figure("sync", f"{database}_new_mail_in_{size}_ms", median(spent[size]) * 1000)
    yield Figure("sync", f"{database}_new_mail_growth", median(spent[LARGE]) / median(spent[SMALL]), BAR)


class _Place:
    """A filled store whose mailbox is in step with a Gmail that gets one new mail at a time."""

    def __init__(self, url: str, size: int, stack: ExitStack) -> None:
        self.size = size
        self.db = Database(url)
        stack.callback(self.db.dispose)
        self.stock = fill_store(self.db, size, size // CONTACTS_EACH)
        self.emulator = Emulator()
        stack.callback(self.emulator.close)
        self.emulator.add_mailbox(OWNER)
        self.gmail = EmulatorGmail(self.emulator, OWNER)
        self._now = time.process_time if self.db.is_sqlite else time.perf_counter
        self._make_searchable()

    def _make_searchable(self) -> None:
        with self.db.write() as session:
            session.execute(text(_SEARCH[self.db.engine.dialect.name]))
            in_step = {"history_id": self.gmail.profile().history_id, "listing": 1, "next_audit_at": NEVER}
            session.execute(update(SyncState).values(in_step))

    def take(self, number: int) -> float:
        """Let a mail arrive; seconds until it is stored, linked and searchable."""
        with self.emulator.store.transaction():
            date_ms = self.emulator.store.now_ms()
            self.emulator.mailbox(OWNER).add(_mail(self.stock, number), ["INBOX"], date_ms=date_ms)
        started = self._now()
        end = drain_mailbox(self.db, SystemClock(), lambda _id: self.gmail, self.stock.mailbox_id)
        spent = self._now() - started
        assert end is End.DONE
        return spent


def _mail(stock: Stock, number: int) -> bytes:
    """The mail of this number: alike in both stores, but for whom it is with and what it answers."""
    before = stock.messages // 2 + number * 7
    other = (
        stock.contact_of(before),
        stock.contact_of(before),
        stock.contact_of(BUSY),
        f"stranger{number}@elsewhere{number}.example",
        f"new{number}@other{number}.example",
    )[number % 5]
    mail = EmailMessage()
    mail["From"], mail["To"] = (OWNER, other) if number % 5 == 4 else (other, OWNER)
    mail["Subject"], mail["Message-ID"] = f"About the offer {number}", f"<new{number}@mail.example>"
    if number % 5 == 0:
        mail["References"] = mail["In-Reply-To"] = f"<m{before}@mail.example>"
    mail.set_content("Here is what we said on the phone.\n" * 20)
    return mail.as_bytes()
