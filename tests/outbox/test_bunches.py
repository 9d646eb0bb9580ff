"""Orders that are worked on together: one spoils nothing for the others, and nobody takes all the time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.errors import Rejected
from backend.gmail.shapes import Draft
from backend.outbox import store
from backend.outbox.ordering import put_in
from backend.outbox.rounds import TURN
from backend.outbox.shapes import End, Order, State
from backend.outbox.tables import Suppression
from tests.cast import ALICE, BOB, open_mailbox
from tests.outbox.desk import AT_ONCE, Outbox

LIMIT = (
    f"From: Mail Delivery Subsystem <mailer-daemon@mx.example>\r\nTo: {ALICE}\r\n"
    "Subject: Delivery Status Notification (Failure)\r\nMessage-ID: <limit@mx.example>\r\n"
    "Date: Mon, 05 Jan 2026 09:01:00 +0000\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain\r\n\r\nYou have reached a limit for sending mail.\r\n"
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
    "Final-Recipient: rfc822; p7@many.example\r\nAction: failed\r\nStatus: 5.4.5\r\n"
    "Diagnostic-Code: smtp; 550 5.4.5 Daily user sending limit exceeded\r\n\r\n--b--\r\n"
)


def test_ten_thousand_rows_of_one_rep_beside_another_reps_three(outbox: Outbox) -> None:
    """A round ends after a while, whoever has more to send; each mailbox has rounds of its own."""
    office = outbox.office
    open_mailbox(office, BOB)
    office.sync()
    many = [_order_for(outbox, ALICE, number) for number in range(10_000)]
    with office.db.write() as session:
        put_in(session, many, office.clock.now())
        store.set_pace(
            session,
            office.mailboxes[ALICE],
            AT_ONCE | {"daily_cap": 100_000, "ramp_start": 100_000, "domain_cap": 100_000},
        )
    few = [outbox.order(f"p{number}@few.example", sender=BOB) for number in range(3)]
    assert outbox.round(ALICE) is End.MORE
    assert 0 < len(outbox.heard) <= TURN
    assert outbox.round(BOB) is End.DONE
    assert [outbox.see(order).state for order in few] == [State.SENT] * 3


def _order_for(outbox: Outbox, sender: str, number: int) -> Order:
    address, now = f"p{number}@many.example", outbox.office.clock.now()
    return Order(
        outbox.office.workspace_id, outbox.office.mailboxes[sender], "paper", 100_000 + number, 0, 1, address, 1,
        100_000 + number, address, address, now, now + timedelta(days=7),
    )  # fmt: skip


def test_two_hundred_and_then_a_quota_bounce(outbox: Outbox) -> None:
    """The rep's own limit is used up: the mailbox pauses for a day, and nobody is suppressed for it."""
    office = outbox.office
    with office.db.write() as session:
        put_in(session, [_order_for(outbox, ALICE, number) for number in range(200)], office.clock.now())
        store.set_pace(session, office.mailboxes[ALICE], AT_ONCE)
    while outbox.round() is End.MORE:
        pass
    assert len(outbox.heard) == 200
    office.clock.advance(timedelta(minutes=1))
    office.drop(LIMIT.encode(), "mailer-daemon@mx.example", [ALICE])
    late = outbox.order()
    outbox.rounds(minutes=60)
    assert (outbox.see(late).state, outbox.see(late).reason) == (State.DRAFTED, "mailbox_paused")
    with office.db.read() as session:
        assert session.scalars(select(Suppression.id)).all() == []
    office.clock.advance(timedelta(hours=24))
    outbox.round()
    assert (outbox.see(late).state, outbox.deliveries()) == (State.SENT, 1)


def test_drafts_that_an_outage_left_due_together_leave_one_by_one(outbox: Outbox) -> None:
    for number in range(4):
        outbox.order(f"p{number}@company{number}.example")
    with outbox.office.db.write() as session:
        pace = AT_ONCE | {"lead_s": 600, "spacing_s": 60}
        store.set_pace(session, outbox.office.mailboxes[ALICE], pace)
    outbox.round()
    assert outbox.states() == ["drafted"] * 4
    outbox.office.clock.advance(timedelta(days=1))
    outbox.round()
    assert len(outbox.heard) == 1
    outbox.rounds(minutes=10)
    assert len(outbox.heard) == 4


def test_one_bad_order_of_a_bunch_neither_holds_the_others_nor_doubles_them(outbox: Outbox) -> None:
    """Gmail refuses the second draft of four: those before it are kept, those behind follow, it alone is given up."""
    orders = [outbox.order(f"p{number}@company{number}.example") for number in range(4)]

    class Picky(EmulatorGmail):
        def create_draft(self, raw: bytes, *, thread_id: str | None = None) -> Draft:
            if b"p1@" in raw:
                raise Rejected("400 invalid To")
            return super().create_draft(raw, thread_id=thread_id)

    outbox.connect = lambda _id: Picky(outbox.office.emulator, ALICE)
    outbox.rounds(minutes=10)
    sent = State.SENT
    assert [outbox.see(order).state for order in orders] == [sent, State.SKIPPED, sent, sent]
    assert (len(outbox.heard), outbox.drafts()) == (3, 0)


def test_what_follows_a_failed_send_is_a_draft_as_before(outbox: Outbox) -> None:
    """Three are committed to their sends; Gmail asks for a pause at the second: the third was not tried."""
    orders = [outbox.order(f"p{number}@company{number}.example") for number in range(3)]
    outbox.office.emulator.faults.inject("rate-limit-429", verbs=("drafts.send",), times=1)
    assert outbox.round() is End.HELD
    assert outbox.states() == ["drafted"] * 3
    outbox.rounds(minutes=10)
    assert [outbox.see(order).state for order in orders] == [State.SENT] * 3
    assert len(outbox.heard) == 3
