"""Every answer of the emulator held against the description of Gmail's API that lies in Google's client."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema

Json = dict[str, Any]

# Formats of Google's discovery documents that JSON writes as text.
_TEXT_FORMATS = {"int64", "uint64", "byte"}


@cache
def description() -> Json:
    """Return Gmail's discovery document."""
    path = files("googleapiclient.discovery_cache").joinpath("documents/gmail.v1.json")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def check_answer(verb: str, answer: Any) -> None:
    """Raise where the answer has a field that the API does not know, or one of another type."""
    schema = _method(verb).get("response", {}).get("$ref")
    if schema is None:
        assert answer == {}, f"{verb} answers nothing"
    else:
        _validator(schema).validate(answer)


@cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(_schemas()[schema] | {"$defs": _schemas()})


def _method(verb: str) -> Json:
    """Return the description of a verb such as "messages.attachments.get"."""
    *resources, name = ["users", *verb.split(".")]
    place = description()
    for resource in resources:
        place = place["resources"][resource]
    return dict(place["methods"][name])


@cache
def _schemas() -> Json:
    return {name: _strict(schema) for name, schema in description()["schemas"].items()}


def _strict(schema: Json) -> Json:
    """Turn Google's dialect of JSON schema into the standard, without any room for unknown fields."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    strict: Json = {key: schema[key] for key in ("type", "enum") if key in schema}
    if schema.get("format") in _TEXT_FORMATS:
        strict["type"] = "string"
    if "items" in schema:
        strict["items"] = _strict(schema["items"])
    if schema.get("type") == "object":
        strict["properties"] = {name: _strict(part) for name, part in schema.get("properties", {}).items()}
        strict["additionalProperties"] = False
    return strict
