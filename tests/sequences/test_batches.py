"""Crowds put in by batches: others write in between, two at once and twice, and killed in the midst."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, func, select

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.kit.errors import UserError
from backend.sequences.campaigns import service as campaigns
from backend.sequences.campaigns.service import audience_of
from backend.sequences.people.batches import AT_ONCE, enrol_in_batches
from backend.sequences.shapes import Enrolled
from backend.sequences.tables import Enrolment, EnrolmentEvent
from tests.cast import ALICE, DORA, open_office
from tests.sequences.browser import words_of
from tests.sequences.crowd import address, make_people
from tests.sequences.line import Line, definition, mail

PEOPLE = AT_ONCE * 5 // 2


class Killed(BaseException):
    """The process is no more."""


@pytest.fixture
def crowd(db: Database, clock: VirtualClock, emulator: Emulator) -> Line:
    """Acme's sequences on either database."""
    return Line(open_office(db, clock, emulator))


def put_in(line: Line, sequence: int, ids: list[int]) -> Enrolled:
    return enrol_in_batches(line.office.db, line.office.clock, line.office.actors[ALICE], sequence, ids)


def books(line: Line) -> tuple[int, int, int]:
    """How many enrolments there are, of how many people, and how many lines in their ledgers."""
    with line.office.db.read() as session:
        people = session.scalar(select(func.count(Enrolment.contact_id.distinct())))
        lines = session.scalar(select(func.count(EnrolmentEvent.id)))
        return session.scalar(select(func.count(Enrolment.id))) or 0, people or 0, lines or 0


def test_a_crowd_comes_in_by_batches_so_that_others_write_in_between(crowd: Line) -> None:
    sequence, ids = crowd.make(definition(mail())), make_people(crowd.office, PEOPLE)
    with commits(crowd.office.db.engine) as seen:
        done = [put_in(crowd, sequence, ids) for _ in range(2)]
    assert [(each.enrolled, len(each.refused)) for each in done] == [(PEOPLE, 0), (0, PEOPLE)]
    assert len(seen) == 2 * 3
    assert books(crowd) == (PEOPLE, PEOPLE, PEOPLE)


def test_killed_in_the_midst_and_done_again_everybody_is_in_once(crowd: Line) -> None:
    sequence, ids = crowd.make(definition(mail())), make_people(crowd.office, PEOPLE)
    with pytest.raises(Killed), commits(crowd.office.db.engine, die_at=2):
        put_in(crowd, sequence, ids)
    assert books(crowd) == (AT_ONCE, AT_ONCE, AT_ONCE)
    done = put_in(crowd, sequence, ids)
    assert (done.enrolled, len(done.refused)) == (PEOPLE - AT_ONCE, AT_ONCE)
    assert books(crowd) == (PEOPLE, PEOPLE, PEOPLE)


@contextmanager
def commits(engine: Engine, *, die_at: int = 0) -> Iterator[list[object]]:
    """The commits meanwhile; the process dies before the one of this number."""
    seen: list[object] = []

    def note(connection: object) -> None:
        seen.append(connection)
        if len(seen) == die_at:
            raise Killed

    event.listen(engine, "commit", note)
    try:
        yield seen
    finally:
        event.remove(engine, "commit", note)


def test_two_who_put_the_same_crowd_in_at_once_put_each_in_once(crowd: Line) -> None:
    sequence, ids = crowd.make(definition(mail())), make_people(crowd.office, PEOPLE)
    done: list[Enrolled] = []
    both = [Thread(target=lambda: done.append(put_in(crowd, sequence, ids))) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sum(each.enrolled for each in done) == PEOPLE
    assert all(each.enrolled + len(each.refused) == PEOPLE for each in done)
    assert books(crowd) == (PEOPLE, PEOPLE, PEOPLE)


def test_a_long_list_of_addresses_fits_into_the_page(client: FlaskClient, line: Line) -> None:
    """It stands in the form again, beside the file, when somebody looks a second time."""
    line.make(definition(mail()))
    line.person(DORA)
    addresses = "\n".join(["email", DORA, *(f"{n:040}@nobody.example" for n in range(11_000))])
    assert len(addresses) > 500_000  # what a field may hold unless somebody asks for more
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    form = f"{part.format('do', 'check')}{part.format('addresses', addresses)}--x--"
    answer = client.post("/sequences/1/enrol", data=form, content_type="multipart/form-data; boundary=x")
    assert "1 person can be enrolled" in words_of(answer)


def test_a_campaign_for_more_than_can_come_in_is_refused_and_nobody_is_cut_off_in_silence(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_people(line.office, 3)
    monkeypatch.setattr(campaigns, "MOST_PEOPLE", 2)
    addresses = [address(number) for number in range(3)]
    with line.office.db.read() as session:
        assert len(audience_of(session, line.office.workspace_id, "\n".join(addresses[:2])).contact_ids or ()) == 2
        with pytest.raises(UserError, match="More than 2 people"):
            audience_of(session, line.office.workspace_id, "\n".join(addresses))
