"""What people do while a mail is on its way and something fails: each of these a soak found (`soak.machine`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.gmail.emulator.calls import Json
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.kit.clock import Clock
from backend.linking.learning import relink_concerned
from backend.outbox.jobs import send_due
from backend.outbox.store import LEASE
from backend.outbox.tables import OutboxRow
from backend.records.editing import Editor
from backend.records.tables import Contact, Record
from backend.sequences.changing.migrating import Choice, Choices, publish_for
from backend.sequences.jobs import advance_due
from backend.sequences.people import steering
from backend.sequences.shapes import EnrolmentState
from backend.sequences.tables import Enrolment
from tests.cast import ALICE, BOB, CAROL
from tests.sequences.line import Line, definition, mail, wait
from tests.sync.workers import Workers

PAUSED, FINISHED = EnrolmentState.PAUSED, EnrolmentState.FINISHED
ONE = definition(mail("First", "One"))
Deed = Callable[[Session, Clock, Actor, int], Enrolment]


def steer(line: Line, deed: Deed, enrolment: int) -> None:
    with line.office.db.write() as session:
        deed(session, line.office.clock, line.office.actors[CAROL], enrolment)


def change_over(line: Line, sequence_id: int, what: dict[str, Any]) -> None:
    with line.office.db.write() as session:
        publish_for(session, line.office.clock, line.office.actors[ALICE], sequence_id, what, Choices(Choice.MIGRATE))


def fail_once(line: Line, name: str, *verbs: str) -> None:
    line.office.emulator.faults.inject(name, times=1, verbs=verbs)


def drafted(line: Line, what: dict[str, Any] = ONE) -> tuple[int, int]:
    """Dora's first mail lies among alice's drafts: the sequence and her enrolment."""
    sequence_id = line.make(what)
    enrolment = line.enrol(sequence_id)
    line.pace(lead_s=3600)
    line.tick()
    assert drafts(line) == 1
    return sequence_id, enrolment


def drafts(line: Line, address: str = ALICE) -> int:
    return len(line.office.gmail(address).list_drafts())


def orders(line: Line) -> list[tuple[str, str]]:
    with line.office.db.read() as session:
        rows = session.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
        return [(row.state, row.reason) for row in rows]


def stand(line: Line, enrolment: int) -> tuple[int, EnrolmentState]:
    return line.deliveries(), line.stand(enrolment)[0]


class Meanwhile(EmulatorGmail):
    """Lets something happen before the first call of a verb."""

    def __init__(self, line: Line, verb: str, happen: Callable[[], object]) -> None:
        super().__init__(line.office.emulator, ALICE)
        self._verb, self._happen = verb, happen

    def _ask(self, verb: str, **asked: Json) -> Json:  # type: ignore[override]  # handed on as it came
        if verb == self._verb:
            self._verb = ""
            self._happen()
        return super()._ask(verb, **asked)  # type: ignore[arg-type]  # handed on as it came


def send_while(line: Line, verb: str, happen: Callable[[], object]) -> None:
    """Alice's mailbox sends, and before it calls that verb something happens."""
    gmail, alice = Meanwhile(line, verb, happen), line.office.mailboxes[ALICE]
    desk = replace(line.desk, connect=lambda i: gmail if i == alice else line.office.connect(i))
    send_due(desk, alice)


# Who is paused


def test_who_is_paused_stays_so_though_their_record_gets_another_owner(line: Line) -> None:
    _, enrolment = drafted(line, definition(mail(), on_owner_change="follow"))
    steer(line, steering.pause, enrolment)
    with line.office.db.write() as session:
        session.get_one(Record, line.see(enrolment).contact_id).owner_id = line.office.actors[BOB].user_id
    line.let_pass(days=1)
    assert stand(line, enrolment) == (0, PAUSED)
    steer(line, steering.resume, enrolment)
    line.let_pass(days=1)
    assert stand(line, enrolment) == (1, FINISHED)


