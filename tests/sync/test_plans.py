"""SQLite chooses an index without knowing how much mail there is: a wrong choice reads a whole mailbox each time."""

from __future__ import annotations

import re

from tests.cast import ALICE, DORA, ERIK, Office
from tests.plans import heard, plans

# What a statement that names its rows must not be content with: all of a team's, a mailbox's, or all that waits.
WHOLE = re.compile(r"SCAN (?!json_each)|\((workspace_id=\?|mailbox_id=\?|mailbox_id=\? AND state=\?)\)")


def test_a_sync_finds_the_rows_that_it_names_without_looking_at_others(sqlite_office: Office) -> None:
    office = sqlite_office
    with heard(office.db.engine, lambda statement: "json_each" in statement) as asked:
        first = office.mail(ALICE, DORA)
        office.sync()
        for sender in (DORA, ERIK):
            office.mail(sender, ALICE, reply_to_id=first)
        office.mail(ALICE, "new@person.example")
        office.sync()
    found = plans(office.db.engine, asked)
    assert len(found) > 20
    assert {statement: step for statement, steps in found.items() for step in steps if WHOLE.search(step)} == {}
