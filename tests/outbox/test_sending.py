"""The protocol, step by step: draft, check, send once, book, read back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.accounts.shapes import MailboxStatus
from backend.accounts.tables import Mailbox
from backend.activities.tables import Activity
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.shapes import Draft, Format, MessageRef
from backend.outbox import store
from backend.outbox.shapes import HEADER, End, Go, Hold, Letter, Sending, Skip, State
from tests.cast import ALICE, DORA, ERIK
from tests.outbox.desk import AT_ONCE, Outbox, headers_of, reply_to, sent_headers


def test_a_mail_is_drafted_then_sent_once_and_read_back(outbox: Outbox) -> None:
    order = outbox.order()
    assert outbox.round() is End.DONE
    sending = outbox.see(order)
    assert (sending.state, outbox.deliveries(), outbox.drafts()) == (State.SENT, 1, 0)
    headers = sent_headers(outbox.office, sending)
    assert headers[HEADER.lower()] == sending.token
    assert headers["message-id"] == f"<{sending.rfc_id}>"
    assert outbox.paper.ended == [(order, State.SENT)]
    outbox.rounds()
    assert outbox.deliveries() == 1


def test_the_draft_lies_in_the_reps_own_drafts_before_it_leaves(outbox: Outbox) -> None:
    order = outbox.order()
    with outbox.office.db.write() as session:
        store.set_pace(session, outbox.office.mailboxes[ALICE], {**AT_ONCE, "lead_s": 600})
    outbox.round()
    assert (outbox.see(order).state, outbox.drafts(), outbox.deliveries()) == (State.DRAFTED, 1, 0)
    outbox.office.clock.advance(timedelta(minutes=9))
    outbox.round()
    assert outbox.deliveries() == 0
    outbox.office.clock.advance(timedelta(minutes=2))
    outbox.round()
    assert (outbox.see(order).state, outbox.deliveries()) == (State.SENT, 1)


def test_a_mail_offers_to_unsubscribe_with_one_click(outbox: Outbox) -> None:
    outbox.order()
    outbox.round()
    headers = headers_of(outbox.heard[0][1])
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert headers["list-unsubscribe"].startswith("<https://crm.example/u/")


def test_a_follow_up_lands_in_the_recipients_thread(outbox: Outbox) -> None:
    first = outbox.see(outbox.order())
    outbox.round()
    first = outbox.see(first.id)
    outbox.paper.letter = lambda _s: Letter("ignored", "Any news?", anchor=reply_to(first))
    second = outbox.order(source_id=first.source_id, step=1)
    outbox.round()
    sent = outbox.see(second)
    headers = sent_headers(outbox.office, sent)
    assert sent.thread_id == first.thread_id
    assert headers["in-reply-to"] == headers["references"] == f"<{first.rfc_id}>"
    assert headers["subject"] == "Re: An offer"


def test_a_stop_between_draft_and_send_takes_the_draft_back(outbox: Outbox) -> None:
    order = outbox.order()
    asked: list[State] = []

    def verdict(_session: object, sending: Sending, _now: object) -> Go | Skip:
        asked.append(sending.state)
        return Go() if sending.state is State.CLAIMED else Skip("replied", "mail 7")

    outbox.paper.verdict = verdict
    outbox.round()
    sending = outbox.see(order)
    assert asked == [State.CLAIMED, State.DRAFTED]
    assert (sending.state, sending.reason, sending.evidence) == (State.SKIPPED, "replied", "mail 7")
    assert (outbox.drafts(), outbox.deliveries()) == (0, 0)


def test_draft_edited(outbox: Outbox) -> None:
    """What the rep made of the draft in Gmail is what goes out."""
    order = _drafted(outbox)
    gmail = outbox.office.gmail(ALICE)
    message = gmail.get_message(gmail.list_drafts()[0].message.id, Format.RAW)
    assert message.raw is not None
    edited = message.raw.replace(b"forty seats", b"fifty seats")
    with outbox.office.emulator.changing():
        box = outbox.office.emulator.mailbox(ALICE)
        new = box.add(edited, ["DRAFT"], date_ms=box.store.now_ms(), thread=box.get(int(message.id, 16)).thread)
        box.store.execute("UPDATE draft SET message = ? WHERE mailbox = ?", new.id, box.id)
        box.remove(box.get(int(message.id, 16)))
    outbox.rounds(minutes=20)
    assert outbox.see(order).state is State.SENT
    assert b"fifty seats" in outbox.heard[0][1]


def test_draft_deleted(outbox: Outbox) -> None:
    """Who deletes the draft has vetoed the mail."""
    order = _drafted(outbox)
    gmail = outbox.office.gmail(ALICE)
    gmail.delete_draft(gmail.list_drafts()[0].id)
    outbox.rounds(minutes=20)
    assert (outbox.see(order).state, outbox.deliveries()) == (State.VETOED, 0)
    assert outbox.paper.ended == [(order, State.VETOED)]


def test_a_draft_that_the_rep_sends_by_hand_counts_as_sent(outbox: Outbox) -> None:
    order = _drafted(outbox)
    gmail = outbox.office.gmail(ALICE)
    gmail.send_draft(gmail.list_drafts()[0].id)
    outbox.rounds(minutes=20)
    assert (outbox.see(order).state, outbox.deliveries()) == (State.SENT, 1)


@pytest.mark.parametrize("fault", ["lost-answer", "accepted-503"])
def test_a_time_out_after_gmail_accepted(outbox: Outbox, fault: str) -> None:
    """Nobody can tell from the answer; the mailbox tells: our header stands on a mail in SENT."""
    order = outbox.order()
    outbox.office.emulator.faults.inject(fault, verbs=("drafts.send",), times=1)
    outbox.rounds(minutes=30)
    assert (outbox.see(order).state, outbox.deliveries()) == (State.SENT, 1)


def test_a_send_that_failed_before_gmail_accepted_is_made_again(outbox: Outbox) -> None:
    order = outbox.order()
    outbox.office.emulator.faults.inject("server-error-503", verbs=("drafts.send",), times=2)
    outbox.rounds(minutes=60)
    assert (outbox.see(order).state, outbox.deliveries()) == (State.SENT, 1)


def test_a_send_of_which_no_trace_is_left_is_never_repeated_and_becomes_a_task(outbox: Outbox) -> None:
    order = outbox.order()
    outbox.office.emulator.faults.inject("lost-answer", verbs=("drafts.send",), times=1)
    outbox.round()
    gmail = outbox.office.gmail(ALICE)
    sent = gmail.list_messages(label_ids=["SENT"]).refs[0].id
    with outbox.office.emulator.changing():
        box = outbox.office.emulator.mailbox(ALICE)
        box.remove(box.get(int(sent, 16)))
    outbox.rounds(minutes=60)
    assert (outbox.see(order).state, outbox.deliveries()) == (State.UNKNOWN, 1)
    with outbox.office.db.read() as session:
        assert "does not send it again" in session.scalars(select(Activity.text)).one()


def test_a_crash_before_the_draft_id_is_saved(outbox: Outbox) -> None:
    """The orphan is found by its header and removed; one mail is sent."""
    order = outbox.order()
    outbox.office.emulator.faults.inject("lost-answer", verbs=("drafts.create",), times=1)
    outbox.round()
    assert (outbox.see(order).state, outbox.drafts()) == (State.CLAIMED, 1)
    outbox.rounds(minutes=30)
    assert (outbox.see(order).state, outbox.deliveries(), outbox.drafts()) == (State.SENT, 1, 0)


def test_oauth_revoked_in_mid_run(outbox: Outbox) -> None:
    """The order waits until the rep connected the mailbox again."""
    order = outbox.order()
    outbox.office.emulator.revoke(ALICE)
    assert outbox.round() is End.STOPPED
    assert outbox.round() is End.BUSY
    outbox.office.emulator.grant(ALICE)
    with outbox.office.db.write() as session:
        session.get_one(Mailbox, outbox.office.mailboxes[ALICE]).status = MailboxStatus.ACTIVE
    outbox.round()
    assert (outbox.see(order).state, outbox.deliveries()) == (State.SENT, 1)


def test_history_expired(outbox: Outbox) -> None:
    """Until the mailbox is read anew, nothing leaves: a reply may be in what was not read."""
    order = _drafted(outbox)
    outbox.office.emulator.expire_history(ALICE)
    outbox.office.emulator.faults.inject("server-error-503", verbs=("messages.list",), times=50)
    outbox.rounds(minutes=20)
    assert (outbox.see(order).state, outbox.see(order).reason) == (State.DRAFTED, "not_fresh")
    outbox.office.emulator.faults.clear()
    outbox.rounds(minutes=240)
    assert (outbox.see(order).state, outbox.deliveries()) == (State.SENT, 1)


def test_a_poison_row(outbox: Outbox) -> None:
    """An order that cannot be worked on ends with a task, and the others leave."""

    def letter(sending: Sending) -> Letter:
        if sending.email == DORA:
            raise ZeroDivisionError
        return Letter("An offer", "Dear Erik")

    outbox.paper.letter = letter
    poison, other = outbox.order(DORA), outbox.order(ERIK)
    outbox.round()
    assert outbox.see(other).state is State.SENT
    outbox.rounds(minutes=300)
    assert (outbox.see(poison).state, outbox.see(poison).reason) == (State.SKIPPED, "failed")
    assert outbox.deliveries(DORA) == 0


def test_an_order_expires_rather_than_leaving_late(outbox: Outbox) -> None:
    order = outbox.order()
    outbox.paper.verdict = lambda _s, _sending, now: Hold(now + timedelta(days=1), "window")
    for _ in range(9):
        outbox.round()
        outbox.office.clock.advance(timedelta(days=1))
    assert (outbox.see(order).state, outbox.see(order).reason) == (State.SKIPPED, "expired")


def test_an_order_put_in_twice_is_one(outbox: Outbox) -> None:
    first = outbox.order(source_id=9)
    assert outbox.order(source_id=9) == first
    outbox.rounds(minutes=10)
    assert outbox.deliveries() == 1


class Stalling(EmulatorGmail):
    """Loses its lease to another worker in the middle of a call."""

    def __init__(self, outbox: Outbox, verb: str) -> None:
        super().__init__(outbox.office.emulator, ALICE)
        self.outbox, self.verb = outbox, verb

    def _overtaken(self, verb: str) -> None:
        if verb == self.verb:
            self.verb = ""
            self.outbox.connect = None
            self.outbox.office.clock.advance(store.LEASE + timedelta(seconds=1))
            self.outbox.rounds(minutes=30)

    def create_draft(self, raw: bytes, *, thread_id: str | None = None) -> Draft:
        self._overtaken("create")
        return super().create_draft(raw, thread_id=thread_id)

    def send_draft(self, draft_id: str) -> MessageRef:
        self._overtaken("send")
        return super().send_draft(draft_id)


@pytest.mark.parametrize("verb", ["create", "send"])
def test_a_lease_expires_in_mid_send(outbox: Outbox, verb: str) -> None:
    """The worker that overslept wakes up after another one did its work: the draft is sent once."""
    order = outbox.order()
    stalling = Stalling(outbox, verb)
    outbox.connect = lambda _id: stalling
    outbox.round()
    assert (outbox.see(order).state, outbox.deliveries(), outbox.drafts()) == (State.SENT, 1, 0)


def test_two_workers_on_one_row(outbox: Outbox) -> None:
    """The second finds the mailbox taken."""
    outbox.order()
    seen: list[End] = []

    def letter(_sending: Sending) -> Letter:
        return Letter("An offer", "Dear Dora")

    class Curious(EmulatorGmail):
        def create_draft(self, raw: bytes, *, thread_id: str | None = None) -> Draft:
            seen.append(Outbox.round(outbox))
            return super().create_draft(raw, thread_id=thread_id)

    outbox.paper.letter = letter
    outbox.connect = lambda _id: Curious(outbox.office.emulator, ALICE)
    outbox.round()
    assert (seen, outbox.deliveries()) == ([End.BUSY], 1)


def test_gmails_own_limit_pauses_the_mailbox_and_nothing_is_lost(outbox: Outbox) -> None:
    order = outbox.order()
    outbox.office.emulator.faults.inject("sending-limit-403", times=1)
    outbox.round()
    assert (outbox.see(order).state, outbox.see(order).reason) == (State.DRAFTED, "mailbox_paused")
    outbox.rounds(minutes=60)
    assert outbox.deliveries() == 0
    outbox.office.clock.advance(timedelta(hours=24))
    outbox.round()
    assert (outbox.see(order).state, outbox.deliveries()) == (State.SENT, 1)


def _drafted(outbox: Outbox) -> int:
    """An order whose draft lies in the rep's drafts for some minutes."""
    order = outbox.order()
    with outbox.office.db.write() as session:
        store.set_pace(session, outbox.office.mailboxes[ALICE], {**AT_ONCE, "lead_s": 600})
    outbox.round()
    assert outbox.see(order).state is State.DRAFTED
    return order