def test_who_is_paused_stays_so_though_their_mail_expires_meanwhile(line: Line) -> None:
    """The mailbox cannot be entered, so that nobody takes the draft back before it is too late."""
    _, enrolment = drafted(line, definition(mail(), wait(0), mail("Second", "Two")))
    line.office.emulator.revoke(ALICE)
    line.tick()
    steer(line, steering.pause, enrolment)
    line.let_pass(days=9, every_minutes=600)
    workers = Workers(line.office)
    workers.reconnect(ALICE)
    workers.close()
    line.let_pass(days=1)
    assert stand(line, enrolment) == (0, PAUSED)


def test_who_is_paused_and_changes_over_to_where_their_mail_is_no_more_stays_paused(line: Line) -> None:
    sequence_id, enrolment = drafted(line, definition(mail("First", "One"), wait(1), mail("Second", "Two")))
    steer(line, steering.pause, enrolment)
    change_over(line, sequence_id, definition(wait(1), mail("Second", "Two")))
    line.let_pass(days=3)
    assert (stand(line, enrolment), drafts(line)) == ((0, PAUSED), 0)


def test_who_stands_still_and_changes_over_gets_the_mail_that_was_taken_back(line: Line) -> None:
    sequence_id, enrolment = drafted(line)
    steer(line, steering.pause, enrolment)
    line.tick()
    assert orders(line) == [("skipped", "paused")]
    change_over(line, sequence_id, definition(mail("First", "One, better")))
    steer(line, steering.resume, enrolment)
    line.let_pass(hours=4)
    assert (stand(line, enrolment), line.ledger(enrolment)[-2:]) == ((1, FINISHED), ["sent", "finished"])
    assert b"One, better" in line.heard[0][1]


def test_a_field_without_a_value_is_taken_out_of_the_text_and_the_mail_leaves(line: Line) -> None:
    sequence_id = line.make(definition(mail("First", "One {{ contact.title }}")))
    enrolment = line.enrol(sequence_id)
    line.tick()
    assert line.stand(enrolment) == (PAUSED, "missing_field")
    change_over(line, sequence_id, ONE)
    steer(line, steering.resume, enrolment)
    line.let_pass(hours=1)
    assert stand(line, enrolment) == (1, FINISHED)


def test_two_edits_one_right_after_the_other_leave_each_mail_its_own_text(line: Line) -> None:
    """The first takes the mail out that waits; before the outbox took it back comes the second."""
    sequence_id, enrolment = drafted(line, definition(mail("First", "One"), wait(1), mail("Second", "Two")))
    change_over(line, sequence_id, definition(wait(1), mail("Second", "Two")))
    change_over(line, sequence_id, definition(wait(1), mail("Second", "Two, better")))
    line.let_pass(days=3)
    assert (stand(line, enrolment), drafts(line)) == ((1, FINISHED), 0)
    assert b"Two, better" in line.heard[0][1]


def test_who_is_resumed_while_their_draft_is_taken_back_is_not_left_standing(line: Line) -> None:
    _, enrolment = drafted(line)
    steer(line, steering.pause, enrolment)

    def resume() -> None:
        steer(line, steering.resume, enrolment)
        advance_due(line.office.db, line.office.clock, line.engine)

    send_while(line, "drafts.delete", resume)
    line.let_pass(days=1)
    assert stand(line, enrolment) == (1, FINISHED)


def test_whose_contact_was_deleted_and_made_anew_gets_the_mail_that_never_left(line: Line) -> None:
    sequence_id, enrolment = drafted(line)
    with line.office.db.write() as session:
        contact = session.get_one(Contact, line.see(enrolment).contact_id)
        Editor(session, line.office.clock, line.office.actors[ALICE], relink_concerned).delete(contact)
    line.let_pass(hours=2)
    assert orders(line) == [("skipped", "contact_gone")]
    enrolment = line.enrol(sequence_id)
    line.let_pass(hours=3)
    assert (stand(line, enrolment), orders(line)) == ((1, FINISHED), [("sent", "")])


# What Gmail answers


def test_a_mail_that_left_stays_sent_whatever_gmail_says_when_it_is_read_back(line: Line) -> None:
    enrolment = line.enrol(line.make(ONE))
    fail_once(line, "bad-request-batch", "batch")
    line.tick()
    fail_once(line, "bad-request-batch", "batch")
    line.let_pass(hours=2)
    assert (stand(line, enrolment), orders(line)) == ((1, FINISHED), [("sent", "")])


