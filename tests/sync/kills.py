"""The kill tests' mail, and the runs that die and are resumed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path

from backend.db import Database
from backend.gmail.gateway import UNITS
from backend.sync.audit import audit_mailbox
from tests.cast import ALICE, DORA, ERIK, Office
from tests.databases import copy_database, drop_database
from tests.sync.killable import BATCH, MOMENTS
from tests.sync.outcome import Outcome, outcome

ROOT = Path(__file__).parent.parent.parent
Process = subprocess.Popen[str]
KILLED = {-9, -14}
# A resumed sync asks again for its labels, profile, aliases, history and one page of the listing.
STARTING_AGAIN = sum(UNITS[verb] for verb in ("labels", "profile", "send_as", "history", "list"))


@dataclass(frozen=True)
class Run:
    """How a process ended, and how many moments of each kind it saw; `seen["units"]` is the quota that it used."""

    status: int
    seen: Mapping[str, int]


@contextmanager
def killable_process() -> Iterator[Process]:
    """The process whose children sync and die (`killable`)."""
    command = [sys.executable, "-m", "tests.sync.killable"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@dataclass
class Kills:
    """Syncs of alice's mailbox in processes that die where they are told, each from a copy of the office's store."""

    process: Process
    office: Office
    state: Path
    done: int = 0
    _numbers: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.office.db.dispose()

    @property
    def is_sqlite(self) -> bool:
        """Whether the stores are SQLite's."""
        return self.office.db.is_sqlite

    @property
    def undisturbed(self) -> Run:
        """The run that nobody kills."""
        return self._undisturbed[0]

    @cached_property
    def _undisturbed(self) -> tuple[Run, Outcome]:
        with self._fresh_store() as url:
            run = self._run(url, "never:0")
            assert run.status == 0
            return run, self._outcome(url)

    def try_at(self, *orders: str) -> None:
        """Kill a sync at each of these moments in turn, let it run to its end, and compare with the undisturbed end.

        No work is done twice but one batch for each kill.
        """
        with self._fresh_store() as url:
            runs = [self._run(url, order) for order in orders]
            kills = sum(run.status in KILLED for run in runs)
            runs.append(self._run(url, "never:0"))
            assert runs[-1].status == 0, orders
            end = self._outcome(url)
        self.done += kills
        differences = end.differences(self._undisturbed[1])
        assert differences == [], (orders, differences[:5])
        spent = sum(run.seen["units"] for run in runs)
        again = kills * BATCH * UNITS["get"] + len(orders) * STARTING_AGAIN  # a killer may come when all is done
        allowed = self.undisturbed.seen["units"] + again
        assert spent <= allowed, (orders, f"{spent} units are more than {allowed}")

    def _outcome(self, url: str) -> Outcome:
        db = Database(url, pool_size=1)
        try:
            audit = audit_mailbox(db, self.office.gmail(ALICE), self.office.mailboxes[ALICE])
            assert (audit.missing, audit.extra, audit.pending) == ((), (), 0)
            return outcome(db)
        finally:
            db.dispose()

    @contextmanager
    def _fresh_store(self) -> Iterator[str]:
        url = copy_database(
            self.office.db.url, f"{Path(self.state).parent.name}_{next(self._numbers)}".replace("-", "_")
        )
        yield url
        drop_database(url)

    def _run(self, url: str, order: str) -> Run:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(url, self.state, self.office.mailboxes[ALICE], order, file=self.process.stdin, flush=True)
        status, *figures = map(int, self.process.stdout.readline().split())
        assert status in {0, *KILLED}
        return Run(status, dict(zip(MOMENTS, figures, strict=True)))


def before_first_sync(office: Office) -> None:
    """Enough for several batches and pages, with people, threads, newsletters, and what is no correspondence."""
    first = ""
    for n in range(110):
        sender, to = (ALICE, [DORA]) if n % 3 == 0 else (DORA if n % 3 == 1 else ERIK, [ALICE])
        if n % 7 == 0:
            sender, to = ALICE, [f"person{n}@company{n % 4}.example"]
        thread = first if n % 5 else ""
        first = office.mail(sender, to, f"Mail {n}", reply_to_id=thread) or first
    office.mail("news@shop.example", ALICE, "Sale", headers=[("List-Id", "<sale.shop.example>")])
    for label in ("TRASH", "SPAM", "DRAFT"):
        office.mail(ERIK, ALICE, f"In {label}", labels=[label])


def before_next_sync(office: Office) -> None:
    """A read mailbox in which then happens what can happen: more than a batch of arrivals, labels, deletions."""
    before_first_sync(office)
    office.sync()
    gmail = office.gmail(ALICE)
    ids = [ref.id for ref in gmail.list_messages().refs]
    for n in range(60):
        office.mail(
            ALICE if n % 4 else DORA, [DORA if n % 4 else ALICE, f"later{n % 9}@company9.example"], f"Later {n}"
        )
    for n in range(0, 30, 3):
        gmail.modify(ids[n], add=["STARRED"], remove=["UNREAD"])
        gmail.modify(ids[n + 1], add=["TRASH"])
        _delete(office, ids[n + 2])
    gmail.modify(ids[1], remove=["TRASH"])
    gmail.modify(gmail.list_messages(include_spam_trash=True, label_ids=["SPAM"]).refs[0].id, remove=["SPAM"])
    _delete(office, gmail.list_messages().refs[0].id)
    office.mail(ERIK, ALICE, "A draft", labels=["DRAFT"])


def _delete(office: Office, gmail_id: str) -> None:
    mailbox = office.emulator.mailbox(ALICE)
    with office.emulator.store.transaction():
        mailbox.remove(mailbox.get(int(gmail_id, 16)))
