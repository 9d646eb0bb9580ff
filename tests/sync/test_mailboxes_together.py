"""Several mailboxes hold one exchange: it is one, whatever the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations

import pytest
from sqlalchemy import func, select

from backend.accounts.tables import Mailbox
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.labels import create_label
from backend.kit.clock import VirtualClock
from backend.linking.exclusions import ignore_in_mailbox
from backend.linking.tables import Link
from backend.mail.tables import Conversation, Copy, Message
from backend.privacy.shapes import ExclusionKind
from backend.records.tables import Record
from backend.sync.undoing import ask_to_undo
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


def leave_by_deletion(office: Office) -> None:
    mailbox = office.emulator.mailbox(ALICE)
    with office.emulator.store.transaction():
        for ref in office.gmail(ALICE).list_messages().refs:
            mailbox.remove(mailbox.get(int(ref.id, 16)))


def leave_by_a_rule(office: Office) -> None:
    with office.db.write() as session:
        ignore_in_mailbox(
            session, office.clock, office.actors[ALICE], office.mailboxes[ALICE], ExclusionKind.ADDRESS, DORA
        )


def leave_by_undoing_the_import(office: Office) -> None:
    with office.db.write() as session:
        ask_to_undo(session, office.clock, session.get_one(Mailbox, office.mailboxes[ALICE]))


@pytest.mark.parametrize("leave", [leave_by_deletion, leave_by_a_rule, leave_by_undoing_the_import])
def test_links_go_with_the_last_open_copy_of_a_mail_that_a_colleague_keeps_private(
    office: Office, leave: Callable[[Office], None]
) -> None:
    private = str(create_label(office.emulator.mailbox(BOB), {"name": "Private"})["id"])
    office.mail(ALICE, DORA, "Hello Dora", mailboxes=[BOB])
    office.sync()
    office.gmail(BOB).modify(office.gmail(BOB).list_messages().refs[0].id, add=[private])
    office.sync()
    assert present_links(office) == {"dora@nordwind.example", "Nordwind"}
    leave(office)
    office.sync()
    assert numbers(office)[1:] == (1, 1)
    assert present_links(office) == set()


def present_links(office: Office) -> set[str]:
    with office.db.read() as session:
        query = select(Record.name).join(Link, Link.record_id == Record.id).where(Link.undone_at.is_(None))
        return set(session.scalars(query))
