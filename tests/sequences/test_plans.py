"""A send finds what it asks for by an index of its own, however much was sent before, and to however many people."""

from __future__ import annotations

import re

from tests.cast import ALICE, DORA, ERIK
from tests.plans import heard, plans
from tests.sequences.line import TWO_MAILS, Line

MEANT = re.compile(r"json_each|(FROM|UPDATE) (outbox|enrolments)\b")
# All of a team's or a mailbox's rows are too many where some of them are asked for.
WHOLE = re.compile(r"SCAN (?!json_each|CONSTANT)|\((workspace_id=\?|mailbox_id=\?)\)$")
ENDS_AT_THE_FIRST = re.compile("ix_outbox_(waiting|begun)")  # the minimum is the first row there
SMALL = ("users", "mailboxes", "mailbox_aliases", "sequences", "outbox_senders")


def test_a_tick_and_a_send_read_no_whole_table(line: Line) -> None:
    office = line.office
    sequence_id = line.make(TWO_MAILS)
    for address in (DORA, ERIK):
        line.enrol(sequence_id, address)
    with heard(office.db.engine, lambda statement: bool(MEANT.search(statement))) as asked:
        line.let_pass(hours=3)
        office.mail(ERIK, ALICE)
        line.let_pass(days=4)
    found = plans(office.db.engine, asked)
    assert line.deliveries(DORA) == 2
    assert len(found) > 30
    assert {statement: step for statement, steps in found.items() for step in steps if _is_whole(step)} == {}


def _is_whole(step: str) -> bool:
    return bool(WHOLE.search(step)) and not ENDS_AT_THE_FIRST.search(step) and step.split()[1] not in SMALL
