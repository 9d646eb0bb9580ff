from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from backend.accounts.service import create_user
from backend.accounts.shapes import Role
from backend.accounts.store import get_workspace
from backend.activities.pages import blueprint
from backend.activities.store import open_tasks_of_owner, open_tasks_of_record
from backend.db import Database
from backend.kit.clock import VirtualClock
from backend.linking.pages import blueprint as linking
from backend.records import service
from backend.records.pages import blueprint as records
from backend.records.shapes import NewContact
from backend.sequences.pages import blueprint as sequences
from backend.timeline.pages import blueprint as timeline
from tests.web.team import Office, open_office


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock) -> Office:
    return open_office(sqlite_db, clock, blueprint, records, linking, timeline, sequences)


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.client()


@pytest.fixture
def ana(office: Office) -> int:
    with office.db.write() as session:
        return service.make_contact(session, office.team, NewContact("Ana Ruiz")).id


def test_what_is_written_down_stands_in_the_timeline(client: FlaskClient, ana: int) -> None:
    client.post(f"/records/{ana}/activities", data={"kind": "note", "text": "Prefers mornings."})
    call = {"kind": "call", "text": "Left a message.", "outcome": "voicemail"}
    client.post(f"/records/{ana}/activities", data=call)
    page = client.get(f"/contacts/{ana}").text
    assert "Prefers mornings." in page
    assert re.search(r"Left a message\..*?voicemail", page, re.DOTALL)


def test_a_task_is_due_in_the_afternoon_where_its_owner_is(office: Office, ana: int) -> None:
    with office.db.write() as session:
        workspace = get_workspace(session, office.workspace_id)
        tomas = create_user(
            session, office.clock, workspace, email="tomas@lumbrera.example", role=Role.REP,
            timezone="America/Mexico_City",
        ).id  # fmt: skip
    form = {"kind": "task", "text": "Send the offer", "due": "2026-01-09"}
    office.client(tomas).post(f"/records/{ana}/activities", data=form)
    with office.db.read() as session:
        (task,) = open_tasks_of_owner(session, office.workspace_id, tomas)
    assert task.due_at == datetime(2026, 1, 9, 23, 0, tzinfo=UTC)


def test_a_task_is_ticked_off_and_opened_again_by_undo(office: Office, client: FlaskClient, ana: int) -> None:
    client.post(f"/records/{ana}/activities", data={"kind": "task", "text": "Send the offer"})

    def open_tasks() -> int:
        with office.db.read() as session:
            return len(open_tasks_of_record(session, office.workspace_id, ana))

    done = re.findall(r'action="(/tasks/\d+/done)"', client.get(f"/contacts/{ana}").text)[0]
    client.post(done)
    assert open_tasks() == 0
    undo = re.findall(r'action="(/tasks/\d+/reopen)"', client.get(f"/contacts/{ana}").text)[0]
    client.post(undo)
    assert open_tasks() == 1


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"kind": "note", "text": " "}, 400),
        ({"kind": "poem", "text": "x"}, 400),
        ({"kind": "task", "text": "x", "due": "soon"}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(client: FlaskClient, ana: int, form: dict[str, str], status: int) -> None:
    assert client.post(f"/records/{ana}/activities", data=form).status_code == status


@pytest.mark.parametrize("path", ["/records/999999/activities", "/tasks/999999/done", "/tasks/999999/reopen"])
def test_what_is_not_there_is_not_there(client: FlaskClient, path: str) -> None:
    assert client.post(path, data={"kind": "note", "text": "x"}).status_code == 404


def test_an_outcome_that_no_call_has_is_left_out(client: FlaskClient, ana: int) -> None:
    client.post(f"/records/{ana}/activities", data={"kind": "call", "text": "Hm.", "outcome": "<b>"})
    assert "&lt;b&gt;" not in client.get(f"/contacts/{ana}").text
