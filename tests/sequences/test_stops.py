"""What stops a sequence, what only holds it, and what does neither."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from backend.activities.service import add_activity
from backend.activities.shapes import ActivityKind, NewActivity
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.shapes import MessageRef
from backend.linking.merging import merge_records
from backend.records.service import Team, make_deal
from backend.records.shapes import NewDeal
from backend.records.store.writing import first_pipeline
from backend.records.tables import ContactAddress, Deal, Record, Stage
from backend.sequences.people import enrolling
from backend.sequences.results.jobs import book_answers
from backend.sequences.shapes import EnrolmentState, Stop
from backend.sequences.tables import Enrolment
from tests.cast import ALICE, BOB, DORA
from tests.sequences.line import TWO_MAILS, Line, definition, mail, wait

STOPPED, PAUSED, ACTIVE = EnrolmentState.STOPPED, EnrolmentState.PAUSED, EnrolmentState.ACTIVE
AWAY = "Thank you for your mail. I am out of the office until 20 January 2026."


def under_way(line: Line, what: dict[str, object] = TWO_MAILS) -> int:
    """Dora got the first mail; the second is due in three days."""
    enrolment = line.enrol(line.make(what))
    line.tick()
    assert line.deliveries() == 1
    line.office.sync()
    return enrolment


def sent_id(line: Line) -> str:
    gmail = line.office.gmail(ALICE)
    message = gmail.get_message(gmail.list_messages(label_ids=["SENT"]).refs[0].id)
    assert message.payload is not None
    return next(str(h["value"]) for h in message.payload["headers"] if h["name"].lower() == "message-id").strip("<>")


def test_without_a_stop_every_mail_leaves_once(line: Line) -> None:
    enrolment = under_way(line)
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)[0]) == (2, EnrolmentState.FINISHED)
    assert line.ledger(enrolment) == ["enrolled", "ordered", "sent", "ordered", "sent", "finished"]


def test_a_reply_in_the_thread_stops(line: Line) -> None:
    enrolment = under_way(line)
    line.office.mail(DORA, ALICE, "Re: An offer", "Tell me more", reply_to_id=sent_id(line))
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)) == (1, (STOPPED, "replied"))


def test_a_reply_in_a_new_thread_stops(line: Line) -> None:
    enrolment = under_way(line)
    line.office.mail(DORA, ALICE, "Something else", "Do you also sell chairs?")
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)) == (1, (STOPPED, "replied"))


def test_a_reply_from_an_alias_stops(line: Line) -> None:
    """Another address of the same contact, outside the thread."""
    enrolment = under_way(line)
    with line.office.db.write() as session:
        row = {"workspace_id": line.office.workspace_id, "contact_id": line.see(enrolment).contact_id}
        key = "dora.private@elsewhere.example"
        session.add(ContactAddress(**row, address_key=key, email=key, is_primary=False))
    line.office.mail("dora.private@elsewhere.example", ALICE, "From home", "Yes please")
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)) == (1, (STOPPED, "replied"))


def test_a_reply_in_the_thread_from_an_address_that_nobody_knows_stops(line: Line) -> None:
    enrolment = under_way(line)
    line.office.mail("d@phone.example", ALICE, "Re: An offer", "From my phone", reply_to_id=sent_id(line))
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)) == (1, (STOPPED, "replied"))


@pytest.mark.parametrize(("stops", "deliveries"), [(1, 1), (0, 2)])
def test_a_reply_from_a_colleague_stops_where_the_sequence_says_so(
    line: Line,
    stops: int,
    deliveries: int,
) -> None:
    steps = TWO_MAILS["steps"]
    under_way(line, definition(*steps, stops_on_colleague=bool(stops)))
    line.office.mail("boss@nordwind.example", ALICE, "Your offer", "Dora showed me your mail")
    line.let_pass(days=4, every_minutes=240)
    assert line.deliveries() == deliveries


def test_a_reply_between_check_and_send_stops(line: Line) -> None:
    """The draft lies there for minutes; the mailbox is read again before it leaves."""
    line.pace(lead_s=600)
    enrolment = line.enrol(line.make())
    line.pace(lead_s=600)
    line.tick()
    assert len(line.office.gmail(ALICE).list_drafts()) == 1
    line.office.mail(DORA, ALICE, "By the way", "I was about to write to you")
    line.let_pass(hours=1, every_minutes=5)
    assert (line.deliveries(), line.stand(enrolment)) == (0, (STOPPED, "replied"))
    assert line.office.gmail(ALICE).list_drafts() == ()


def test_a_reply_in_the_seconds_of_a_send_ends_the_way_at_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read, and booked as an answer to the first mail, before it is noted that the second one left."""
    enrolment = line.enrol(line.make(definition(mail(), wait(1), mail("Again"), wait(30), mail("And again"))))
    line.let_pass(hours=3)
    office = line.office

    class Quick(EmulatorGmail):
        def send_draft(self, draft_id: str) -> MessageRef:
            sent = super().send_draft(draft_id)
            office.mail(DORA, ALICE, "Re: An offer", "Yes, please.", reply_to_id=sent_id(line))
            office.sync()
            book_answers(office.db)
            return sent

    monkeypatch.setattr(line.office, "connect", lambda _id: Quick(office.emulator, ALICE))
    line.let_pass(days=1.2)
    assert (line.deliveries(), line.stand(enrolment)) == (2, (STOPPED, "replied"))


