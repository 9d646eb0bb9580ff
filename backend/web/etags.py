"""Versions over HTTP (RFC 9110, 8.8.3 and 13.1.1): a change says which version it is meant for.

Whoever changes a record sends If-Match with the ETag that reading it gave: without it 428, with an old one 412, so
that nobody overwrites what a colleague wrote meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import ParamSpec, TypeVar

from apiflask import HTTPError
from flask import request

from backend.web.marks import Mark, mark

P = ParamSpec("P")
T = TypeVar("T")


def etag_of(version: int) -> dict[str, str]:
    """Return the header that names a version."""
    return {"ETag": f'"{version}"'}


def takes_version(view: Callable[P, T]) -> Callable[P, T]:
    """Say of a door that it calls `require_version`, for the specification."""
    return mark(view, Mark.IF_MATCH)


def require_version(version: int) -> None:
    """Let the change go on where it is meant for `version`; 428 where it names none, 412 where it names another."""
    if not request.if_match:
        raise HTTPError(
            HTTPStatus.PRECONDITION_REQUIRED,
            "Send If-Match with the ETag that reading it gave, so that nobody's change is overwritten.",
        )
    if not request.if_match.contains(str(version)):
        raise HTTPError(
            HTTPStatus.PRECONDITION_FAILED,
            "Somebody changed it meanwhile; nothing was saved. Read it again and repeat your change.",
            headers=etag_of(version),
        )
