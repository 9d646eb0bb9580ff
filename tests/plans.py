"""Which index SQLite takes for what it is asked: it knows of no table's size, and a wrong choice reads all of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def heard(engine: Engine, is_meant: Callable[[str], bool]) -> Iterator[dict[str, Any]]:
    """The statements that are meant, with what each was last given; not those that write many rows one by one."""
    asked: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, is_many: Any) -> None:
        if is_meant(statement) and not is_many:
            asked[statement] = given

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def plans(engine: Engine, asked: dict[str, Any]) -> dict[str, list[str]]:
    """SQLite's steps for each statement."""
    with engine.connect() as connection:
        return {
            statement: [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
            for statement, given in asked.items()
        }
