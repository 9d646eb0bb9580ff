"""SQLite chooses an index without knowing how much mail there is: a wrong choice reads a whole mailbox each time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from tests.cast import ALICE, DORA, ERIK, Office

# What a statement that names its rows must not be content with: all of a team's, a mailbox's, or all that waits.
WHOLE = re.compile(r"SCAN (?!json_each)|\((workspace_id=\?|mailbox_id=\?|mailbox_id=\? AND state=\?)\)")


def test_a_sync_finds_the_rows_that_it_names_without_looking_at_others(sqlite_office: Office) -> None:
    office = sqlite_office
    with _heard(office.db.engine) as asked:
        first = office.mail(ALICE, DORA)
        office.sync()
        for sender in (DORA, ERIK):
            office.mail(sender, ALICE, reply_to_id=first)
        office.mail(ALICE, "new@person.example")
        office.sync()
    plans = {statement: _plan(office.db.engine, statement, given) for statement, given in asked.items()}
    assert len(plans) > 20
    assert {statement: step for statement, steps in plans.items() for step in steps if WHOLE.search(step)} == {}


@contextmanager
def _heard(engine: Engine) -> Iterator[dict[str, Any]]:
    """Statements that name several rows, with what they were last given."""
    asked: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, is_many: Any) -> None:
        if "json_each" in statement and not is_many:
            asked[statement] = given

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def _plan(engine: Engine, statement: str, given: Any) -> list[str]:
    with engine.connect() as connection:
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
