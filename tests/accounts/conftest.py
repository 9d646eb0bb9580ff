"""A small team, and an app that has the doors of accounts and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from apiflask import APIFlask
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from flask.testing import FlaskClient

from backend.accounts import api, keys, service, store
from backend.accounts.desk import Desk, open_desk
from backend.accounts.grants import Vault
from backend.accounts.guards import find_visitor, install_guards
from backend.accounts.keys import create_api_key, set_password
from backend.accounts.pages import register_pages
from backend.accounts.shapes import Role
from backend.accounts.tables import User, Workspace
from backend.db import Database
from backend.gmail.gateway import Gmail
from backend.kit.clock import VirtualClock
from backend.sync.ledger import api as ledger_api
from backend.sync.ledger import pages as ledger_pages
from backend.web.frame import make_web
from backend.web.house import House, move_in

PASSWORD = "correct horse battery"


@dataclass
class Team:
    """Alice is an admin, Bob a rep; Carol is the admin of another workspace."""

    workspace: Workspace
    alice: User
    bob: User
    carol: User


def found(db: Database, clock: VirtualClock) -> Team:
    with db.write() as session:
        ours = service.create_workspace(session, clock, "Lumbrera", domain="lumbrera.example")
        theirs = service.create_workspace(session, clock, "Nordwind")
        alice = service.create_user(
            session, clock, ours, email="alice@lumbrera.example", role=Role.ADMIN, name="Alice Ash"
        )
        bob = service.create_user(session, clock, ours, email="bob@lumbrera.example", role=Role.REP, name="Bob Birch")
        carol = service.create_user(session, clock, theirs, email="carol@nordwind.example", role=Role.ADMIN)
    return Team(ours, alice, bob, carol)


@pytest.fixture(autouse=True)
def _hash_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is slow on purpose; here it may be quick."""
    monkeypatch.setattr(keys, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    keys._nobodys_hash.cache_clear()


@pytest.fixture
def team(db: Database, clock: VirtualClock) -> Team:
    """On both databases."""
    return found(db, clock)


@pytest.fixture
def vault() -> Vault:
    return Vault([Fernet.generate_key().decode()])


@pytest.fixture
def house(sqlite_db: Database, clock: VirtualClock) -> House:
    return House(sqlite_db, clock, _no_gmail, "http://localhost")


@pytest.fixture
def staff(house: House, clock: VirtualClock) -> Team:
    """The team in the database behind `app`; Alice and Bob have passwords."""
    team = found(house.db, clock)
    with house.db.write() as session:
        for user in (team.alice, team.bob):
            set_password(session, clock, store.get_user(session, team.workspace.id, user.id), PASSWORD)
    return team


@pytest.fixture
def desk_of_app(vault: Vault) -> Desk:
    """Tests of Google override it."""
    return Desk(vault, None, str.lower)


@pytest.fixture
def app(house: House, desk_of_app: Desk) -> APIFlask:
    app = APIFlask("backend")
    app.config.update(SECRET_KEY="only for tests, of no use to anybody", RATELIMIT_ENABLED=False, TESTING=True)
    move_in(app, house)
    open_desk(app, desk_of_app)
    install_guards(app, is_local=True)
    make_web(app, find_visitor)
    register_pages(app)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(ledger_pages.blueprint)
    app.register_blueprint(ledger_api.blueprint)
    return app


@pytest.fixture
def client(app: APIFlask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


def csrf_token(client: FlaskClient, path: str = "/login") -> str:
    """What the page's own form would send."""
    page = client.get(path, follow_redirects=True).get_data(as_text=True)
    return page.split('name="csrf-token" content="')[1].split('"')[0]


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD) -> int:
    """Sign in as a person would; return the answer's status."""
    form = {"email": email, "password": password, "csrf_token": csrf_token(client)}
    return client.post("/login", data=form).status_code


def bearer(house: House, clock: VirtualClock, user: User) -> dict[str, str]:
    """The header of a program that acts as `user`."""
    with house.db.write() as session:
        key = create_api_key(session, clock, store.get_user(session, user.workspace_id, user.id))
    return {"Authorization": f"Bearer {key}"}


def _no_gmail(mailbox_id: int) -> Gmail:
    raise AssertionError(f"accounts asked for mailbox {mailbox_id}")
