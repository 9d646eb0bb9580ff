"""A rehearsal shows what will happen, by the code that will do it, and changes nothing."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest

from backend.__main__ import log_to_stderr
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.kit.errors import NotFoundError, UserError
from backend.outbox.service import suppress
from backend.outbox.shapes import Ground
from backend.sequences.changing.migrating import Choice, Choices, publish_for
from backend.sequences.simulation.shapes import Plan, Rehearsal
from tests.cast import ALICE, BOB, open_office
from tests.sequences.line import QUICK, Line, definition, mail, wait
from tests.sequences.simulation.stagehand import OFFICE_HOURS, fingerprint, mails_of, play_in_earnest, rehearsed

NURTURE = definition(
    mail("An offer for {{ contact.first_name }}"),
    wait(4, "10:30"),
    mail("", "Any news?", is_reply=True),
    wait(3),
    mail("Last words"),
    window=OFFICE_HOURS,
    country="ES",
)
SPACED = {"lead_s": 300, "spacing_s": 90, "jitter_s": 30, "person_hours": 20}
ANNAS = [(f"Anna Number{n}", f"anna{n}@firm{n}.example") for n in range(5)]


def enrol(line: Line, sequence_id: int, name: str, address: str, *, by: str = ALICE) -> int:
    line.person(address, name)
    return line.enrol(sequence_id, address, by=by)


def told(rehearsal: Rehearsal, kind: str) -> list[str]:
    return [one.reason for one in rehearsal.happenings if one.kind == kind]


def sent_by_day(rehearsal: Rehearsal) -> list[tuple[str, int, int]]:
    """Days of the first calendar on which something happened."""
    days = rehearsal.calendars[0].days
    return [(f"{day.day:%a %d}", day.sent, day.held) for day in days if day.sent or day.held]


def test_the_mails_of_a_rehearsal_are_those_that_then_go_out(line: Line) -> None:
    sequence_id = line.make(NURTURE)
    line.pace(ALICE, **(SPACED | {"daily_cap": 3}))
    line.pace(BOB, **SPACED)
    for name, address in ANNAS:
        enrol(line, sequence_id, name, address)
    enrol(line, sequence_id, "Bea Other", "bea@other.example", by=BOB)
    foreseen = mails_of(rehearsed(line, sequence_id, days=20))
    assert len(foreseen) == 18
    assert foreseen == play_in_earnest(line, days=20)


def test_so_they_are_where_somebody_is_on_the_way_already_with_a_draft_laid_down(line: Line) -> None:
    sequence_id = line.make(NURTURE)
    line.pace(ALICE, **SPACED)
    for name, address in ANNAS[:2]:
        enrol(line, sequence_id, name, address)
    line.tick()
    play_in_earnest(line, days=5)
    enrol(line, sequence_id, *ANNAS[2])
    line.tick()
    assert len(line.office.gmail(ALICE).list_drafts()) == 1
    foreseen = mails_of(rehearsed(line, sequence_id, days=20))
    went_out = play_in_earnest(line, days=20)
    assert [(to, subject) for to, subject, _ in foreseen] == [(to, subject) for to, subject, _ in went_out]
    assert len(foreseen) == 5


def test_nothing_in_the_real_database_or_mailbox_changes(line: Line) -> None:
    sequence_id = line.make(NURTURE)
    line.enrol(sequence_id)
    before = fingerprint(line.office.db)
    assert rehearsed(line, sequence_id, replies=0.5, invented=3).mails
    assert fingerprint(line.office.db) == before
    assert line.heard == []
    assert line.office.gmail(ALICE).list_drafts() == ()


def test_a_holiday_and_a_weekend_shift_a_mail_and_are_named(line: Line, clock: VirtualClock) -> None:
    clock.current = datetime(2026, 1, 2, 10, 0, tzinfo=UTC)  # Friday; the Tuesday after is Epiphany in Spain
    wished = definition(mail(), wait(1), mail("Second"), wait(1), mail("Third"), window=OFFICE_HOURS, country="ES")
    sequence_id = line.make(wished)
    line.enrol(sequence_id)
    rehearsal = rehearsed(line, sequence_id, days=10)
    assert [f"{mail.local:%a %d %H:%M}" for mail in rehearsal.mails] == ["Fri 02 10:00", "Mon 05 09:00", "Wed 07 09:00"]
    assert told(rehearsal, "held") == ["weekday", "holiday"]
    assert [f"{one.until:%a %d %H:%M}" for one in rehearsal.happenings if one.until] == ["Mon 05 09:00", "Wed 07 09:00"]


def test_the_cap_of_a_mailbox_is_kept_and_shown_in_its_calendar(line: Line) -> None:
    sequence_id = line.make(definition(mail(), window=OFFICE_HOURS))
    line.pace(ALICE, daily_cap=2)
    for name, address in ANNAS:
        enrol(line, sequence_id, name, address)
    rehearsal = rehearsed(line, sequence_id, days=5)
    assert sent_by_day(rehearsal) == [("Mon 05", 2, 3), ("Tue 06", 2, 1), ("Wed 07", 1, 0)]
    assert set(told(rehearsal, "held")) == {"daily_cap"}


def test_a_suppressed_address_gets_nothing_and_is_named(line: Line) -> None:
    sequence_id = line.make(definition(mail()))
    line.enrol(sequence_id, "gone@firm.example")
    with line.office.db.write() as session:
        suppress(session, line.office.clock, line.office.workspace_id, "gone@firm.example", Ground.BY_HAND, "asked")
    rehearsal = rehearsed(line, sequence_id)
    assert (rehearsal.mails, told(rehearsal, "stopped")) == ((), ["by_hand"])


def test_a_field_without_a_value_is_named(line: Line) -> None:
    sequence_id = line.make(definition(mail("Offer", "For {{ deal.name }}")))
    line.enrol(sequence_id)
    rehearsal = rehearsed(line, sequence_id)
    missing = [(one.reason, one.evidence) for one in rehearsal.happenings if one.kind == "skipped"]
    assert (rehearsal.mails, missing) == ((), [("missing_field", "deal.name")])


def test_two_reps_who_write_to_one_company_collide(line: Line) -> None:
    sequence_id = line.make(definition(mail(), collision_days=3))
    line.enrol(sequence_id, "one@firm.example")
    line.enrol(sequence_id, "two@firm.example", by=BOB)
    line.pace(BOB, **(QUICK | {"lead_s": 300}))
    rehearsal = rehearsed(line, sequence_id)
    assert mails_of(rehearsal)[0][0] == "one@firm.example"
    assert "collision" in told(rehearsal, "held")


@pytest.mark.parametrize(
    ("share", "kind", "reason"),
    [("replies", "stopped", "replied"), ("bounces", "stopped", "bounced"), ("away", "paused", "away")],
)
def test_people_who_answer_are_seen_to_stop_or_to_pause_it(line: Line, share: str, kind: str, reason: str) -> None:
    sequence_id = line.make(definition(mail(), wait(2), mail("Second"), wait(2), mail("Third")))
    for name, address in ANNAS[:2]:
        enrol(line, sequence_id, name, address)
    rehearsal = rehearsed(line, sequence_id, **{share: 1.0})
    assert set(told(rehearsal, kind)) == {reason}
    assert len(rehearsal.mails) == 6 if share == "away" else len(rehearsal.mails) < 6


def test_the_same_seed_gives_the_same_rehearsal_and_another_one_another(line: Line) -> None:
    sequence_id = line.make(definition(mail(), wait(2), mail("Second")))
    first, again, other = (rehearsed(line, sequence_id, invented=6, replies=1.0, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.happenings != other.happenings


def test_where_nobody_is_on_the_way_people_are_invented_and_every_field_has_a_value(line: Line) -> None:
    sequence_id = line.make(
        definition(mail("{{ deal.name }}", "{{ contact.title }} {{ company.name }} {{ deal.amount }}"))
    )
    rehearsal = rehearsed(line, sequence_id, days=2)
    assert (rehearsal.invented, len(rehearsal.people), len(rehearsal.mails)) == (20, 20, 20)


def test_chosen_people_are_enrolled_on_the_stage_alone_and_who_cannot_be_is_named(line: Line) -> None:
    sequence_id = line.make(definition(mail()))
    line.enrol(sequence_id, "known@firm.example")
    chosen = [line.person("known@firm.example"), line.person("new@firm.example", "Nina New")]
    rehearsal = rehearsed(line, sequence_id, contact_ids=tuple(chosen), days=1)
    assert {mail.person.email for mail in rehearsal.mails} == {"known@firm.example", "new@firm.example"}
    assert len(rehearsal.refused) == 1
    assert "already" in next(iter(rehearsal.refused.values()))


def test_a_definition_that_is_not_published_can_be_rehearsed(line: Line) -> None:
    sequence_id = line.make(definition(mail("Old words")))
    rehearsal = rehearsed(line, sequence_id, days=1, invented=1, definition=definition(mail("New words")))
    assert [subject for _, subject, _ in mails_of(rehearsal)] == ["New words"]


def test_what_cannot_be_rehearsed_is_refused_in_one_sentence(line: Line) -> None:
    sequence_id = line.make(definition(mail()))
    for plan in ({"days": 0}, {"days": 400}, {"invented": 6000}, {"replies": 0.7, "away": 0.7}, {"bounces": -0.1}):
        with pytest.raises(UserError):
            Plan(**plan).check()
    with pytest.raises(NotFoundError):
        rehearsed(line, 999)
    with pytest.raises(UserError, match="mailbox"):
        rehearsed(line, sequence_id, mailbox_ids=(999,))


def test_a_postgresql_database_is_rehearsed_as_well_and_changed_over(
    postgresql_db: Database, clock: VirtualClock, emulator: Emulator
) -> None:
    line = Line(open_office(postgresql_db, clock, emulator, ALICE))
    line.office.sync()
    sequence_id = line.make(NURTURE)
    enrol(line, sequence_id, *ANNAS[0])
    line.tick()
    new = definition(mail("Sooner"), wait(2), mail("Later"))
    foreseen = mails_of(rehearsed(line, sequence_id, days=10, definition=new))
    with postgresql_db.write() as session:
        actor, choices = line.office.actors[ALICE], Choices(Choice.MIGRATE)
        assert publish_for(session, clock, actor, sequence_id, new, choices).people == {Choice.MIGRATE: 1}
    assert foreseen == play_in_earnest(line, days=10)
    assert [subject for _, subject, _ in foreseen] == ["Later"]


def test_the_servers_log_tells_of_no_mail_that_a_rehearsal_sent(
    line: Line, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["enlace", "serve"])
    log_to_stderr()
    line.enrol(line.make())
    assert len(rehearsed(line, 1, days=5).mails) == 2
    assert "mail_sent" not in capsys.readouterr().err
    line.tick()
    assert "mail_sent" in capsys.readouterr().err