@pytest.mark.parametrize(
    "headers",
    [
        [("Auto-Submitted", "auto-replied")],
        [("X-Autoreply", "yes")],
        [("Precedence", "auto_reply")],
        [("X-Autorespond", "Out of office")],
        [("X-Autoresponder", "1")],
        [],
    ],
)
def test_five_header_styles_of_out_of_office_and_one_without_headers(
    line: Line, headers: list[tuple[str, str]]
) -> None:
    """It is no answer: it holds the sequence until the date that it states."""
    enrolment = under_way(line)
    subject = "Automatic reply: An offer" if not headers else "Re: An offer"
    line.office.mail(DORA, ALICE, subject, AWAY, reply_to_id=sent_id(line), headers=headers)
    line.let_pass(days=10, every_minutes=480)
    assert (line.deliveries(), line.stand(enrolment)) == (1, (PAUSED, "away"))
    line.let_pass(days=7, every_minutes=480)
    assert (line.deliveries(), line.stand(enrolment)[0]) == (2, EnrolmentState.FINISHED)


def test_an_out_of_office_without_a_date_holds_for_fourteen_days(line: Line) -> None:
    enrolment = under_way(line)
    headers = [("Auto-Submitted", "auto-replied")]
    line.office.mail(DORA, ALICE, "Re: An offer", "I am away.", reply_to_id=sent_id(line), headers=headers)
    line.let_pass(days=13, every_minutes=480)
    assert (line.deliveries(), line.stand(enrolment)) == (1, (PAUSED, "away"))
    line.let_pass(days=2, every_minutes=480)
    assert line.deliveries() == 2


def test_x_auto_response_suppress_is_no_mark_of_an_automatic_reply(line: Line) -> None:
    enrolment = under_way(line)
    headers = [("X-Auto-Response-Suppress", "All")]
    line.office.mail(DORA, ALICE, "Re: An offer", "Yes", reply_to_id=sent_id(line), headers=headers)
    line.let_pass(days=4, every_minutes=240)
    assert line.stand(enrolment) == (STOPPED, "replied")


def test_a_meeting_stops(line: Line) -> None:
    enrolment = under_way(line)
    with line.office.db.write() as session:
        contact_id, user_id = line.see(enrolment).contact_id, line.office.actors[ALICE].user_id
        new = NewActivity(ActivityKind.MEETING, "Demo", (contact_id,), user_id, at=line.office.clock.now())
        add_activity(session, line.office.clock, line.office.workspace_id, new)
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)) == (1, (STOPPED, "meeting"))


def test_a_deal_that_moves_stops(line: Line) -> None:
    office = line.office
    contact_id = line.person()
    with office.db.write() as session:
        pipeline = first_pipeline(session, office.workspace_id)
        assert pipeline is not None
        team = Team(office.workspace_id, office.clock)
        deal_id = make_deal(session, team, NewDeal("Seats", pipeline.id, contact_ids=(contact_id,)), "D").id
    enrolment = line.enrol(line.make(), deal_id=deal_id)
    line.tick()
    with office.db.write() as session:
        stage = session.query(Stage).filter(Stage.name == "Demo").one()
        session.execute(update(Deal.__table__).where(Deal.__table__.c.id == deal_id).values(stage_id=stage.id))  # type: ignore[arg-type]  # a Table
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)) == (1, (STOPPED, "deal_moved"))


