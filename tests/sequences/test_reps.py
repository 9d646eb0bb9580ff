"""Whose mailbox, whose time and whose days off: owners that change, people abroad, reps on holiday; crowds put in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from backend.records.tables import Contact, ContactAddress, Record
from backend.sequences.hours import zone_in
from backend.sequences.people.enrolling import enrol_many
from backend.sequences.shapes import EnrolmentState
from backend.sequences.tables import Absence
from tests.cast import ALICE, BOB, CAROL, DORA
from tests.outbox.desk import headers_of
from tests.sequences.line import MONDAY, TWO_MAILS, Line, definition, mail

STEPS = TWO_MAILS["steps"]
OFFICE_HOURS = {"days": [0, 1, 2, 3, 4], "opens": "09:00", "closes": "17:00"}
FINISHED, STOPPED = EnrolmentState.FINISHED, EnrolmentState.STOPPED


def give_to(line: Line, enrolment: int, owner: str) -> None:
    _write(line, Record, line.see(enrolment).contact_id, owner_id=line.office.actors[owner].user_id)


def test_a_sequence_follows_the_record_to_its_new_owners_mailbox(line: Line) -> None:
    """The follow-up leaves from bob's mailbox and names alice's mail, so that it lands in the person's thread."""
    enrolment = line.enrol(line.make(definition(*STEPS, on_owner_change="follow")))
    line.tick()
    line.office.sync()
    give_to(line, enrolment, BOB)
    line.let_pass(days=4, every_minutes=240)
    first, second = (headers_of(raw) for _, raw in line.heard)
    assert (first["from"], second["from"]) == (f"Alice <{ALICE}>", f"Bob <{BOB}>")
    assert second["in-reply-to"] == second["references"]
    assert second["subject"] == "Re: An offer"
    assert line.stand(enrolment)[0] is FINISHED
    assert "moved owner_changed" in line.ledger(enrolment)


def test_a_draft_that_waits_in_the_old_owners_mailbox_leaves_from_the_new_ones(line: Line) -> None:
    sequence = line.make(definition(mail(), on_owner_change="follow"))
    line.pace(lead_s=3600)
    enrolment = line.enrol(sequence)
    line.tick()
    assert len(line.office.gmail(ALICE).list_drafts()) == 1
    give_to(line, enrolment, BOB)
    line.let_pass(hours=3, every_minutes=15)
    assert [headers_of(raw)["from"] for _, raw in line.heard] == [f"Bob <{BOB}>"]
    assert line.office.gmail(ALICE).list_drafts() == ()


def test_where_the_new_owner_has_no_mailbox_it_ends(line: Line) -> None:
    enrolment = line.enrol(line.make(definition(*STEPS, on_owner_change="follow")))
    line.tick()
    give_to(line, enrolment, CAROL)
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)) == (1, (STOPPED, "owner_changed"))


def test_a_sequence_that_stays_goes_on_from_the_old_owners_mailbox(line: Line) -> None:
    enrolment = line.enrol(line.make(definition(*STEPS, on_owner_change="stay")))
    line.tick()
    line.office.sync()
    give_to(line, enrolment, BOB)
    line.let_pass(days=4, every_minutes=240)
    assert [headers_of(raw)["from"] for _, raw in line.heard] == [f"Alice <{ALICE}>"] * 2


def test_the_window_may_be_meant_in_the_persons_own_time(line: Line) -> None:
    """Nine in the morning in Tokyo is midnight in UTC, where alice plans."""
    enrolment = line.enrol(line.make(definition(mail(), window=OFFICE_HOURS, zone="person")))
    _write(line, Contact, line.see(enrolment).contact_id, country="JP")
    line.let_pass(hours=14, every_minutes=60)
    assert line.deliveries() == 0
    line.let_pass(hours=2, every_minutes=60)
    assert line.deliveries() == 1


@pytest.mark.parametrize(
    ("country", "zone"), [("JP", "Asia/Tokyo"), ("ES", "Europe/Madrid"), ("US", None), ("XX", None), ("", None)]
)
def test_a_country_tells_the_zone_only_where_most_people_live_in_one(country: str, zone: str | None) -> None:
    found = zone_in(country)
    assert (found and found.key) == zone


def test_nothing_leaves_while_the_rep_is_away_and_all_of_it_afterwards(line: Line) -> None:
    sequence = line.make(definition(mail(), window=OFFICE_HOURS))
    with line.office.db.write() as session:
        actor, days = line.office.actors[ALICE], {"first_day": date(2026, 1, 5), "last_day": date(2026, 1, 7)}
        session.add(Absence(workspace_id=actor.workspace_id, user_id=actor.user_id, **days))
    enrolment = line.enrol(sequence)
    line.let_pass(days=2.5, every_minutes=240)
    assert (line.deliveries(), line.see(enrolment).due_at) == (0, MONDAY + timedelta(days=3))
    line.let_pass(hours=16)
    assert line.deliveries() == 1


def test_a_colleagues_absence_says_nothing_of_the_person(line: Line) -> None:
    enrolment = line.enrol(line.make())
    line.tick()
    line.office.mail("boss@nordwind.example", ALICE, "Automatic reply: x", "I am away until 20 February 2026.")
    line.let_pass(days=4, every_minutes=240)
    assert (line.deliveries(), line.stand(enrolment)[0]) == (2, FINISHED)


def test_one_address_on_two_contacts_gets_each_mail_once(line: Line) -> None:
    """The address went over to another contact, who is enrolled too: the first stops, the second had that mail."""
    sequence = line.make()
    first = line.enrol(sequence)
    line.tick()
    other = line.person("dora.new@nordwind.example")
    with line.office.db.write() as session:
        a = ContactAddress
        session.execute(update(a).where(a.contact_id == other).values(address_key="gone", email="gone@x.example"))
        session.execute(update(a).where(a.address_key == DORA).values(contact_id=other, is_primary=True))
        session.execute(update(a).where(a.address_key == "gone").values(is_primary=False))
    second = line.enrol(sequence)
    line.let_pass(days=4, every_minutes=240)
    assert line.stand(first) == (STOPPED, "address_gone")
    assert "skipped had_it_before" in line.ledger(second)
    assert line.deliveries() == 2


def test_two_thousand_people_twice_are_enrolled_once_in_a_few_statements(line: Line) -> None:
    sequence = line.make(definition(mail()))
    people = [line.person(f"p{n}@company{n}.example") for n in range(40)]
    strangers = list(range(1_000_000, 1_001_960))
    statements: list[str] = []
    event.listen(line.office.db.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    done = [_enrol(line, sequence, [*people, *strangers]) for _ in range(2)]
    assert [(each.enrolled, len(each.refused)) for each in done] == [(40, 1_960), (0, 2_000)]
    assert "already" in done[1].refused[people[0]]
    assert len(statements) < 60


def _enrol(line: Line, sequence: int, people: list[int]) -> Any:
    with line.office.db.write() as session:
        return enrol_many(session, line.office.clock, line.office.actors[ALICE], sequence, people)


def _write(line: Line, model: type[Any], row_id: int, **values: object) -> None:
    table = model.__table__
    with line.office.db.write() as session:
        session.execute(update(table).where(table.c.id == row_id).values(**values))
