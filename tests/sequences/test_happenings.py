"""Conditions on what happened, and what a rep does with people on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from backend.activities.service import finish_task
from backend.kit.errors import ConflictError, NotFoundError
from backend.records.service import Team, make_deal
from backend.records.shapes import NewDeal
from backend.records.store.reading import list_pipelines
from backend.sequences.people import enrolment_store, steering
from backend.sequences.shapes import EnrolmentState
from tests.cast import ALICE, BOB, CAROL, DORA
from tests.sequences.line import TWO_MAILS, Line, definition, mail, task, wait
from tests.sequences.test_definitions import fork
from tests.sequences.test_stops import sent_id, under_way


@pytest.mark.parametrize(("is_done", "subject"), [(True, "Thanks"), (False, "Reminder")])
def test_a_condition_sees_whether_the_task_was_done(line: Line, *, is_done: bool, subject: str) -> None:
    fork_ = fork("happened.task_done", "is", "yes", 3, 4)
    sequence = line.make(definition(task("Call"), wait(1), fork_, mail("Thanks"), mail("Reminder")))
    enrolment = line.enrol(sequence)
    line.tick()
    if is_done:
        office = line.office
        with office.db.write() as session:
            _enrolled, done = enrolment_store.ledger(session, enrolment)
            finish_task(session, office.clock, office.workspace_id, int(done.evidence.removeprefix("task ")))
    line.let_pass(days=1.2)
    assert f"Subject: {subject}".encode() in line.heard[0][1]


def test_a_condition_sees_a_delivery_that_failed_for_now(line: Line) -> None:
    """A temporary failure stops nobody, and can be asked for."""
    fork_ = fork("happened.bounced", "is", "yes", 3, 4)
    enrolment = under_way(line, definition(mail(), wait(1), fork_, task("Call them instead")))
    text = f"Delivery to {DORA} is delayed: 452 4.2.2 mailbox full, will try again."
    headers = [("X-Failed-Recipients", DORA), ("Auto-Submitted", "auto-replied")]
    line.office.mail(
        "mailer-daemon@googlemail.com", ALICE, "Re: An offer", text,
        reply_to_id=sent_id(line), headers=headers,
    )  # fmt: skip
    line.office.sync()
    line.let_pass(days=1.2)
    assert "done task" in line.ledger(enrolment)


@pytest.mark.parametrize(("stage", "mails"), [("Qualified", 1), ("Demo", 1), ("Proposal", 0), ("Nonsense", 0)])
def test_a_condition_sees_how_far_the_deal_came(line: Line, stage: str, mails: int) -> None:
    office = line.office
    contact_id = line.person()
    with office.db.write() as session:
        ((pipeline_id, _name, stages), *_) = list_pipelines(session, office.workspace_id)
        demo = next(each.id for each in stages if each.name == "Demo")
        new = NewDeal("Seats", pipeline_id, stage_id=demo, contact_ids=(contact_id,))
        deal_id = make_deal(session, Team(office.workspace_id, office.clock), new, "D").id
    line.enrol(line.make(definition(fork("deal.stage", "has_reached", stage, 1, 2), mail())), deal_id=deal_id)
    line.tick()
    assert line.deliveries() == mails


def test_a_rep_skips_the_next_mail_and_its_draft_is_taken_back(line: Line) -> None:
    sequence = line.make()
    line.pace(lead_s=3600)
    enrolment = line.enrol(sequence)
    line.tick()
    assert len(line.office.gmail(ALICE).list_drafts()) == 1
    _do(line, lambda session: steering.skip_next(session, line.office.clock, line.office.actors[ALICE], enrolment))
    line.tick()
    assert (line.deliveries(), line.office.gmail(ALICE).list_drafts()) == (0, ())
    line.let_pass(days=4, every_minutes=120)
    assert line.deliveries() == 1
    assert "skipped vetoed_by_hand" in line.ledger(enrolment)


def test_a_mail_that_waits_its_turn_is_skipped_when_it_comes_unless_one_thinks_again(line: Line) -> None:
    alice, clock = line.office.actors[ALICE], line.office.clock
    skipped, kept = under_way(line), line.enrol(line.make(name="Other"), "erik@suedwind.example")
    line.tick()
    _do(line, lambda session: [steering.skip_next(session, clock, alice, each) for each in (skipped, kept)])
    _do(line, lambda session: steering.skip_no_more(session, clock, alice, kept))
    line.let_pass(days=4, every_minutes=120)
    assert [line.deliveries(), line.deliveries("erik@suedwind.example")] == [1, 2]
    with pytest.raises(ConflictError):
        _do(line, lambda session: steering.skip_next(session, clock, alice, skipped))


def test_a_rep_pauses_resumes_and_stops(line: Line) -> None:
    enrolment, alice, clock = under_way(line, TWO_MAILS), line.office.actors[ALICE], line.office.clock
    _do(line, lambda session: steering.pause(session, clock, alice, enrolment))
    line.let_pass(days=4, every_minutes=240)
    assert line.stand(enrolment) == (EnrolmentState.PAUSED, "by_hand")
    _do(line, lambda session: steering.resume(session, clock, alice, enrolment))
    line.let_pass(days=4, every_minutes=240)
    assert line.deliveries() == 2
    with pytest.raises(ConflictError, match="ended"):
        _do(line, lambda session: steering.stop(session, clock, alice, enrolment))


def test_a_rep_steers_their_own_a_manager_everybodys(line: Line) -> None:
    enrolment, clock, actors = under_way(line), line.office.clock, line.office.actors
    with pytest.raises(NotFoundError):
        _do(line, lambda session: steering.stop(session, clock, actors[BOB], enrolment))
    _do(line, lambda session: steering.stop(session, clock, actors[CAROL], enrolment))
    assert line.stand(enrolment) == (EnrolmentState.STOPPED, "by_hand")


def test_a_rep_writes_although_a_colleague_is_in_touch(line: Line) -> None:
    line.office.mail(BOB, DORA, "Our talk yesterday")
    line.office.sync()
    enrolment = line.enrol(line.make())
    line.let_pass(hours=2)
    assert line.deliveries() == 0
    _do(line, lambda session: steering.send_anyway(session, line.office.clock, line.office.actors[ALICE], enrolment))
    line.tick()
    assert line.deliveries() == 1


def _do(line: Line, what: Callable[[Session], object]) -> None:
    with line.office.db.write() as session:
        what(session)