def test_owner_changed(line: Line) -> None:
    enrolment = under_way(line)
    _change(line, enrolment, owner_id=line.office.actors[BOB].user_id)
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)) == (1, (STOPPED, "owner_changed"))


def test_a_contact_deleted_in_mid_run(line: Line) -> None:
    enrolment = under_way(line)
    _change(line, enrolment, deleted_at=line.office.clock.now())
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)) == (1, (STOPPED, "contact_gone"))


def test_a_contact_merged_in_mid_run(line: Line) -> None:
    enrolment = under_way(line)
    other = line.person("dora2@nordwind.example")
    with line.office.db.write() as session:
        merge_records(session, line.office.clock, line.office.actors[ALICE], other, line.see(enrolment).contact_id)
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)) == (1, (STOPPED, "contact_merged"))


def test_by_hand(line: Line) -> None:
    """A draft that lies there is taken back at once."""
    enrolment = line.enrol(line.make())
    line.pace(lead_s=3600)
    line.tick()
    assert len(line.office.gmail(ALICE).list_drafts()) == 1
    with line.office.db.write() as session:
        row = session.get_one(Enrolment, enrolment)
        enrolling.stop(session, row, line.office.clock.now(), Stop("by_hand", "user 1"))
    line.tick()
    assert (line.deliveries(), len(line.office.gmail(ALICE).list_drafts())) == (0, 0)
    assert line.ledger(enrolment)[-1] == "stopped by_hand"


def test_a_colleagues_live_thread_holds_the_send_and_asks(line: Line) -> None:
    line.office.mail(BOB, DORA, "Our talk yesterday")
    line.office.sync()
    enrolment = line.enrol(line.make())
    line.let_pass(days=2, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)[0]) == (0, ACTIVE)
    assert line.ledger(enrolment)[-1] == "held collision"
    assert line.ledger(enrolment).count("held collision") == 1
    line.let_pass(days=4, every_minutes=240)


def test_a_bounce_of_the_address_stops_and_suppresses(line: Line) -> None:
    enrolment = under_way(line)
    _report(line, "5.1.1", "550 5.1.1 no such user")
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)) == (1, (STOPPED, "bounced"))


def test_a_temporary_failure_stops_nobody(line: Line) -> None:
    enrolment = under_way(line)
    _report(line, "4.2.2", "452 4.2.2 mailbox full, will try again", action="delayed")
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)[0]) == (2, EnrolmentState.FINISHED)


@pytest.mark.parametrize("status", ["5.4.5", "5.7.1"])
def test_a_refusal_of_the_sender_pauses_the_mailbox_and_never_the_person(line: Line, status: str) -> None:
    enrolment = under_way(line, definition(mail(), wait(1), mail("Again", "Any news?")))
    _report(line, status, f"550 {status} refused")
    line.let_pass(hours=26, every_minutes=120)
    assert (line.deliveries(), line.stand(enrolment)[0]) == (1, ACTIVE)
    line.let_pass(days=2, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)[0]) == (2, EnrolmentState.FINISHED)


def _report(line: Line, status: str, words: str, action: str = "failed") -> None:
    report = (
        f"From: Mail Delivery Subsystem <mailer-daemon@mx.example>\r\nTo: {ALICE}\r\n"
        f"Subject: Delivery Status Notification\r\nMessage-ID: <r{status}@mx.example>\r\n"
        f"Date: {line.office.clock.now():%a, %d %b %Y %H:%M:%S} +0000\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain\r\n\r\nYour mail to {DORA}: {words}\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {DORA}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {words}\r\n\r\n--b--\r\n"
    )
    line.office.clock.advance(timedelta(minutes=1))
    line.office.drop(report.encode(), "mailer-daemon@mx.example", [ALICE])


def _change(line: Line, enrolment: int, **values: object) -> None:
    with line.office.db.write() as session:
        record = Record.__table__
        contact_id = line.see(enrolment).contact_id
        session.execute(update(record).where(record.c.id == contact_id).values(**values))  # type: ignore[arg-type]  # a Table


def test_a_refusal_from_before_our_first_mail_pauses_nothing(line: Line) -> None:
    """A mailbox brings its old delivery reports along when it is connected."""
    _report(line, "5.7.1", "550 5.7.1 refused")
    line.office.clock.advance(timedelta(days=1))
    line.office.sync()
    line.enrol(line.make(definition(mail())))
    line.tick()
    assert line.deliveries() == 1
