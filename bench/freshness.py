"""How long a new mail takes into the timeline: 200 mailboxes, one worker on one thread, polling only.

On the town's clock a call to Gmail takes a tenth of a second. Some mailboxes import old mail meanwhile, which must not
delay anybody's new mail.
"""

from __future__ import annotations

import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from backend.kit.clock import to_epoch_ms
from backend.mail.tables import Copy
from backend.sync.shapes import Job
from bench.figure import Figure
from bench.quota import fill
from bench.town import Town

MAILBOXES, IMPORTING = 200, 3
MAILS_EACH = 4_000
DELIVERIES, MINUTES = 300, 5
BAR_S = 90


def run() -> Iterator[Figure]:
    """Let the town live, deliver mail at random moments, and look when each is in the timeline."""
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder), MAILBOXES, per_user=6_000, per_project=1_200_000)
        waits_s = deliver_to(town, DELIVERIES, MINUTES, importing=IMPORTING, mails=MAILS_EACH)
        imported = _imported(town)
        town.close()
    yield Figure("freshness", "mailboxes", MAILBOXES)
    yield Figure("freshness", "imported_beside", imported)
    yield Figure("freshness", "median_s", sorted(waits_s)[len(waits_s) // 2])
    yield Figure("freshness", "longest_s", max(waits_s), BAR_S)
    yield Figure("freshness", "not_delivered", DELIVERIES - len(waits_s), 0)


def deliver_to(town: Town, deliveries: int, minutes: int, *, importing: int, mails: int) -> list[float]:
    """Deliver so many mails over the minutes; returns how many seconds each took into the timeline."""
    town.live(timedelta(minutes=3))  # everybody's first look is over
    for address in town.addresses[:importing]:
        fill(town, address, mails)
        town.emulator.expire_history(address)  # so that all of it is imported
    postman = Postman(town, deliveries, minutes)
    town.watchers.append(postman.look)
    town.live(timedelta(minutes=minutes), before_each=postman.deliver)
    town.live(timedelta(seconds=BAR_S))
    return postman.waits_s


@dataclass
class Postman:
    """Delivers at random moments, and looks after each job whether the mail is in the timeline."""

    town: Town
    deliveries: int
    minutes: int
    waits_s: list[float] = field(default_factory=list)
    under_way: dict[int, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        chance = random.Random(7)
        begin = self.town.clock.now()
        moments = [begin + timedelta(seconds=chance.random() * 60 * self.minutes) for _ in range(self.deliveries)]
        self.due = [(moment, chance.choice(self.town.addresses)) for moment in sorted(moments, reverse=True)]

    def deliver(self) -> None:
        """Deliver what is due by now, stamped with its due time."""
        while self.due and self.due[-1][0] <= self.town.clock.now():
            moment, address = self.due.pop()
            number = len(self.due)
            raw = (
                f"From: dora@nordwind.example\r\nTo: {address}\r\nSubject: New {number}\r\n"
                f"Message-ID: <new-{number}@nordwind.example>\r\n\r\nHello\r\n"
            ).encode()
            emulator = self.town.emulator
            with emulator.changing():
                stored = emulator.mailbox(address).add(raw, ("INBOX", "UNREAD"), date_ms=to_epoch_ms(moment))
            self.under_way[self.town.mailboxes[address]][f"{stored.id:x}"] = moment

    def look(self, job: Job) -> None:
        """Note which deliveries the job brought into the timeline."""
        waiting = self.under_way[job.mailbox_id]
        if not waiting:
            return
        with self.town.db.read() as session:
            mine = select(Copy.gmail_id).where(Copy.mailbox_id == job.mailbox_id, Copy.gmail_id.in_(sorted(waiting)))
            for gmail_id in session.scalars(mine):
                self.waits_s.append((self.town.clock.now() - waiting.pop(gmail_id)).total_seconds())


def _imported(town: Town) -> int:
    with town.db.read() as session:
        return len(session.scalars(select(Copy.id)).all())
