"""A small team whose pages are looked at: Lumbrera, with a rep and an admin, on a real database."""

from __future__ import annotations

from dataclasses import dataclass, replace

from apiflask import APIFlask
from flask import Blueprint
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from backend.accounts.guards import begin_session, find_visitor, install_guards
from backend.accounts.pages import register_pages
from backend.accounts.service import create_user, create_workspace
from backend.accounts.shapes import Role
from backend.accounts.store import find_user
from backend.db import Database
from backend.gmail.gateway import Gmail
from backend.kit.clock import VirtualClock
from backend.linking.learning import relink_concerned
from backend.records.relinking import hand_in
from backend.records.service import Team, make_sales_pipeline
from backend.records.shapes import StageView
from backend.records.store.reading import list_pipelines
from backend.web.frame import make_web
from backend.web.house import House, house, move_in


@dataclass(frozen=True, slots=True)
class Office:
    """The team and its app; `client()` is a browser in which somebody is signed in."""

    app: APIFlask
    db: Database
    clock: VirtualClock
    workspace_id: int
    rep_id: int
    admin_id: int
    rooms: tuple[Blueprint, ...]

    def copied_to(self, db: Database) -> Office:
        """The same office on a copy of its database."""
        return replace(self, db=db, app=_make_app(db, self.clock, self.rooms))

    @property
    def team(self) -> Team:
        return Team(self.workspace_id, self.clock, self.rep_id)

    def client(self, user_id: int | None = None) -> FlaskClient:
        client = self.app.test_client()
        token = client.get(f"/sign-in-as/{user_id or self.rep_id}").text
        client.environ_base["HTTP_X_CSRFTOKEN"] = token  # as app.js sends it along
        return client

    def stages(self, session: Session) -> tuple[StageView, ...]:
        return list_pipelines(session, self.workspace_id)[0][2]


def open_office(db: Database, clock: VirtualClock, *rooms: Blueprint, locale: str = "en") -> Office:
    """Make the team and an app with the given rooms' pages."""
    with db.write() as session:
        workspace = create_workspace(session, clock, "Lumbrera", domain="lumbrera.example")
        people = [
            create_user(session, clock, workspace, email=email, role=role, name=name, locale=locale, timezone="UTC").id
            for email, role, name in (
                ("lucia@lumbrera.example", Role.REP, "Lucía Navarro"),
                ("elena@lumbrera.example", Role.ADMIN, "Elena Prado"),
            )
        ]
        make_sales_pipeline(session, workspace.id)
        workspace_id = workspace.id
    return Office(_make_app(db, clock, rooms), db, clock, workspace_id, people[0], people[1], rooms)


def _make_app(db: Database, clock: VirtualClock, rooms: tuple[Blueprint, ...]) -> APIFlask:
    app = APIFlask("backend")
    app.config.update(SECRET_KEY="a secret only for tests, of no use to anybody", TESTING=True)
    move_in(app, House(db, clock, _no_gmail, "http://127.0.0.1:8000"))
    hand_in(app, relink_concerned)
    make_web(app, find_visitor)
    install_guards(app, is_local=True)
    register_pages(app)
    app.register_blueprint(_door())
    for room in rooms:
        app.register_blueprint(room)
    return app


def _door() -> Blueprint:
    """A door without a lock: what the sign-in page does after the password."""
    door = Blueprint("door", __name__)

    @door.get("/sign-in-as/<int:user_id>")
    def sign_in_as(user_id: int) -> str:
        with house().db.read() as session:
            user = find_user(session, user_id)
            assert user is not None
            begin_session(user)
        return str(generate_csrf())

    return door


def _no_gmail(mailbox_id: int) -> Gmail:
    raise AssertionError(f"a page asked Gmail for mailbox {mailbox_id}")
