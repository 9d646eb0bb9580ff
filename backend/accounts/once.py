"""POST that may be repeated: the same Idempotency-Key and body give the same answer, and nothing is made twice.

The key, what the request makes, and the answer are one transaction: a crash leaves all of it or nothing. An error
leaves nothing, so that its key can be used again. Only `once_done` does without, for work that may be repeated.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec

from apiflask import HTTPError, Schema
from flask import Response, request
from sqlalchemy.orm import Session

from backend.accounts import store
from backend.accounts.guards import current_actor
from backend.accounts.tables import GivenAnswer
from backend.web.house import house
from backend.web.marks import Mark, mark

P = ParamSpec("P")
Made = tuple[Any, Mapping[str, str]]
Door = Callable[Concatenate[Session, P], Made]

LONGEST_KEY = 200


def once(schema: type[Schema], status: int = 201) -> Callable[[Door[P]], Callable[P, Response]]:
    """Run a door in one writing transaction, which it is handed, at most once for each Idempotency-Key.

    The door answers with what `schema` shows, and headers. Put it innermost, under `output` with the same schema.
    """

    def guard(door: Door[P]) -> Callable[P, Response]:
        @wraps(door)
        def answered(*args: P.args, **kwargs: P.kwargs) -> Response:
            with house().db.write() as session:
                return _answer(session, lambda: _make(schema, status, door(session, *args, **kwargs)))

        return mark(answered, Mark.IDEMPOTENCY_KEY)

    return guard


def once_done(schema: type[Schema], status: int = 201) -> Callable[[Callable[P, Made]], Callable[P, Response]]:
    """Run a door that commits by itself and whose work may be repeated; its answer alone is kept under the key.

    For work that is too long for one transaction: cut off in the midst, nothing is kept, and the same request goes on.
    """

    def guard(door: Callable[P, Made]) -> Callable[P, Response]:
        @wraps(door)
        def answered(*args: P.args, **kwargs: P.kwargs) -> Response:
            with house().db.read() as session:
                given = _find_answer(session)
            if given is not None:
                return given
            made = _make(schema, status, door(*args, **kwargs))
            with house().db.write() as session:
                return _answer(session, lambda: made)

        return mark(answered, Mark.IDEMPOTENCY_KEY)

    return guard


def _find_answer(session: Session) -> Response | None:
    key = _asked_key()
    kept = store.find_answer(session, current_actor().user_id, key, house().clock.now()) if key else None
    return _given(kept) if kept is not None else None


def _answer(session: Session, make: Callable[[], Response]) -> Response:
    """Give the answer that was given before, or make it and keep it."""
    key = _asked_key()
    if not key:
        return make()
    kept = store.claim_answer(session, current_actor().user_id, key, _request_hash(), house().clock.now())
    given = _given(kept)
    if given is not None:
        return given
    made = make()
    kept.status, kept.body = made.status_code, made.get_data(as_text=True)
    kept.headers = {name: made.headers[name] for name in ("ETag", "Location") if name in made.headers}
    return made


def _given(kept: GivenAnswer) -> Response | None:
    """The answer that is kept; None where it is still to be made."""
    if kept.request_hash != _request_hash():
        raise HTTPError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "This Idempotency-Key was used for another request; send a new one."
        )
    return None if kept.status is None else _response(kept.body, kept.status, kept.headers)


def _make(schema: type[Schema], status: int, made: Made) -> Response:
    shown, headers = made
    return _response(json.dumps(schema().dump(shown), ensure_ascii=False), status, headers)


def _response(body: str, status: int, headers: Mapping[str, str]) -> Response:
    return Response(body, status, headers, content_type="application/json")


def _asked_key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY:
        raise HTTPError(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"An Idempotency-Key has at most {LONGEST_KEY} characters; send a UUID."
        )
    return key


def _request_hash() -> bytes:
    """Hash what is asked; spaces and the order of members do not make another request."""
    content = [request.method, request.full_path, request.get_json(silent=True)]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).digest()
