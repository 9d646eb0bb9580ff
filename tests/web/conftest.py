"""A small app that has the frame and nothing else."""

from __future__ import annotations

from typing import cast

import pytest
from apiflask import APIFlask
from flask import Blueprint
from flask.testing import FlaskClient

from backend.db import Database
from backend.gmail.gateway import Gmail
from backend.kit.clock import VirtualClock
from backend.web.frame import make_web
from backend.web.house import House, move_in
from backend.web.visitor import Visitor

LUCIA = Visitor("Lucía Navarro", "lucia@lumbrera.example", "rep", "en", "Europe/Madrid")
ELENA = Visitor("Elena Prado", "elena@lumbrera.example", "admin", "es", "Europe/Madrid")


class Door:
    """Who stands at the door; tests change `visitor` to sign somebody in."""

    def __init__(self) -> None:
        self.visitor: Visitor | None = LUCIA

    def __call__(self) -> Visitor | None:
        return self.visitor


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def app(door: Door, clock: VirtualClock) -> APIFlask:
    """The frame, to which a test adds its own blueprint with `app.register_blueprint`."""
    app = APIFlask("backend")
    app.config.update(SECRET_KEY="a secret only for tests, of no use to anybody")
    move_in(app, House(cast("Database", None), clock, _no_gmail, "http://127.0.0.1:8000"))
    make_web(app, door)
    return app


@pytest.fixture
def pages() -> Blueprint:
    """A blueprint for a test's own pages; name it in endpoints as `room`."""
    return Blueprint("room", __name__)


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()


def _no_gmail(mailbox_id: int) -> Gmail:
    raise AssertionError(f"the frame asked for mailbox {mailbox_id}")
