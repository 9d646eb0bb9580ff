"""Rehearsing in the browser, and publishing an edit for the people on the way."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from backend.sequences.authoring.drafts import save_draft
from backend.sequences.authoring.sequence_store import find_sequence
from backend.sequences.pages import rehearsal
from tests.cast import ALICE, BOB, DORA
from tests.sequences.browser import words_of
from tests.sequences.line import Line, definition, mail, wait
from tests.sequences.simulation.stagehand import OFFICE_HOURS, fingerprint

OLD = definition(mail("First", "One"), wait(3), mail("Second", "Two"), window=OFFICE_HOURS)
NEW = definition(mail("First", "One"), wait(3), mail("Second", "Two, better"), window=OFFICE_HOURS)


def write(line: Line, sequence_id: int, what: dict[str, object]) -> None:
    """Keep a draft."""
    with line.office.db.write() as session:
        found = find_sequence(session, line.office.workspace_id, sequence_id)
        assert found is not None
        save_draft(session, line.office.actors[ALICE], sequence_id, what, found.revision)


def test_the_page_shows_the_calendar_each_mail_and_what_happens_beside(client: FlaskClient, line: Line) -> None:
    sequence_id = line.make(OLD)
    line.person(DORA, "Dora Dahl")
    line.enrol(sequence_id)
    assert "Rehearse" in words_of(client.get(f"/sequences/{sequence_id}"))
    assert "Play" in words_of(client.get(f"/sequences/{sequence_id}/rehearsal"))
    before = fingerprint(line.office.db)
    page = words_of(client.post(f"/sequences/{sequence_id}/rehearsal", data={"days": "10", "replies": "0"}))
    assert fingerprint(line.office.db) == before
    assert "People 1 of them invented 0 Mails that leave 2" in page
    assert "09:00 Dora Dahl · First From alice@acme.example to dora@nordwind.example One" in page
    assert "Through 1" in page


def test_what_is_written_and_not_published_can_be_rehearsed(client: FlaskClient, line: Line) -> None:
    sequence_id = line.make(OLD)
    line.person(DORA, "Dora Dahl")
    line.enrol(sequence_id)
    write(line, sequence_id, NEW)
    page = words_of(client.post(f"/sequences/{sequence_id}/rehearsal", data={"days": "10", "what": "draft"}))
    assert "Two, better" in page


def test_a_rep_rehearses_only_what_leaves_their_own_mailbox(client: FlaskClient, line: Line) -> None:
    sequence_id = line.make(OLD)
    line.person(DORA, "Dora Dahl")
    line.enrol(sequence_id, by=BOB)
    page = words_of(client.post(f"/sequences/{sequence_id}/rehearsal", data={"days": "2"}))
    assert "People 20 of them invented 20" in page
    assert "Dora" not in page


@pytest.mark.parametrize("wrong", [{"days": "no"}, {"days": "0"}, {"days": "99"}, {"invented": "501"}, {"away": "120"}])
def test_what_cannot_be_played_comes_back_with_its_sentence(
    client: FlaskClient, line: Line, wrong: dict[str, str]
) -> None:
    sequence_id = line.make(OLD)
    answer = client.post(f"/sequences/{sequence_id}/rehearsal", data={"days": "3", **wrong})
    assert (answer.status_code, 'role="alert"' in answer.text) == (400, True)


def test_one_is_played_at_a_time(client: FlaskClient, line: Line) -> None:
    sequence_id = line.make(OLD)
    with rehearsal._one_at_a_time:
        answer = client.post(f"/sequences/{sequence_id}/rehearsal", data={"days": "3"})
    assert "Another rehearsal" in words_of(answer)


def test_before_publishing_it_is_told_what_changes_for_each_and_single_ones_change_over(
    client: FlaskClient, line: Line
) -> None:
    sequence_id = line.make(OLD)
    for address, name in ((DORA, "Dora Dahl"), ("erik@suedwind.example", "Erik Egger")):
        line.person(address, name)
    dora, erik = (line.enrol(sequence_id, address) for address in (DORA, "erik@suedwind.example"))
    line.let_pass(hours=3)
    write(line, sequence_id, NEW)
    page = words_of(client.get(f"/sequences/{sequence_id}/publish"))
    assert "2 people are on the way" in page
    assert len(re.findall("the next mail changes", page)) == 2
    assert "Two, better" in page
    client.post(f"/sequences/{sequence_id}/publish", data={"choice": "keep", "single": f"{dora}:migrate"})
    assert line.see(dora).version_id != line.see(erik).version_id
    line.let_pass(days=4)
    assert [("better" in raw.decode()) for to, raw in line.heard if to == DORA] == [False, True]


def test_a_choice_that_is_none_publishes_nothing(client: FlaskClient, line: Line) -> None:
    sequence_id = line.make(OLD)
    write(line, sequence_id, NEW)
    assert client.post(f"/sequences/{sequence_id}/publish", data={"choice": "perhaps"}).status_code == 400
    assert "Version 1" in words_of(client.get(f"/sequences/{sequence_id}"))


def test_people_can_be_rehearsed_before_they_are_enrolled(client: FlaskClient, line: Line) -> None:
    sequence_id = line.make(OLD)
    line.person(DORA, "Dora Dahl")
    page = client.post(f"/sequences/{sequence_id}/enrol", data={"addresses": DORA, "do": "check"})
    button = re.search(r'formaction="([^"]+)" name="contacts" value="([^"]+)"', page.text)
    assert button is not None
    played = words_of(client.post(button[1], data={"contacts": button[2]}))
    assert "For the 1 person whom you chose" in played
    assert "Mails that leave 2" in played
    assert "Nobody is on the way" in words_of(client.get(f"/sequences/{sequence_id}"))
