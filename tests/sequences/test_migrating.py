"""An edit is published while people are on the way: it shows what changes for each, and does what was chosen."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any

import pytest

from backend.outbox.shapes import State
from backend.outbox.store import orders_of, write
from backend.sequences.authoring.sequence_store import definitions_of
from backend.sequences.changing.effects import Change, Effect, effects
from backend.sequences.changing.migrating import Choice, Choices, publish_for
from backend.sequences.jobs import advance_due
from backend.sequences.shapes import EnrolmentState
from backend.sequences.tables import Sequence
from tests.cast import ALICE
from tests.sequences.line import QUICK, Line, definition, mail, wait

OLD = definition(mail("First", "One"), wait(3), mail("Second", "Two"), wait(3), mail("Third", "Three"))


def foresee(line: Line, sequence_id: int, what: dict[str, Any]) -> Effect:
    with line.office.db.read() as session:
        sequence = session.get_one(Sequence, sequence_id)
        (effect,) = effects(session, line.office.actors[ALICE], sequence, what, line.office.clock.now(), limit=10)
    return effect


def publish(line: Line, sequence_id: int, what: dict[str, Any], usual: Choice = Choice.KEEP) -> dict[str, int]:
    with line.office.db.write() as session:
        actor = line.office.actors[ALICE]
        done = publish_for(session, line.office.clock, actor, sequence_id, what, Choices(usual))
        return {choice.value: number for choice, number in done.people.items()}


def subjects(line: Line) -> list[str]:
    return [str(message_from_bytes(raw, policy=policy.default)["Subject"]) for _, raw in line.heard]


@pytest.fixture
def waiting(line: Line) -> tuple[int, int]:
    """Dora had the first mail and waits for the second: the sequence and her enrolment."""
    sequence_id = line.make(OLD)
    enrolment_id = line.enrol(sequence_id)
    line.let_pass(hours=3)
    assert subjects(line) == ["First"]
    return sequence_id, enrolment_id


def test_who_keeps_the_old_version_gets_the_old_mails(line: Line, waiting: tuple[int, int]) -> None:
    publish(line, waiting[0], definition(mail("First"), wait(3), mail("Other", "Else")))
    line.let_pass(days=8, every_minutes=360)
    assert subjects(line) == ["First", "Second", "Third"]


def test_who_changes_over_gets_the_next_mail_of_the_new_version_in_its_time(
    line: Line, waiting: tuple[int, int]
) -> None:
    sequence_id, enrolment_id = waiting
    new = definition(mail("First", "One"), wait(3), mail("Second", "Two, better"))
    seen = foresee(line, sequence_id, new)
    assert (seen.change, seen.before and seen.before.mail.text, seen.after and seen.after.mail.text) == (
        Change.NEXT, "Two", "Two, better",
    )  # fmt: skip
    assert publish(line, sequence_id, new, Choice.MIGRATE) == {"migrate": 1}
    line.let_pass(days=8, every_minutes=360)
    assert subjects(line) == ["First", "Second"]
    assert "Two, better" in line.heard[1][1].decode()
    assert line.stand(enrolment_id)[0] is EnrolmentState.FINISHED
    assert "migrated" in line.ledger(enrolment_id)


def test_where_earlier_steps_are_gone_nobody_misses_a_mail_or_gets_one_twice(
    line: Line, waiting: tuple[int, int]
) -> None:
    """Keys are made of steps' numbers: by their places, the second mail would pass for the first, and be left out."""
    sequence_id, _ = waiting
    publish(line, sequence_id, definition(mail("Second", "Two"), wait(3), mail("Third", "Three")), Choice.MIGRATE)
    line.let_pass(days=8, every_minutes=360)
    assert subjects(line) == ["First", "Second", "Third"]


def test_a_draft_that_waits_is_written_anew(line: Line) -> None:
    sequence_id = line.make(OLD)
    line.pace(ALICE, **(QUICK | {"lead_s": 7200}))
    enrolment_id = line.enrol(sequence_id)
    line.tick()
    assert len(line.office.gmail(ALICE).list_drafts()) == 1
    new = definition(mail("First, better", "One"), wait(3), mail("Second", "Two"))
    assert publish(line, sequence_id, new, Choice.MIGRATE) == {"migrate": 1}
    line.tick()
    assert len(line.office.gmail(ALICE).list_drafts()) == 1
    line.let_pass(hours=5)
    assert subjects(line) == ["First, better"]
    assert line.see(enrolment_id).step == 2


