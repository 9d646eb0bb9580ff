"""The card's questions find their rows by an index on both databases: a card is opened for every mail that is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.card.store.enrolments import enrolments_of
from backend.card.store.mails import find_link, mail_by_traces
from backend.card.store.records import contacts_by_address, deals_for, next_tasks
from backend.sync.ledger.store import standings
from backend.timeline.store import last_touch
from tests.card.world import World
from tests.cast import ALICE, DORA, Office
from tests.sequences.line import MONDAY

QUESTIONS: dict[str, Callable[[Session, Actor], object]] = {
    "last_touch": lambda session, actor: last_touch(session, actor, 1),
    "deals": lambda session, actor: deals_for(session, actor.workspace_id, [3], 1, 2),
    "mail": lambda session, actor: mail_by_traces(session, actor, "m1@mail.example", "18c0ffee"),
    "link": lambda session, actor: find_link(session, actor.workspace_id, 1),
    "alarm": lambda session, actor: standings(session, actor.workspace_id, user_id=actor.user_id),
    "enrolments": lambda session, actor: enrolments_of(session, actor.workspace_id, 1, MONDAY),
    "contacts": lambda session, actor: contacts_by_address(session, actor.workspace_id, [DORA]),
    "tasks": lambda session, actor: next_tasks(session, actor.workspace_id, [1, 3]),
}
# SQLite plans by rules alone, so that an index on the workspace alone shows; PostgreSQL counts these few rows first.
WHOLE_WORKSPACE = r"\(workspace_id=\?\)$"
LARGE = {
    "links", "messages", "copies", "deals", "deal_people", "activities", "activity_records", "records", "contacts",
    "contact_addresses", "link_receipts", "link_questions", "message_participants", "enrolments", "outbox",
    "sync_items",
}  # fmt: skip


@pytest.fixture
def furnished(office: Office, world: World) -> Office:
    dora = world.contact(DORA, "Dora Lund")
    world.task("Call back", world.deal("Forty seats", dora))
    office.mail(DORA, ALICE)
    office.sync()
    return office


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_of_a_card_reads_a_whole_table(furnished: Office, question: str) -> None:
    with furnished.db.read() as session:
        plan = _plan(session, lambda: QUESTIONS[question](session, furnished.actors[ALICE]))
    read_whole = [line for line in plan if _reads_whole(line)]
    assert plan
    assert read_whole == [], "\n".join(plan)


def _plan(session: Session, ask: Callable[[], object]) -> list[str]:
    """How the database would answer; PostgreSQL is told not to prefer small tables' sequential scans."""
    engine = session.get_bind()
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    ask()
    event.remove(engine, "before_cursor_execute", note)
    ((statement, parameters),) = asked
    if engine.dialect.name == "postgresql":
        session.execute(text("SET LOCAL enable_seqscan = off"))
        return [str(row[0]) for row in session.connection().exec_driver_sql(f"EXPLAIN {statement}", parameters)]
    rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return [str(row[3]) for row in rows]


def _reads_whole(line: str) -> bool:
    """Whether a line of a plan reads a whole table, or all that a workspace has in it."""
    words = re.sub(r"_\d+\b", "", line).replace("->", " ").split()  # an alias as its table: records_1
    scanned = words[1] if words[0] == "SCAN" else words[3] if words[:2] == ["Seq", "Scan"] else ""
    return scanned in LARGE or re.search(WHOLE_WORKSPACE, line) is not None
