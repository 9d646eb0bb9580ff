"""Links are what the facts say: random teams at work in the CRM while their mail comes in any order."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.linking import history
from backend.linking.service import linker_for
from backend.mail.tables import Message
from tests.cast import ALICE, BOB, DORA, ERIK, Office, open_office
from tests.linking.facts import facts_of, tell
from tests.linking.hands import Hands
from tests.sync.outcome import outcome

PEOPLE = [ALICE, BOB, DORA, ERIK, "eva@nordwind.example", "max@gmail.com"]
SUBJECTS = ("Topic 1", "Topic 2", "Offer 3", "Warehouse plan", "Hello", "Seats [D-1001]", "Seats [D-1002]")
STEPS = 40


@pytest.mark.parametrize("seed", range(12))
def test_links_are_those_of_an_undisturbed_sync_that_was_told_everything_at_once(
    make_sqlite: Callable[[], Database], seed: int
) -> None:
    clock = VirtualClock()
    emulator = Emulator(clock=clock)
    office = open_office(make_sqlite(), clock, emulator, ALICE, BOB)
    _live(office, random.Random(seed))
    office.sync()
    undisturbed = open_office(make_sqlite(), clock, emulator, ALICE, BOB)
    undisturbed.sync()
    tell(undisturbed, facts_of(office))
    assert outcome(office.db).differences(outcome(undisturbed.db)) == []
    assert _changes_when_decided_afresh(office) == ()
    for each in (office, undisturbed):
        each.db.dispose()
    emulator.close()


def _live(office: Office, chance: random.Random) -> None:
    """Mail comes, one of the mailboxes is read, days pass, and somebody works on deals and links."""
    hands = Hands(office, office.actors[ALICE])
    threads: list[list[str]] = []
    happenings: dict[str, Callable[[], object]] = {
        "mail": lambda: _write(office, chance, threads),
        "sync": lambda: office.sync(chance.choice([ALICE, BOB])),
        "time": lambda: office.clock.advance(timedelta(days=chance.choice([1, 5, 20, 45]))),
        "work": lambda: hands.do(chance.choice(Hands.deeds), chance.randrange(10_000)),
    }
    for what in chance.choices(list(happenings), weights=[50, 20, 6, 24], k=STEPS):
        happenings[what]()


def _write(office: Office, chance: random.Random, threads: list[list[str]]) -> None:
    sender, *others = chance.sample(PEOPLE, 3)
    thread = chance.choice([[], *threads])
    if not thread:
        threads.append(thread)
    thread.append(office.mail(sender, others, chance.choice(SUBJECTS), reply_to_id=thread[-1] if thread else ""))


def _changes_when_decided_afresh(office: Office) -> tuple[object, ...]:
    with office.db.write() as session:
        mails = session.scalars(select(Message.id)).all()
        changes = history.compare(
            session, linker_for(session, office.workspace_id, office.clock).decide_afresh(session, mails)
        )
    return (*changes.added, *changes.brought_back, *changes.removed)
