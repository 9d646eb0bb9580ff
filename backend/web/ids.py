"""Ids in paths stay within what the database can hold: /contacts/99999999999999999999 is a 404, not an overflow."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from backend.web.fields import LARGEST


class IdConverter(IntegerConverter):
    """What `<int:…>` in a path accepts."""

    def __init__(self, map: Map) -> None:  # noqa: A002 - werkzeug's name
        super().__init__(map, max=LARGEST)


def bound_ids(app: Flask) -> None:
    """Bound every `<int:…>`; call it before the rooms' blueprints are registered."""
    app.url_map.converters["int"] = IdConverter


def row_id(text: str) -> int:
    """Read an id of a query or a form, for `get(name, type=row_id)`: what no row can have counts as not given."""
    value = int(text)
    if not 0 <= value <= LARGEST:
        raise ValueError(text)
    return value
