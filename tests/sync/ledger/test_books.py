"""The books balance whatever is moved, killed or repaired: every id stands in exactly one account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, func, select, update

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.mail.tables import Copy
from backend.sync.jobs import drain_mailbox
from backend.sync.ledger import store
from backend.sync.ledger.service import put_right
from backend.sync.ledger.shapes import STORED, Totals
from backend.sync.shapes import End
from backend.sync.store import LEASE
from backend.sync.tables import SyncDay, SyncSkip
from tests.cast import ALICE, DORA, Office, open_office


def books(office: Office, address: str = ALICE) -> Totals:
    with office.db.read() as session:
        mailbox_id = office.mailboxes[address]
        return store.totals(session, [mailbox_id]).get(mailbox_id, Totals())


def counted(office: Office, address: str = ALICE) -> dict[str, int]:
    with office.db.read() as session:
        return {name: n for name, n in store.count_accounts(session, office.mailboxes[address]).items() if n}


def in_accounts(total: Totals) -> dict[str, int]:
    named = {STORED: total.stored, "pending": total.pending, **total.skipped}
    return {name: n for name, n in named.items() if n}


def assert_balanced(office: Office, address: str = ALICE) -> None:
    total = books(office, address)
    assert total.unexplained == 0
    assert in_accounts(total) == counted(office, address)


def test_a_first_sync_is_booked_to_the_last_id(office: Office) -> None:
    office.mail(DORA, ALICE)
    office.mail(ALICE, DORA)
    office.mail(DORA, ALICE, "Draft", labels=["DRAFT"])
    office.sync()
    assert books(office) == Totals(seen=3, stored=2, pending=0, skipped={"draft": 1}, gone=0)


def test_a_mail_that_goes_is_gone_and_one_that_comes_back_from_spam_is_stored(office: Office) -> None:
    office.mail(DORA, ALICE, "To be deleted")
    office.mail(DORA, ALICE, "Taken for spam", labels=["SPAM"])
    office.sync()
    (kept,) = ids_in_gmail(office, "in:inbox")
    (spam,) = ids_in_gmail(office, "in:spam")
    remove(office, kept)
    office.gmail(ALICE).modify(spam, remove=["SPAM"], add=["INBOX"])
    office.sync()
    total = books(office)
    assert (total.seen, total.stored, total.gone) == (2, 1, 1)
    assert_balanced(office)


def test_days_are_booked_apart_and_each_balances_by_itself(office: Office) -> None:
    office.mail(DORA, ALICE)
    office.sync()
    office.clock.advance(timedelta(days=1))
    office.mail(DORA, ALICE)
    office.mail(DORA, ALICE)
    office.sync()
    with office.db.read() as session:
        newest, oldest = store.days(session, office.mailboxes[ALICE], limit=10)
    assert (newest.seen, oldest.seen) == (2, 1)
    assert newest.last_success_at == office.clock.now()
    for day in (newest, oldest):
        assert day.seen == day.stored + day.pending + sum(day.skipped.values()) + day.gone


def test_books_that_are_off_are_put_right_and_it_is_said_by_how_much(office: Office) -> None:
    office.mail(DORA, ALICE)
    office.mail(DORA, ALICE, labels=["DRAFT"])
    office.sync()
    with office.db.write() as session:
        session.execute(delete(SyncSkip))
        session.execute(update(SyncDay).values(stored=7))
    with office.db.write() as session:
        assert put_right(session, office.workspace_id, office.mailboxes[ALICE], office.clock.now()) == 7
    assert_balanced(office)
    with office.db.write() as session:
        assert put_right(session, office.workspace_id, office.mailboxes[ALICE], office.clock.now()) == 0


class Killed(BaseException):
    """What kill -9 looks like to the database: no further word from this drain."""


ACTS = st.lists(
    st.tuples(st.sampled_from(["arrive", "draft", "spam", "delete", "trash", "restore", "expire"]), st.integers(0, 50)),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rounds=st.lists(st.tuples(ACTS, st.integers(1, 12)), min_size=1, max_size=4))
def test_the_books_balance_wherever_a_drain_is_killed(
    make_sqlite: Callable[[], Database], rounds: list[tuple[list[tuple[str, int]], int]]
) -> None:
    clock = VirtualClock()
    emulator = Emulator(clock=clock)
    office = open_office(make_sqlite(), clock, emulator)
    for acts, kill_at in rounds:
        for act, number in acts:
            change(office, act, number)
        drain_killed_at(office, kill_at)
        assert_balanced(office)
        clock.advance(LEASE)
    office.sync()
    assert_balanced(office)
    assert counted(office).get("pending", 0) == 0
    office.db.dispose()
    emulator.close()


def change(office: Office, act: str, number: int) -> None:
    """Let something happen in Gmail."""
    labels = {"arrive": (), "draft": ("DRAFT",), "spam": ("SPAM",)}
    if act in labels:
        office.mail(DORA, ALICE, f"Mail {number}", labels=labels[act])
        return
    if act == "expire":
        office.emulator.expire_history(ALICE)
        return
    ids = ids_in_gmail(office, "")
    if not ids:
        return
    chosen = ids[number % len(ids)]
    if act == "delete":
        remove(office, chosen)
    else:
        verb = {"trash": {"add": ["TRASH"]}, "restore": {"remove": ["TRASH", "SPAM"]}}[act]
        office.gmail(ALICE).modify(chosen, **verb)


def ids_in_gmail(office: Office, query: str) -> list[str]:
    found = office.gmail(ALICE).list_messages(query=query or None, include_spam_trash=True)
    return [ref.id for ref in found.refs]


def remove(office: Office, gmail_id: str) -> None:
    mailbox = office.emulator.mailbox(ALICE)
    with office.emulator.store.transaction():
        mailbox.remove(mailbox.get(int(gmail_id, 16)))


def drain_killed_at(office: Office, commit: int) -> None:
    """Drain, and die just before that commit; nothing is cleaned up behind it."""
    seen = Counter[str]()

    def die(_connection: object) -> None:
        seen["commits"] += 1
        if seen["commits"] >= commit:
            raise Killed

    event.listen(office.db.engine, "commit", die)
    try:
        while drain_mailbox(office.db, office.clock, office.connect, office.mailboxes[ALICE]) is End.MORE:
            pass
    except Killed:
        pass
    finally:
        event.remove(office.db.engine, "commit", die)


def test_a_move_adds_one_entry_however_many_ids_it_moves(office: Office) -> None:
    statements: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        statements.append(statement)

    for n in range(30):
        office.mail(DORA, ALICE, f"Mail {n}")
    event.listen(office.db.engine, "before_cursor_execute", note)
    office.sync()
    event.remove(office.db.engine, "before_cursor_execute", note)
    entries = [s for s in statements if s.lstrip().startswith("INSERT INTO sync_days")]
    assert len(entries) == 3  # listed, fetched, and the end of the drain
    with office.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Copy)) == 30
