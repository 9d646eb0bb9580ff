"""What gunicorn serves for a bench: the whole app, and beside it the least that any answer takes (`/floor?id=…`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from threading import local
from typing import Any
from urllib.parse import parse_qs

from sqlalchemy import event, select

from backend.app import make_app
from backend.db import Database
from backend.installation import open_installation
from backend.mail.tables import Message
from backend.settings import read_settings

StartResponse = Callable[..., Any]
_seen = local()


def application() -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """Make the WSGI app of the installation in the environment; each answer counts its statements in a header."""
    here = open_installation(read_settings())
    app = make_app(here)
    event.listen(here.card_db.engine, "before_cursor_execute", _note)

    def answer(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/floor":
            return _floor(here.card_db, environ, start)
        _seen.count = 0
        return app(environ, lambda status, headers, *rest: start(status, [*headers, _counted()], *rest))

    return answer


def _floor(db: Database, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
    """One mail by its Message-ID: one indexed query, as JSON."""
    rfc_id = parse_qs(environ["QUERY_STRING"])["id"][0]
    query = select(Message.id, Message.subject).where(Message.workspace_id == 1, Message.rfc_message_id == rfc_id)
    with db.read() as session:
        body = json.dumps([list(row) for row in session.execute(query)]).encode()
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    if statement.startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
        _seen.count = getattr(_seen, "count", 0) + 1


def _counted() -> tuple[str, str]:
    return "X-Statements", str(_seen.count)