def test_a_draft_whose_id_was_lost_is_removed_though_its_mail_is_stopped_before_the_next_is_laid_down(
    line: Line,
) -> None:
    enrolment = line.enrol(line.make(ONE))
    line.pace(lead_s=600)
    fail_once(line, "accepted-503", "drafts.create")
    line.tick()
    assert (drafts(line), orders(line)) == (1, [("claimed", "trouble")])
    steer(line, steering.stop, enrolment)
    line.let_pass(hours=2)
    assert (drafts(line), orders(line)) == (0, [("skipped", "by_hand")])


def test_a_draft_whose_id_was_lost_is_not_left_to_be_sent_by_hand_from_the_old_owners_mailbox(line: Line) -> None:
    enrolment = line.enrol(line.make(definition(mail(), on_owner_change="follow")))
    fail_once(line, "accepted-503", "drafts.create")
    line.tick()
    with line.office.db.write() as session:
        session.get_one(Record, line.see(enrolment).contact_id).owner_id = line.office.actors[BOB].user_id
    line.let_pass(hours=2)
    assert (stand(line, enrolment), drafts(line)) == ((1, FINISHED), 0)


def test_a_draft_that_is_written_anew_is_removed_though_its_mail_is_stopped_then(line: Line) -> None:
    sequence_id, enrolment = drafted(line)
    change_over(line, sequence_id, definition(mail("First", "One, better")))
    steer(line, steering.stop, enrolment)
    line.let_pass(hours=3)
    assert (line.deliveries(), drafts(line)) == (0, 0)


def test_a_draft_taken_back_over_a_broken_line_is_not_taken_for_the_reps_veto(line: Line) -> None:
    _, enrolment = drafted(line)
    steer(line, steering.pause, enrolment)
    fail_once(line, "accepted-503", "drafts.delete")
    line.let_pass(hours=2)
    assert (drafts(line), orders(line)) == (0, [("skipped", "paused")])
    steer(line, steering.resume, enrolment)
    line.let_pass(hours=3)
    assert stand(line, enrolment) == (1, FINISHED)


def test_a_mail_that_left_is_told_though_somebody_stopped_it_before_it_was_booked(line: Line) -> None:
    enrolment = line.enrol(line.make(ONE))
    fail_once(line, "lost-answer", "drafts.send")
    line.tick()
    assert (line.deliveries(), orders(line)[0][0]) == (1, "sending")
    steer(line, steering.stop, enrolment)
    line.let_pass(hours=2)
    assert line.ledger(enrolment)[-2:] == ["stopped by_hand", "sent found_sent"]


def test_two_mailboxes_that_send_at_the_same_moment_keep_to_the_persons_budget(line: Line) -> None:
    for name, by in (("First", ALICE), ("Second", BOB)):
        line.enrol(line.make(definition(mail(name, "One"), collision_days=0), name), by=by)
    for address in (ALICE, BOB):
        line.pace(address, person_hours=20, lead_s=600)
    line.tick()
    assert (drafts(line), drafts(line, BOB)) == (1, 1)
    line.office.clock.advance(timedelta(minutes=20))
    send_while(line, "drafts.send", lambda: send_due(line.desk, line.office.mailboxes[BOB]))
    assert line.deliveries() == 1


def test_a_worker_that_is_late_does_not_take_the_next_ones_draft_for_a_lost_one(line: Line) -> None:
    enrolment = line.enrol(line.make(ONE))
    line.pace(lead_s=3600)
    advance_due(line.office.db, line.office.clock, line.engine)

    def overtake() -> None:
        line.office.clock.advance(LEASE + timedelta(seconds=1))
        send_due(line.desk, line.office.mailboxes[ALICE])

    send_while(line, "messages.list", overtake)
    assert (drafts(line), orders(line)) == (1, [("drafted", "")])
    line.let_pass(hours=2)
    assert stand(line, enrolment) == (1, FINISHED)
