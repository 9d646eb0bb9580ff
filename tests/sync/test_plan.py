"""What is fetched next: what matters before what does not, and threads where they cost less."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from backend.gmail.emulator.load import Mail, insert_many
from backend.kit.clock import to_epoch_ms
from backend.mail.tables import Copy, Message
from backend.sync.buckets import Urgency
from backend.sync.jobs import drain_mailbox
from backend.sync.limiter import Limiter
from backend.sync.plan import GET, THREAD, affordable, cost, most_urgent, plan_bites
from backend.sync.rules import KNOWN, LISTED, NEW_MAIL, RECENT, relevant_queries
from backend.sync.shapes import End, QueueItem, Task
from tests.cast import ALICE, BOB, DORA, Office, open_mailbox

ITEMS = st.lists(
    st.builds(
        QueueItem,
        gmail_id=st.integers(0, 10**6).map(str),
        thread_id=st.sampled_from("abcdef"),
        attempts=st.just(0),
        is_stored=st.booleans(),
    ),
    unique_by=lambda item: item.gmail_id,
    max_size=40,
)


@given(ITEMS, st.integers(0, 40), st.integers(0, 2_000))
def test_a_plan_asks_for_each_id_once_in_order_and_never_pays_more_than_single_gets(
    items: list[QueueItem], wanted: int, units: int
) -> None:
    chosen, mates = items[:wanted], items[wanted:]
    bites = plan_bites(chosen, mates)
    asked = [item for bite in bites for item in bite.items]
    assert len(set(asked)) == len(asked)
    assert set(asked) <= set(items)
    assert len(asked) >= len(chosen)
    assert cost(bites) <= GET * len(asked)
    assert all(len({(i.thread_id, i.is_stored) for i in bite.items}) == 1 for bite in bites)
    firsts = [chosen.index(bite.items[0]) for bite in bites if bite.items[0] in chosen and not bite.is_thread]
    assert firsts == sorted(firsts)
    paid = list(affordable(bites, units))
    assert cost(paid) <= units
    assert paid or not bites or units < GET


def test_three_of_a_thread_are_got_with_it_and_two_are_not() -> None:
    three = [QueueItem(str(n), "t", 0, is_stored=False) for n in range(3)]
    (whole,) = plan_bites(three[:1], three[1:])
    assert (whole.is_thread, whole.units) == (True, THREAD)
    assert [bite.units for bite in plan_bites(three[:2], [])] == [GET, GET]


def test_new_mail_is_not_made_to_wait_for_an_imports_units() -> None:
    new, old = QueueItem("1", "t", 0, is_stored=False), QueueItem("2", "u", 0, is_stored=False, priority=LISTED)
    assert most_urgent([new, old]) == ([new], Urgency.NEW_MAIL)
    assert most_urgent([old]) == ([old], Urgency.IMPORT)
    assert NEW_MAIL < KNOWN < LISTED


def test_recent_mail_and_known_names_are_asked_for_in_queries_that_gmail_can_read() -> None:
    assert list(relevant_queries([])) == [RECENT]
    names = [f"c{n}.example" for n in range(41)] + ['"odd name"@x.example', "a b", "x}{y"]
    queries = list(relevant_queries(names))
    assert len(queries) == 4
    assert all(len(query) < 2_000 for query in queries)
    assert queries[1].startswith("{from:c0.example to:c0.example cc:c0.example from:c1.example")
    assert "odd" not in "".join(queries)


def test_an_import_begins_with_the_last_month_and_with_known_people(sqlite_office: Office) -> None:
    office = sqlite_office
    office.mail(ALICE, DORA)
    office.mail(DORA, ALICE)
    office.sync()  # alice makes dora and her company known
    open_mailbox(office, BOB)
    months_ago, weeks_ago = (to_epoch_ms(office.clock.now() - timedelta(days=days)) for days in (200, 20))
    old = [Mail(_raw("dora@nordwind.example", f"Known {n}"), ("INBOX",), months_ago + n) for n in range(4)]
    tail = [Mail(_raw(f"p{n}@elsewhere.example", f"Tail {n}"), ("INBOX",), months_ago + 1000 + n) for n in range(40)]
    recent = [Mail(_raw(f"r{n}@elsewhere.example", f"Recent {n}"), ("INBOX",), weeks_ago + n) for n in range(4)]
    insert_many(office.emulator, BOB, [*old, *tail, *recent])
    limiter = Limiter(office.db, office.clock, 300, 10_000, lambda _s: None)
    bobs = office.mailboxes[BOB]
    assert drain_mailbox(office.db, office.clock, office.connect, bobs, task=Task.IMPORT, limiter=limiter) is End.LATER
    with office.db.read() as session:
        mine = select(Message.subject).join(Copy, Copy.message_id == Message.id).where(Copy.mailbox_id == bobs)
        subjects = {subject.rpartition(" ")[0] for subject in session.scalars(mine)}
        assert len(session.scalars(mine).all()) >= 8
    assert {"Known", "Recent"} <= subjects
    for _ in range(5):
        office.clock.advance(timedelta(minutes=2))
        drain_mailbox(office.db, office.clock, office.connect, bobs, limiter=limiter)
    with office.db.read() as session:
        assert len(session.scalars(mine).all()) == 48


def _raw(sender: str, subject: str) -> bytes:
    message_id = f"<{subject.replace(' ', '-')}@mail.example>"
    return f"From: {sender}\r\nTo: {BOB}\r\nSubject: {subject}\r\nMessage-ID: {message_id}\r\n\r\nHello\r\n".encode()
