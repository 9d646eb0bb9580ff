"""What went wrong, told twice: as a page to people, as RFC 9457 problem+json to programs and to htmx.

UserError 400, NotFoundError 404, ForbiddenError 403, ConflictError 409; everything that nobody foresaw is a 500 that
says nothing of its cause.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from apiflask import HTTPError
from flask import Flask, g, json, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from backend.kit.errors import ConflictError, ForbiddenError, NotFoundError, UserError
from backend.web.i18n import sentence_of

PROGRAM_PATHS = ("/api/", "/addon/", "/push/")

_STATUS_OF: dict[type[UserError], int] = {NotFoundError: 404, ForbiddenError: 403, ConflictError: 409}


def show_problems(app: Flask) -> None:
    """Answer every error of the app in our words."""
    app.register_error_handler(UserError, _answer_user_error)
    app.register_error_handler(HTTPException, _answer_http_exception)
    app.register_error_handler(HTTPError, _answer_api_error)


def problem(status: int, detail: str, **extra: Any) -> Response:
    """Make a problem+json answer; `extra` members name what was wrong, field by field."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    text = json.dumps({**body, "instance": request.path, **extra})
    return Response(text, status, content_type="application/problem+json")


def wants_problem() -> bool:
    """Whether the asker is a program: by path, by htmx's header, or by what it accepts."""
    if request.path.startswith(PROGRAM_PATHS) or "HX-Request" in request.headers:
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return bool(best == "application/json")


def _answer_user_error(error: UserError) -> Response:
    status = next((code for kind, code in _STATUS_OF.items() if isinstance(error, kind)), 400)
    return _answer(status, sentence_of(error))


def _answer_http_exception(error: HTTPException) -> Response:
    """Redirects and ready-made answers pass; the rest loses werkzeug's wording, but for a 400's reason (CSRF)."""
    if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response(request.environ)
    said = str(error.description or "") if error.code == HTTPStatus.BAD_REQUEST else ""
    answer = _answer(error.code, said or _remedy(error.code))
    _keep_headers(answer, error)
    return answer


def _answer_api_error(error: HTTPError) -> Response:
    extra = {"errors": error.detail} if error.detail else {}
    answer = problem(error.status_code, error.message or _remedy(error.status_code), **extra)
    answer.headers.extend(error.headers or {})
    return answer


def _answer(status: int, detail: str) -> Response:
    if wants_problem():
        return problem(status, detail)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        g.visitor = None  # what broke may be the very way to find out who asks
    page = render_template("web/error.html", status=status, title=_title(status), detail=detail)
    return Response(page, status, mimetype="text/html")


def _keep_headers(answer: Response, error: HTTPException) -> None:
    """Keep what the protocol asks for beside the status: Allow, Retry-After, WWW-Authenticate."""
    for name, value in error.get_headers(request.environ):
        if name.lower() not in {"content-type", "content-length"}:
            answer.headers.add(name, value)


def _title(status: int) -> str:
    titles = {
        401: gettext("Please sign in"),
        403: gettext("Not yours to open"),
        404: gettext("There is nothing here"),
        405: gettext("That does not work here"),
        409: gettext("Somebody was faster"),
        413: gettext("Too large"),
        429: gettext("A little too fast"),
        500: gettext("Something broke on our side"),
    }
    return str(titles.get(status, gettext("That did not work")))


def _remedy(status: int) -> str:
    remedies = {
        401: gettext("Sign in and try again."),
        403: gettext("Your role does not allow this. Ask an admin of your team."),
        404: gettext("The page was moved or removed, or it belongs to somebody else."),
        405: gettext("This address takes another kind of request."),
        413: gettext("Send a smaller file."),
        429: gettext("Wait a minute and try again; nothing was lost."),
        500: gettext("Your last change was not saved, everything before it was. Try again; we have noted the error."),
    }
    return str(remedies.get(status, gettext("Go back and try again.")))