def test_a_draft_of_a_step_that_is_gone_is_taken_back_and_the_way_goes_on(line: Line) -> None:
    sequence_id = line.make(OLD)
    line.pace(ALICE, **(QUICK | {"lead_s": 7200}))
    enrolment_id = line.enrol(sequence_id)
    line.tick()
    new = definition(wait(1), mail("Second", "Two"), wait(3), mail("Third", "Three"))
    seen = foresee(line, sequence_id, new)
    assert (seen.change, seen.target) == (Change.NEXT, 0)
    publish(line, sequence_id, new, Choice.MIGRATE)
    line.let_pass(days=7, every_minutes=120)
    assert subjects(line) == ["Second", "Third"]
    assert line.stand(enrolment_id)[0] is EnrolmentState.FINISHED
    assert line.office.gmail(ALICE).list_drafts() == ()


def test_who_is_stopped_gets_nothing_more(line: Line, waiting: tuple[int, int]) -> None:
    assert publish(line, waiting[0], definition(mail("New")), Choice.STOP) == {"stop": 1}
    line.let_pass(days=8, every_minutes=360)
    assert subjects(line) == ["First"]
    assert line.stand(waiting[1]) == (EnrolmentState.STOPPED, "by_hand")


def test_the_choice_may_differ_for_single_people(line: Line, waiting: tuple[int, int]) -> None:
    sequence_id, dora = waiting
    erik = line.enrol(sequence_id, "erik@suedwind.example")
    with line.office.db.write() as session:
        choices = Choices(Choice.KEEP, {dora: Choice.MIGRATE})
        actor = line.office.actors[ALICE]
        version = publish_for(session, line.office.clock, actor, sequence_id, definition(mail("New")), choices).version
    assert line.see(dora).version_id == version.id
    assert line.see(erik).version_id != version.id


def test_somebody_whose_mail_is_leaving_this_moment_keeps_their_version(line: Line) -> None:
    sequence_id = line.make(OLD)
    enrolment_id = line.enrol(sequence_id)
    advance_due(line.office.db, line.office.clock, line.engine)
    with line.office.db.write() as session:
        (order,) = orders_of(session, "enrolment", [enrolment_id])
        write(session, order.id, State.SENDING)
    assert foresee(line, sequence_id, definition(mail("New"))).is_leaving
    assert publish(line, sequence_id, definition(mail("New")), Choice.MIGRATE) == {"keep": 1}


@pytest.mark.parametrize(
    ("new", "change"),
    [
        (OLD, Change.NOTHING),
        (
            definition(mail("Otherwise"), wait(9), mail("Second", "Two"), wait(3), mail("Third", "Three")),
            Change.NOTHING,
        ),
        (
            definition(mail("First", "One"), wait(3), mail("Second", "Two"), wait(5), mail("Third", "Three")),
            Change.LATER,
        ),
        (definition(mail("First", "One"), wait(3), mail("Second", "Two")), Change.LATER),
        (definition(mail("First", "One")), Change.THROUGH),
    ],
)
def test_what_an_edit_changes_is_told_for_each(
    line: Line, waiting: tuple[int, int], new: dict[str, Any], change: Change
) -> None:
    assert foresee(line, waiting[0], new).change is change


def test_a_mail_that_was_left_out_by_hand_stays_left_out(line: Line, waiting: tuple[int, int]) -> None:
    sequence_id, enrolment_id = waiting
    with line.office.db.write() as session:
        enrolment = session.merge(line.see(enrolment_id))
        enrolment.thread = {**enrolment.thread, "veto": 2}
    publish(line, sequence_id, definition(mail("Second", "Two"), wait(3), mail("Third", "Three")), Choice.MIGRATE)
    line.let_pass(days=8, every_minutes=360)
    assert subjects(line) == ["First", "Third"]


def test_versions_can_be_told_apart_in_the_store(line: Line, waiting: tuple[int, int]) -> None:
    publish(line, waiting[0], OLD)
    with line.office.db.read() as session:
        assert [each["numbers"] for each in definitions_of(session, waiting[0])] == [[0, 1, 2, 3, 4]] * 2
