"""`column IN (many values)` as one parameter: an array for PostgreSQL, JSON for SQLite.

The statement is the same for any number of values, so that it is compiled and prepared once. Written out, a hundred
values cost Python more than the database's answer costs: with psycopg, which reads every statement through for its
placeholders, a fifth of a whole sync.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Dialect, String, TypeDecorator, bindparam, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


def among(column: ColumnElement[Any] | InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
    """Whether `column` (of texts or numbers) is one of the values given under `name`, none of which is None."""
    of = String() if isinstance(column.type, String) else column.type  # of any length: PostgreSQL's cast would cut
    return _Among(column, bindparam(name, type_=_Many(of)))


def one_of(column: ColumnElement[str] | InstrumentedAttribute[str], *values: str) -> ColumnElement[bool]:
    """Whether `column` is one of a few words that never change, written out in the statement.

    It is put together once and not each time; and of a parameter SQLite cannot tell that an index of part of a table
    covers it.
    """
    return column.in_([literal_column("'{}'".format(value.replace("'", "''"))) for value in values])


def beside(column: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[int]:
    """A number in a condition that must not lead to the rows: `beside(c.workspace_id) == …` next to `among(c.id, …)`.

    SQLite does not know how large a team is, and would rather read all of it than the rows that are named. PostgreSQL
    knows, and is told nothing: hidden from it, a team is guessed to be a two-hundredth of the table.
    """
    return _Beside(column)


class _Beside(FunctionElement[int]):
    name = "beside"
    inherit_cache = True
    type = BigInteger()


@compiles(_Beside)
def _as_it_is(element: _Beside, compiler: SQLCompiler, **options: Any) -> str:
    [column] = element.clauses
    return str(compiler.process(column, **options))


@compiles(_Beside, "sqlite")
def _beside_indexes(element: _Beside, compiler: SQLCompiler, **options: Any) -> str:
    """With a plus before it a term leads to no index (sqlite.org/optoverview.html, 2.1)."""
    [column] = element.clauses
    return f"+{compiler.process(column, **options)}"


class _Among(FunctionElement[bool]):
    """Of no type: SQLAlchemy writes "= 1" behind booleans for SQLite, which then uses no index."""

    name = "among"
    inherit_cache = True


@compiles(_Among, "postgresql")
def _with_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY ({values})"


@compiles(_Among, "sqlite")
def _with_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - a column's name and a placeholder


class _Many(TypeDecorator[Any]):
    """Values of one type."""

    impl = ARRAY
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """SQLite has no arrays."""
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else self.impl_instance)

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Dialect) -> str | list[Any]:
        """Take any collection."""
        values = list(value or ())
        return json.dumps(values, ensure_ascii=False) if dialect.name == "sqlite" else values
