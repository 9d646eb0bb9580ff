"""Several mailboxes hold one exchange: it is one, whatever the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations

import pytest
from sqlalchemy import func, select

from backend.accounts.tables import Mailbox
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.mail.tables import Conversation, Copy, Message
from backend.timeline.shapes import EntryKind, Wanted
from backend.timeline.store.mails import mails
from tests.cast import ALICE, BOB, CAROL, DORA, Office, open_office

SALES = "sales@acme.example"
REPS = (ALICE, BOB, CAROL)


@pytest.fixture
def office(make_sqlite: Callable[[], Database], clock: VirtualClock) -> Iterator[Office]:
    emulator = Emulator(clock=clock)
    office = open_office(make_sqlite(), clock, emulator, *REPS)
    yield office
    office.db.dispose()
    emulator.close()


def numbers(office: Office) -> tuple[int, int, int]:
    """Conversations, mails, copies."""
    with office.db.read() as session:
        counted = (session.scalar(select(func.count()).select_from(t)) for t in (Conversation, Message, Copy))
        return tuple(n or 0 for n in counted)  # type: ignore[return-value]  # three of them


@pytest.mark.parametrize("order", list(permutations(REPS)), ids=lambda order: "-".join(a[:1] for a in order))
def test_three_mailboxes_make_one_conversation_in_any_order(office: Office, order: tuple[str, ...]) -> None:
    first = office.mail(ALICE, DORA, "Offer")
    second = office.mail(DORA, ALICE, "Re: Offer", reply_to_id=first, cc=[BOB])
    third = office.mail(BOB, DORA, "Re: Offer", reply_to_id=second, cc=[CAROL])
    office.mail(CAROL, BOB, "Fwd: Offer", reply_to_id=third)
    for address in order:
        office.sync(address)
    assert numbers(office) == (1, 4, 7)


def test_mail_to_a_group_is_one_mail_in_the_timeline_with_all_whose_mailboxes_hold_it(office: Office) -> None:
    office.mail(DORA, SALES, "To whom it may concern", mailboxes=[ALICE, BOB])
    office.mail(ALICE, DORA, "Re: To whom it may concern")
    office.sync()
    with office.db.read() as session:
        found = mails(session, office.actors[ALICE], Wanted(kinds=frozenset({EntryKind.MAIL}), limit=10))
    (group,) = [entry for entry in found if entry.title == "To whom it may concern"]
    assert set(group.mailboxes) == {"Alice", "Bob"}


def test_whose_mailbox_shares_nothing_is_not_named(office: Office) -> None:
    office.mail(DORA, [ALICE, BOB], "To both")
    office.mail(ALICE, DORA, "Re: To both")
    office.sync()
    with office.db.write() as session:
        session.get_one(Mailbox, office.mailboxes[BOB]).sharing = "nothing"
    with office.db.read() as session:
        found = mails(session, office.actors[CAROL], Wanted(kinds=frozenset({EntryKind.MAIL}), limit=10))
    (both,) = [entry for entry in found if entry.title == "To both"]
    assert both.mailboxes == ("Alice",)
