"""Completing the specification: who may ask, what can go wrong, which headers a door reads."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, cast

from apiflask import APIFlask
from flask import current_app

from backend.web.fields import LARGEST
from backend.web.marks import MARKS, Mark

Spec = dict[str, Any]

_KEY = "enlace_specification"
_PROBLEM = "Problem"
_PROBLEM_SCHEMA: Spec = {
    "type": "object",
    "description": "What went wrong (RFC 9457); “detail” is one sentence with the remedy.",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {"type": "object", "description": "what was refused, by place and field"},
    },
}
_SECURITY: Spec = {
    "key": {"type": "http", "scheme": "bearer", "description": "an API key: enlace apikey create --user …"},
    "session": {
        "type": "apiKey", "in": "cookie", "name": "enlace_session",
        "description": "a signed-in browser; what changes something also sends X-CSRFToken",
    },
}  # fmt: skip
_HEADERS: dict[Mark, Spec] = {
    Mark.IF_MATCH: {
        "name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"},
        "description": "the ETag of the version that the change is meant for",
    },
    Mark.IDEMPOTENCY_KEY: {
        "name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string", "maxLength": 200},
        "description": "the same key and body within a day give the same answer, and nothing is made twice",
    },
}  # fmt: skip
_MEANING = {
    400: "The request makes no sense, or a browser's token is missing",
    401: "No key, no session, or a bad one",
    403: "The role does not allow it",
    404: "It is not there, or belongs to somebody else",
    409: "It exists already, or was changed meanwhile",
    412: "Somebody changed it meanwhile; read it again",
    422: "A field is wrong; “errors” says which",
    428: "If-Match is missing",
}
_TWIN = re.compile(r"(\D+)\d+")


def describe_api(app: APIFlask) -> None:
    """Set the specification up; call it when all blueprints are registered."""
    for blueprint in app.blueprints.values():
        if not hasattr(blueprint, "enable_openapi"):  # APIFlask stumbles over pages' blueprints with a before_request
            blueprint.enable_openapi = False  # type: ignore[attr-defined]  # it looks for just this
    app.config.update(AUTO_SERVERS=False, AUTO_OPERATION_ID=True, SECURITY_SCHEMES=_SECURITY)
    app.description = (
        "A program acts with an API key as the person to whom the key belongs, and sees what that person sees. Lists "
        "come in pages: “next” is the cursor of the next one. Errors are problem+json: one sentence with the remedy."
    )


def specification() -> Spec:
    """Return the completed specification of the app that serves the present request; it is made once."""
    if _KEY not in current_app.extensions:
        with warnings.catch_warnings():  # apispec warns of twins, which `complete` merges
            warnings.filterwarnings("ignore", "<class .* has already been added to the spec", UserWarning)
            current_app.extensions[_KEY] = complete(cast("Spec", cast("APIFlask", current_app).spec))
    return cast("Spec", current_app.extensions[_KEY])


def complete(spec: Spec) -> Spec:
    """Add to what APIFlask found out what it cannot know."""
    spec = _without_twins(spec)
    schemas = spec["components"]["schemas"]
    schemas[_PROBLEM] = _PROBLEM_SCHEMA
    for unused in ("HTTPError", "ValidationError"):
        schemas.pop(unused, None)
    spec["security"] = [{"key": []}, {"session": []}]
    for method, operation in _operations(spec):
        _complete_operation(method, operation)
    return spec


def _operations(spec: Spec) -> Iterator[tuple[str, Spec]]:
    for path in spec["paths"].values():
        yield from path.items()


def _complete_operation(method: str, operation: Spec) -> None:
    marks = {Mark(name) for name in operation.pop(MARKS, ())}
    parameters = operation["parameters"]
    for parameter in parameters:
        if parameter["in"] == "path":
            parameter["required"] = True
            parameter["schema"] |= (
                {"minimum": 0, "maximum": LARGEST} if parameter["schema"]["type"] == "integer" else {}
            )
    parameters += [_HEADERS[name] for name in sorted(marks)]
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    for status in sorted(_possible_problems(method, operation, marks)):
        operation["responses"][str(status)] = _problem(status)
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _possible_problems(method: str, operation: Spec, marks: set[Mark]) -> set[int]:
    found = {400, 401, 403, 404}
    if method != "get":
        found.add(409)
    if Mark.IF_MATCH in marks:
        found |= {412, 428}
    if method != "get" or operation["parameters"]:
        found.add(422)
    return found


def _problem(status: int) -> Spec:
    schema = {"$ref": f"#/components/schemas/{_PROBLEM}"}
    return {
        "description": _MEANING.get(status, HTTPStatus(status).phrase),
        "content": {"application/problem+json": {"schema": schema}},
    }


def _without_twins(spec: Spec) -> Spec:
    """Merge what APIFlask describes twice: a shape that it met inside another before it met it alone."""
    schemas = spec["components"]["schemas"]
    text = json.dumps(spec)
    for name in sorted(schemas):
        twin = _TWIN.fullmatch(name)
        if twin and schemas.get(twin[1]) == schemas[name]:
            text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{twin[1]}"')
    merged: Spec = json.loads(text)
    kept = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    merged["components"]["schemas"] = {n: s for n, s in merged["components"]["schemas"].items() if n in kept}
    return merged
