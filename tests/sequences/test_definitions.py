"""Definitions, templates and enrolments: what is refused, what is pinned, what is harmless."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from backend.kit.errors import ConflictError, UserError
from backend.outbox.rules import variant_of
from backend.outbox.service import suppress
from backend.outbox.shapes import Ground
from backend.records.tables import Contact, ContactAddress
from backend.sequences.authoring.definitions import Condition, dump, load, problems
from backend.sequences.people import enrolling, enrolment_store
from backend.sequences.people.enrolling import enrol_many
from backend.sequences.progress.engine import Engine, holds
from backend.sequences.shapes import EnrolmentState
from backend.sequences.tables import Enrolment, SequenceVersion
from backend.sequences.texts.service import delete_template, save_template
from tests.cast import ALICE, BOB, DORA, ERIK
from tests.sequences.line import TWO_MAILS, Line, definition, mail, task, wait

PAUSED, FINISHED = EnrolmentState.PAUSED, EnrolmentState.FINISHED


def fork(field: str, operator: str, value: str, then: int, otherwise: int) -> dict[str, Any]:
    where = {"field": field, "operator": operator, "value": value}
    return {"kind_of_step": "condition", **where, "then": then, "otherwise": otherwise}


def test_a_definition_is_kept_as_it_was_read() -> None:
    sound = load(definition(mail(), wait(2, "09:30"), task(), fork("contact.title", "is_empty", "", 5, 5), mail("Z")))
    assert load(dump(sound)) == sound


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "1 to 50 steps"),
        ([wait(1)], "at least one mail"),
        ([mail("", "No subject")], "Step 1: a mail has a subject"),
        ([mail("Hi", "{{ contact.shoe_size }}")], "Step 1: There is no field contact.shoe_size"),
        ([mail("Hi", "{% for x in (1..30000000) %}{% endfor")], "Step 1: This template cannot be read"),
        ([mail(), wait(-1)], "Step 2: days"),
        ([mail(), wait(10**9)], "Step 2: days"),
        ([mail(), {"kind_of_step": "wait", "days": 1, "at": "25:99"}], "Step 2 cannot be read"),
        ([{"kind_of_step": "fax"}], "Step 1 cannot be read"),
        (["mail"], "Step 1 cannot be read"),
        ([mail(), fork("contact.title", "is", "x", 0, 2)], "Step 2: a condition leads on"),
        ([task(kind="dance")], "Step 1: what the rep has to do"),
    ],
)
def test_what_cannot_run_is_refused_in_one_sentence_that_names_the_step(steps: list[Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        load({"steps": steps})


@pytest.mark.parametrize(
    "habits", [{"country": "XX"}, {"window": {"days": [9], "opens": "09:00", "closes": "17:00"}},
               {"window": {"days": [1], "opens": "17:00", "closes": "09:00"}}, {"window": {}}, {"away_days": 0}],
)  # fmt: skip
def test_habits_that_nobody_can_keep_are_refused(habits: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        load({"steps": [mail()], "habits": habits})


def test_a_loop_of_thirty_million_ends_at_its_limit_and_is_not_published(line: Line) -> None:
    body = "{% for x in (1..30000000) %}{{ contact.name }}{% endfor %}"
    with pytest.raises(UserError, match=r"Step 1: .* repeats itself too often"):
        line.make(definition(mail("Hi", body)))


@pytest.mark.parametrize("title", ["", "   "])
def test_a_field_without_a_value_blocks_the_send_and_is_named(line: Line, title: str) -> None:
    """A greeting with a hole is never sent; once the field has a value, the mail leaves."""
    enrolment = line.enrol(line.make(definition(mail("Hi", "Dear {{ contact.title }},"))))
    _set(line, enrolment, title=title)
    line.tick()
    assert (line.deliveries(), line.stand(enrolment)) == (0, (PAUSED, "missing_field"))
    with line.office.db.read() as session:
        assert enrolment_store.ledger(session, enrolment)[-1].evidence == "contact.title"
    _set(line, enrolment, title="Head of Purchasing")
    with line.office.db.write() as session:
        enrolling.resume(session, session.get_one(Enrolment, enrolment), line.office.clock.now())
    line.tick()
    assert (line.deliveries(), line.stand(enrolment)[0]) == (1, FINISHED)
    assert b"Dear Head of Purchasing," in line.heard[0][1]


def test_html_in_a_field_is_text_in_the_mail(line: Line) -> None:
    enrolment = line.enrol(line.make(definition(mail("Hi", "Dear {{ contact.title }}", is_html=True))))
    _set(line, enrolment, title="<script>alert(1)</script><img src=x onerror=y>")
    line.tick()
    html = line.heard[0][1].partition(b"text/html")[2]
    assert b"<script" not in html
    assert b"<img" not in html
    assert b"&lt;script" in html


def test_a_field_cannot_add_a_header(line: Line) -> None:
    enrolment = line.enrol(line.make(definition(mail("Hi {{ contact.title }}", "Hello"))))
    _set(line, enrolment, title="x\r\nBcc: victim@elsewhere.example")
    line.tick()
    head = line.heard[0][1].partition(b"\r\n\r\n")[0]
    assert b"\r\nBcc:" not in head
    assert [to for to, _ in line.heard] == [DORA]


def test_definition_edited_while_waiting(line: Line) -> None:
    """Who is on the way keeps the version they began with; who comes after gets the new one."""
    sequence = line.make(TWO_MAILS)
    line.enrol(sequence)
    line.tick()
    line.make(definition(mail("New offer"), wait(1), mail("New news")))
    line.enrol(sequence, ERIK)
    line.let_pass(days=4, every_minutes=240)
    assert b"Subject: Re: An offer" in line.heard[-1][1]
    assert [raw.count(b"Subject: New") for to, raw in line.heard if to == ERIK] == [1, 1]
    with line.office.db.read() as session:
        assert list(session.scalars(select(SequenceVersion.number))) == [1, 2]


def test_a_step_whose_template_was_deleted_still_says_what_was_published(line: Line) -> None:
    office = line.office
    with office.db.write() as session:
        template = save_template(
            session, office.clock, office.actors[ALICE], None, name="T", subject="S", body="Words", is_shared=True
        )
        template_id = template.id
    line.enrol(line.make(definition(mail("S", "Words", template_id=template_id))))
    with office.db.write() as session:
        delete_template(session, office.clock, office.actors[ALICE], template_id)
    line.tick()
    assert line.deliveries() == 1


def test_re_enrolment_while_running(line: Line) -> None:
    sequence = line.make()
    line.enrol(sequence)
    for again in (False, True):
        with pytest.raises(ConflictError, match="already"):
            line.enrol(sequence, again=again)


def test_re_enrolment_afterwards_must_be_asked_for(line: Line) -> None:
    sequence = line.make(definition(mail()))
    line.enrol(sequence)
    line.tick()
    with pytest.raises(ConflictError, match="was before"):
        line.enrol(sequence)
    line.enrol(sequence, again=True)
    line.tick()
    assert line.deliveries() == 2


def test_many_people_enrolled_twice_are_enrolled_once(line: Line) -> None:
    sequence = line.make(definition(mail()))
    people = [line.person(f"p{n}@company{n}.example") for n in range(5)]
    with line.office.db.write() as session:
        actor, clock = line.office.actors[ALICE], line.office.clock
        first = enrol_many(session, clock, actor, sequence, [*people, *people, 999])
        second = enrol_many(session, clock, actor, sequence, people)
    assert (first.enrolled, set(first.refused), second.enrolled) == (5, {999}, 0)
    line.tick()
    assert len(line.heard) == 5


def test_more_than_fifty_thousand_at_once_are_refused(line: Line) -> None:
    with line.office.db.write() as session, pytest.raises(UserError, match="at most 50000"):
        enrol_many(session, line.office.clock, line.office.actors[ALICE], 1, range(50_001))


def test_an_address_without_a_domain_is_refused(line: Line) -> None:
    contact_id = line.person()
    with line.office.db.write() as session:
        session.execute(update(ContactAddress).where(ContactAddress.contact_id == contact_id).values(email="dora"))
    with pytest.raises(UserError, match="no mail address with a domain"):
        line.enrol(line.make(), DORA)


def test_who_unsubscribed_is_written_to_by_nobody(line: Line) -> None:
    running = line.enrol(line.make())
    line.tick()
    with line.office.db.write() as session:
        suppress(session, line.office.clock, line.office.workspace_id, DORA, Ground.UNSUBSCRIBED, "their own click")
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(running)) == (1, (EnrolmentState.STOPPED, "unsubscribed"))
    with pytest.raises(UserError, match="not written to any more"):
        line.enrol(line.make(definition(mail()), "Other"), DORA)


def test_one_contact_in_two_sequences_of_two_reps_gets_each_mail_once(line: Line) -> None:
    line.enrol(line.make(definition(mail("One"), collision_days=0)))
    line.enrol(line.make(definition(mail("Two"), collision_days=0), "Other"), by=BOB)
    line.let_pass(hours=3)
    assert line.deliveries() == 2


def test_conditions_and_tasks_lead_on(line: Line) -> None:
    steps = [fork("contact.title", "is", "Buyer", 2, 1), task("Find out who buys"), mail("Hi")]
    enrolment = line.enrol(line.make(definition(*steps)))
    line.tick()
    assert line.ledger(enrolment)[1:3] == ["turned contact.title", "done task"]
    other = line.enrol(line.make(definition(*steps)), ERIK)
    _set(line, other, title="buyer")
    line.tick()
    assert "done task" not in line.ledger(other)


def test_a_conditions_operators() -> None:
    values = {"contact.title": "Buyer"}
    ask = [Condition("contact.title", operator, "BUYER ", 0, 0) for operator in ("is", "is_not", "is_empty")]
    assert [holds(condition, values) for condition in ask] == [True, False, False]
    assert [holds(condition, {}) for condition in ask] == [False, True, True]


def test_wordings_are_drawn_by_lot_and_stay_drawn() -> None:
    drawn = [variant_of(f"{n:032x}", 2) for n in range(400)]
    assert drawn == [variant_of(f"{n:032x}", 2) for n in range(400)]
    assert 150 < sum(drawn) < 250


def test_one_poisoned_enrolment_stands_still_and_the_others_go_on(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    sequence = line.make(definition(mail()))
    poison, other = line.enrol(sequence, DORA), line.enrol(sequence, ERIK)
    advance = Engine.advance

    def stumble(engine: Engine, session: Any, enrolments: list[Enrolment]) -> None:
        if poison in {enrolment.id for enrolment in enrolments}:
            raise ZeroDivisionError
        advance(engine, session, enrolments)

    monkeypatch.setattr(Engine, "advance", stumble)
    line.tick()
    assert line.stand(other)[0] is FINISHED
    line.let_pass(hours=6, every_minutes=30)
    assert line.stand(poison) == (PAUSED, "failed")
    assert line.ledger(poison).count("troubled crashed") == 4


def _set(line: Line, enrolment: int, **values: str) -> None:
    with line.office.db.write() as session:
        contact = session.get_one(Contact, line.see(enrolment).contact_id)
        for name, value in values.items():
            setattr(contact, name, value)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (fork("contact.title", "has_reached", "Proposal", 2, 2), "only a deal's stage"),
        (fork("happened.opened", "is", "yes", 2, 2), "a condition asks for one of"),
    ],
)
def test_a_condition_asks_only_for_what_is_known(condition: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=f"Step 2: {words}"):
        load(definition(mail(), condition))


def test_everything_that_is_wrong_with_a_draft_is_told_by_its_step() -> None:
    wrong = problems(definition(mail("", "x"), wait(1), wait(-1)))
    assert sorted(wrong) == [1, 3]
    assert sorted(problems(definition(wait(1)))) == [0]
    assert problems(definition(mail())) == {}
    assert sorted(problems(definition(mail(), zone="moon"))) == [0]
