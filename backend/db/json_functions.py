"""JSON in SQL, alike on both databases: the length of an array, and rows that ride along in one column of another.

A statement that brings its mail's people and links along saves a round trip for each of them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from backend.db.base import json_type


class array_length(FunctionElement[int]):  # noqa: N801 - reads as the function that it is in SQL
    """The length of a JSON array, as in `array_length(table.column["steps"])`."""

    type = Integer()
    inherit_cache = True
    name = "array_length"

    def __init__(self, array: ColumnElement[Any]) -> None:
        super().__init__(array)


class _AllRows(FunctionElement[list[list[Any]]]):
    type = json_type()
    inherit_cache = True
    name = "all_rows"


def json_rows(query: Select[*tuple[Any, ...]]) -> ColumnElement[list[list[Any]]]:
    """All rows of a query that refers to the statement around it, as a JSON array of arrays; [] where there is none.

    They come in no order; a moment is text, and JSON within is text on SQLite.
    """
    return query.with_only_columns(_AllRows(*query.selected_columns)).scalar_subquery()


@compiles(array_length, "sqlite")
def _length_in_sqlite(element: array_length, compiler: Any, **how: Any) -> str:
    return f"json_array_length({compiler.process(element.clauses, **how)})"


@compiles(array_length, "postgresql")
def _length_in_postgresql(element: array_length, compiler: Any, **how: Any) -> str:
    return f"jsonb_array_length({compiler.process(element.clauses, **how)})"


@compiles(_AllRows, "sqlite")
def _rows_in_sqlite(element: _AllRows, compiler: Any, **how: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **how)}))"


@compiles(_AllRows, "postgresql")
def _rows_in_postgresql(element: _AllRows, compiler: Any, **how: Any) -> str:
    return f"coalesce(jsonb_agg(jsonb_build_array({compiler.process(element.clauses, **how)})), '[]')"
