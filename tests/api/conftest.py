"""The whole app over Acme's office, asked by programs that act as its people, and as somebody of another team."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from apiflask import APIFlask
from werkzeug.test import TestResponse

from backend.accounts.keys import create_api_key
from backend.accounts.service import create_user, create_workspace
from backend.accounts.shapes import Role
from backend.accounts.tables import User
from backend.app import make_app
from backend.audit.store import entries
from backend.installation import open_installation
from backend.records.service import make_sales_pipeline
from backend.settings import read_settings
from tests.cast import ALICE, BOB, CAROL, KEY, Office

MALLORY = "mallory@elsewhere.example"


@dataclass(frozen=True)
class Api:
    """The API as somebody's program sees it; answers have their status checked where `status` is given."""

    app: APIFlask
    key: str
    office: Office

    def ask(self, method: str, path: str, *, status: int | None = None, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        answer = self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **more)
        if status is not None:
            assert answer.status_code == status, answer.text
        if answer.status_code >= 400:
            assert answer.content_type == "application/problem+json"
        return answer

    def get(self, path: str, status: int = 200) -> Any:
        return self.ask("GET", path, status=status).get_json()

    def post(self, path: str, body: Any = None, status: int = 201, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, status=status, json=body or {}, headers=sent).get_json()

    def patch(self, path: str, body: Any, version: int, status: int = 200) -> Any:
        return self.ask("PATCH", path, status=status, json=body, headers={"If-Match": f'"{version}"'}).get_json()

    def delete(self, path: str, version: int, status: int = 200) -> Any:
        return self.ask("DELETE", path, status=status, headers={"If-Match": f'"{version}"'}).get_json()

    def log(self) -> list[str]:
        """What the audit log of Acme says was done, in order."""
        with self.office.db.read() as session:
            return [entry.action for entry in entries(session, self.office.workspace_id)]


@dataclass(frozen=True)
class Programs:
    """One program for each person; mallory is the admin of another team in the same installation."""

    alice: Api
    bob: Api
    carol: Api
    mallory: Api


@pytest.fixture
def programs(two_reps: Office) -> Programs:
    """Programs of Acme's people; alice and bob have mailboxes."""
    return programs_of(two_reps)


@pytest.fixture
def alice(programs: Programs) -> Api:
    """The program of a rep."""
    return programs.alice


def programs_of(office: Office) -> Programs:
    """Build the app over an office, and a key for each of its people."""
    app = app_over(office)
    people = {email: actor.user_id for email, actor in office.actors.items()}
    people[MALLORY] = other_team(office)
    keys = {email: Api(app, key_for(office, user_id), office) for email, user_id in people.items()}
    return Programs(keys[ALICE], keys[BOB], keys[CAROL], keys[MALLORY])


def app_over(office: Office) -> APIFlask:
    """Build the whole app over an office's database and clock."""
    given = {"DATABASE_URL": office.db.url, "SECRET_KEY": "s" * 32, "TOKEN_KEYS": KEY}
    settings = read_settings({f"ENLACE_{name}": value for name, value in given.items()})
    installation = open_installation(settings, clock=office.clock, emulator=office.emulator)
    app = make_app(replace(installation, db=office.db))
    app.testing = True
    return app


def other_team(office: Office) -> int:
    """Make a team that Acme's things are none of the business of; return its admin's id."""
    with office.db.write() as session:
        workspace = create_workspace(session, office.clock, "Elsewhere", domain="elsewhere.example")
        make_sales_pipeline(session, workspace.id)
        return create_user(session, office.clock, workspace, email=MALLORY, role=Role.ADMIN).id


def key_for(office: Office, user_id: int) -> str:
    """Make an API key that acts as a user of any team."""
    with office.db.write() as session:
        user = session.get_one(User, user_id)
        return create_api_key(session, office.clock, user)
