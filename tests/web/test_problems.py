from __future__ import annotations

from collections.abc import Callable

import pytest
from apiflask import APIFlask, abort
from flask import Blueprint
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException, MethodNotAllowed, TooManyRequests

from backend.kit.errors import ConflictError, ForbiddenError, NotFoundError, UserError

RAISED: dict[str, Exception] = {
    "user": UserError("The name is missing; type one."),
    "missing": NotFoundError("There is no such deal."),
    "forbidden": ForbiddenError("Only admins may do that."),
    "conflict": ConflictError("Ana changed it meanwhile."),
    "fast": TooManyRequests(retry_after=30),
    "method": MethodNotAllowed(valid_methods=["GET"]),
    "bug": RuntimeError("the password is hunter2"),
}
STATUS = {"user": 400, "missing": 404, "forbidden": 403, "conflict": 409, "fast": 429, "method": 405, "bug": 500}


@pytest.fixture(autouse=True)
def trouble(app: APIFlask, pages: Blueprint) -> None:
    for name, error in RAISED.items():
        pages.add_url_rule(f"/{name}", f"page_{name}", _raiser(error))
        pages.add_url_rule(f"/api/v1/{name}", f"api_{name}", _raiser(error))
    pages.add_url_rule("/api/v1/form", "api_form", _refuse_form)
    app.register_blueprint(pages)


def _raiser(error: Exception) -> Callable[[], str]:
    def view() -> str:
        raise error

    return view


def _refuse_form() -> str:
    abort(422, "Some fields are not right.", detail={"json": {"name": ["Missing."]}})


@pytest.mark.parametrize("name", list(RAISED))
def test_a_person_reads_a_page_with_the_right_status(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/{name}")
    assert (answer.status_code, answer.mimetype) == (STATUS[name], "text/html")
    assert "<h1" in answer.text


@pytest.mark.parametrize("name", list(RAISED))
def test_a_program_reads_problem_json(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/api/v1/{name}")
    assert (answer.status_code, answer.mimetype) == (STATUS[name], "application/problem+json")
    assert answer.json
    assert set(answer.json) == {"type", "title", "status", "detail", "instance"}
    assert (answer.json["status"], answer.json["instance"]) == (STATUS[name], f"/api/v1/{name}")


@pytest.mark.parametrize("name", ["user", "missing", "forbidden", "conflict"])
def test_what_a_verb_says_is_what_is_read(client: FlaskClient, name: str) -> None:
    assert str(RAISED[name]) in client.get(f"/{name}").text
    assert client.get(f"/api/v1/{name}").json["detail"] == str(RAISED[name])  # type: ignore[index]  # it is there


@pytest.mark.parametrize("path", ["/bug", "/api/v1/bug"])
def test_a_bug_tells_nothing_of_its_cause(client: FlaskClient, path: str) -> None:
    assert "hunter2" not in client.get(path).text


def test_what_the_protocol_asks_for_is_kept(client: FlaskClient) -> None:
    assert client.get("/fast").headers["Retry-After"] == "30"
    assert "GET" in client.get("/api/v1/method").headers["Allow"]


def test_an_address_that_does_not_exist_is_answered_in_our_words(client: FlaskClient) -> None:
    assert "There is nothing here" in client.get("/nowhere").text
    assert client.get("/api/v1/nowhere").mimetype == "application/problem+json"


def test_htmx_gets_a_problem_that_its_notice_can_show(client: FlaskClient) -> None:
    answer = client.get("/user", headers={"HX-Request": "true"})
    assert answer.json
    assert answer.json["detail"] == "The name is missing; type one."


def test_a_page_is_a_page_for_whoever_accepts_anything(client: FlaskClient) -> None:
    assert client.get("/user", headers={"Accept": "*/*"}).mimetype == "text/html"
    assert client.get("/user", headers={"Accept": "application/json"}).mimetype == "application/problem+json"


def test_refused_fields_are_named(client: FlaskClient) -> None:
    answer = client.get("/api/v1/form")
    assert answer.status_code == 422
    assert answer.json
    assert answer.json["errors"] == {"json": {"name": ["Missing."]}}


def test_a_message_cannot_bring_markup_into_the_page(app: APIFlask, client: FlaskClient) -> None:
    app.add_url_rule("/x", "x", _raiser(UserError("<script>alert(1)</script>")))
    assert "<script>alert" not in client.get("/x").text


def test_a_ready_made_answer_passes_as_it_is(app: APIFlask, client: FlaskClient) -> None:
    ready = app.response_class("made elsewhere", 418)
    app.add_url_rule("/ready", "ready", _raiser(HTTPException(response=ready)))
    assert (client.get("/ready").status_code, client.get("/ready").text) == (418, "made elsewhere")
