"""A sync that is killed at its commits and started again ends where one that ran through ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.linking.tables import Link, Receipt
from backend.mail.tables import Copy, Message
from backend.records.tables import Record
from backend.sync.audit import audit_mailbox
from tests.cast import ALICE, DORA, ERIK, Office, open_office
from tests.conftest import ROOT

KILLED = -9
MOST_COMMITS = 60


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "gmail.db"


@pytest.fixture
def emulator(clock: VirtualClock, state: Path) -> Iterator[Emulator]:
    """A Gmail whose state the killed processes share."""
    emulator = Emulator(state, clock=clock)
    yield emulator
    emulator.close()


def exchange_mail(office: Office) -> None:
    """Enough for two batches, with people, threads, newsletters, and a mail in the bin."""
    first = ""
    for n in range(60):
        sender, to = (ALICE, [DORA]) if n % 3 == 0 else (DORA if n % 3 == 1 else ERIK, [ALICE])
        thread = first if n % 5 == 0 else ""
        first = office.mail(sender, to, f"Mail {n}", reply_to_id=thread) or first
    office.mail("news@shop.example", ALICE, "Sale", headers=[("List-Id", "<sale.shop.example>")])
    office.mail(ERIK, ALICE, "Binned", labels=["TRASH"])


def outcome(office: Office) -> dict[str, object]:
    """What the store holds, in words that do not depend on ids."""
    with office.db.read() as session:
        links = session.execute(
            select(Message.subject, Record.name)
            .join(Link, Link.message_id == Message.id)
            .join(Record, Record.id == Link.record_id)
            .where(Link.undone_at.is_(None))
        )
        return {
            "messages": sorted(session.scalars(select(Message.subject))),
            "copies": sorted(session.scalars(select(Copy.gmail_id))),
            "records": sorted(session.scalars(select(Record.name))),
            "links": sorted((row[0], row[1]) for row in links),
            "receipts": len(session.scalars(select(Receipt.message_id)).all()),
        }


@dataclass
class Syncs:
    """Runs syncs of alice's mailbox in processes that die where they are told."""

    process: subprocess.Popen[str]
    office: Office
    state: Path

    def run(self, kill_at: str) -> int:
        url = self.office.db.engine.url.render_as_string(hide_password=False)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(url, self.state, self.office.mailboxes[ALICE], kill_at, file=self.process.stdin, flush=True)
        status = int(self.process.stdout.readline())
        assert status in {0, KILLED}
        return status


@pytest.fixture
def syncs(office: Office, state: Path) -> Iterator[Syncs]:
    command = [sys.executable, "-m", "tests.sync.killable"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Syncs(process, office, state)
        assert process.stdin is not None
        process.stdin.close()


def change_mail(office: Office) -> None:
    """What happens in Gmail after the first sync: arrivals, an answer, a star, a deletion."""
    office.mail(DORA, ALICE, "Later")
    office.mail(ALICE, ERIK, "Re: Mail 2")
    gmail = office.gmail(ALICE)
    ids = [ref.id for ref in gmail.list_messages().refs]
    gmail.modify(ids[5], add=["STARRED"])
    mailbox = office.emulator.mailbox(ALICE)
    with office.emulator.store.transaction():
        mailbox.remove(mailbox.get(int(ids[9], 16)))


@pytest.mark.slow
@pytest.mark.parametrize("side", ["", "+"], ids=["before", "after"])
def test_a_sync_killed_again_and_again_at_its_commits_ends_where_an_undisturbed_one_ends(
    office: Office, syncs: Syncs, make_sqlite: Callable[[], Database], side: str
) -> None:
    exchange_mail(office)
    kills = 0
    for commit in range(1, MOST_COMMITS):
        if syncs.run(f"{side}{commit % 4 + 1}") == 0:
            break
        kills += 1
    change_mail(office)
    for commit in range(1, 6):
        kills += syncs.run(f"{side}{commit}") == KILLED
    assert syncs.run("0") == 0
    assert kills > 5
    undisturbed = open_office(make_sqlite(), office.clock, office.emulator)
    undisturbed.sync()
    assert outcome(office) == outcome(undisturbed)
    audit = audit_mailbox(office.db, office.gmail(ALICE), office.mailboxes[ALICE])
    assert (audit.missing, audit.extra, audit.pending) == ((), (), 0)
