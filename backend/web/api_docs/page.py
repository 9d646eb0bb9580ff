"""The specification for programs, and for people the page that is drawn from it on the server."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template

from backend.web.api_docs.spec import Spec, specification

blueprint = Blueprint("api_docs", __name__, template_folder="templates")


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a shape, or a parameter."""

    name: str
    kind: str
    description: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked: what goes in (`parameters`, `body`) and what comes back, by status."""

    method: str
    path: str
    summary: str
    parameters: list[Field]
    body: str
    answers: list[tuple[str, str, str]]


@blueprint.get("/api/v1/openapi.json")
def openapi() -> Spec:
    """Serve the specification to programs."""
    return specification()


@blueprint.get("/api/v1/docs")
def docs() -> str:
    """Show every operation by room, and every shape."""
    spec = specification()
    schemas = spec["components"]["schemas"]
    shapes = {name: _fields(shape) for name, shape in sorted(schemas.items())}
    return render_template(
        "api_docs/docs.html",
        info=spec["info"],
        rooms=_rooms(spec),
        shapes=shapes,
        schemas=schemas,
    )


def _rooms(spec: Spec) -> dict[str, list[Operation]]:
    rooms: dict[str, list[Operation]] = defaultdict(list)
    for path, methods in sorted(spec["paths"].items()):
        for method, operation in methods.items():
            rooms[operation["tags"][0]].append(_operation(method, path, operation))
    return dict(rooms)


def _operation(method: str, path: str, operation: Spec) -> Operation:
    answers = [(status, _shape_of(a), a["description"]) for status, a in operation["responses"].items()]
    parameters = [
        Field(p["name"], _kind(p["schema"]), p.get("description", ""), p.get("required", False))
        for p in operation["parameters"]
    ]
    return Operation(
        method.upper(), path, operation["summary"], parameters, _shape_of(operation.get("requestBody", {})), answers
    )


def _shape_of(part: Spec) -> str:
    """Return the name of the shape that a body or an answer has; "" for none."""
    shapes = [content["schema"].get("$ref", "") for content in part.get("content", {}).values()]
    return str(shapes[0]).rpartition("/")[2] if shapes else ""


def _fields(shape: Spec) -> list[Field]:
    required = shape.get("required", [])
    return [
        Field(name, _kind(member), member.get("description", ""), name in required)
        for name, member in shape.get("properties", {}).items()
    ]


def _kind(schema: Any) -> str:
    """Say a schema in a few words: “integer or null”, “list of DealOut”, “open | closed”."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"] if value is not None)
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    kinds = schema.get("type", "anything")
    if kinds == "array":
        return f"list of {_kind(schema['items'])}"
    words = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    return f"{words} ({schema['format']})" if "format" in schema else words
