"""Every way in which Gmail says no, in Gmail's words.

A `Refusal` is raised anywhere below a door; the HTTP door renders it, the in-process door turns it into the error tree
of `backend.gmail.errors`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class Wire(StrEnum):
    """What becomes of the answer on its way: an error in JSON, or something that is no answer at all."""

    JSON = "json"
    HTML = "html"
    CUT = "cut"
    TRUNCATED = "truncated"
    SILENT = "silent"


@dataclass
class Refusal(Exception):  # noqa: N818 - named for what happens
    """An answer other than success. `answer` is what the verb had answered before the wire lost it, if it ran."""

    status: int
    reason: str
    message: str
    retry_after_s: int | None = None
    domain: str = "global"
    wire: Wire = Wire.JSON
    answer: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return Google's error object, as the official clients parse it."""
        detail = {"message": self.message, "domain": self.domain, "reason": self.reason}
        status = _STATUS_NAMES.get(self.status, "UNKNOWN")
        return {"error": {"code": self.status, "message": self.message, "errors": [detail], "status": status}}


def not_found() -> Refusal:
    """The message, thread, draft, label or attachment is not there; for history: the historyId is too old."""
    return Refusal(404, "notFound", "Requested entity was not found.")


def invalid(message: str) -> Refusal:
    """The request is at fault."""
    return Refusal(400, "invalidArgument", message)


def unauthorized() -> Refusal:
    """No access token, or one that is unknown, expired or revoked."""
    return Refusal(
        401,
        "authError",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
    )


def forbidden(message: str) -> Refusal:
    """The token lives but does not cover this mailbox or verb."""
    return Refusal(403, "forbidden", message)
