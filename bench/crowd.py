"""An installation that has written to people for years: on the way, past it, waiting in the outbox, counted in results.

On top of `bench.store`, by one `INSERT … SELECT` a table, the same on SQLite and on PostgreSQL. Half of the people are
in one sequence, the others spread over the rest, half of them got a campaign besides. Of twenty on the way eight wait,
three have a mail in the outbox, one stands still, four are through, and four were stopped.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from backend.accounts.grants import Vault
from backend.accounts.mailboxes import connect_mailbox
from backend.accounts.service import create_user, to_actor
from backend.accounts.shapes import Actor, GrantKind, Role
from backend.accounts.tables import User, Workspace
from backend.db import Database
from backend.kit.clock import SystemClock
from backend.mail.addresses import key_of
from backend.sequences.authoring.publishing import make_sequence, publish
from backend.sequences.campaigns import service as campaigns
from backend.sequences.campaigns.shapes import Audience, Text
from backend.sequences.texts.service import save_template
from backend.sync.store import ensure_state
from bench.store import Columns, Stock, fill_store, insert_series, take_stock

SEQUENCES, CAMPAIGNS, USERS, TEMPLATES = 30, 5, 20, 30
BIG = 1  # the sequence in which half of the people are
BODY = "Dear {{ contact.first_name }},\n\nforty seats for {{ company.name }}, from {{ sender.name }}.\n"
_STEPS: list[dict[str, Any]] = [
    {
        "kind_of_step": "mail",
        "variants": [{"subject": "An offer", "body": BODY, "template_id": 1}, {"subject": "Seats", "body": BODY}],
    },
    {"kind_of_step": "wait", "days": 3},
    {"kind_of_step": "mail", "variants": [{"subject": "", "body": BODY, "template_id": 2}], "is_reply": True},
    {"kind_of_step": "wait", "days": 4},
    {"kind_of_step": "mail", "variants": [{"subject": "", "body": BODY}], "is_reply": True},
    {"kind_of_step": "todo", "kind": "task", "text": "Call them"},
]


@dataclass(frozen=True, slots=True)
class Crowd:
    """What stands there. `people` in sequences, half as many in campaigns; one actor of each role."""

    stock: Stock
    people: int
    mailboxes: int
    rep: Actor
    manager: Actor
    admin: Actor

    @property
    def enrolments(self) -> int:
        """In sequences and campaigns."""
        return self.people + self.people // 2


def fill_crowd(db: Database, people: int, mailboxes: int = USERS) -> Crowd:
    """Migrate an empty database and fill it: a contact and three mails for each of the people."""
    stock = fill_store(db, people * 3, people, colleagues=3)
    with db.write() as session:
        crowd = _team(session, stock, people, mailboxes)
        _write_sequences(session, crowd)
    with db.engine.connect() as connection:
        _insert(connection, crowd)
        connection.commit()
    take_stock(db)
    db.dispose()
    return crowd


def _team(session: Session, stock: Stock, people: int, mailboxes: int) -> Crowd:
    """Twenty users: mailbox 1 + n belongs to user 1 + n % 20."""
    clock, workspace = SystemClock(), session.get_one(Workspace, stock.workspace_id)
    roles = {USERS - 2: Role.MANAGER, USERS - 1: Role.ADMIN}
    users = [session.get_one(User, stock.user_id)]
    for n in range(1, USERS):
        role = roles.get(n, Role.REP)
        users.append(create_user(session, clock, workspace, email=f"u{n}@acme.example", role=role, name=f"User {n}"))
    vault = Vault([base64.urlsafe_b64encode(os.urandom(32)).decode()])
    for n in range(1, mailboxes):
        address = f"box{n}@acme.example"
        box = connect_mailbox(
            session, clock, vault, users[n % USERS], address=address, address_key=key_of(address),
            kind=GrantKind.EMULATOR,
        )  # fmt: skip
        ensure_state(session, box, clock.now())
    rep, manager, admin = (to_actor(user) for user in (users[0], *users[-2:]))
    return Crowd(stock, people, mailboxes, rep, manager, admin)


def _write_sequences(session: Session, crowd: Crowd) -> None:
    """The big sequence has two versions and a draft of the third; version s + 1 is sequence s's."""
    clock, rep = SystemClock(), crowd.rep
    for n in range(TEMPLATES):
        save_template(
            session, clock, rep, None, name=f"Template {n}", subject="An offer", body=BODY, is_shared=True
        )  # fmt: skip
    what = {"steps": _STEPS, "habits": {}}
    for n in range(1, SEQUENCES + 1):
        sequence = make_sequence(session, clock, rep, f"Sequence {n}")
        assert sequence.id == n
        publish(session, clock, rep, n, what)
        if n == BIG:
            publish(session, clock, rep, n, {**what, "habits": {"stops_on_colleague": False}})
            sequence.draft = {"steps": [*_STEPS, {"kind_of_step": "wait", "days": 9}, _STEPS[4]], "habits": {}}
    for n in range(1, CAMPAIGNS + 1):
        news = Text("News", BODY, template_id=3)
        campaign_id = campaigns.make(session, clock, rep, f"Campaign {n}", news, Audience())
        publish(session, clock, rep, campaign_id, {"steps": [_STEPS[0]], "habits": {}})
    campaigns.make(session, clock, rep, "Campaign to come", Text("News", BODY), Audience(words="Person 1"))


def _insert(connection: Connection, crowd: Crowd) -> None:
    dialect = connection.dialect.name
    insert_series(connection, _counted(crowd, dialect))
    for statement in _derived(crowd, dialect):
        connection.execute(text(statement))


def _counted(crowd: Crowd, dialect: str) -> Iterator[tuple[str, int, Columns]]:
    """Enrolments with their ledgers, suppressions, senders."""
    stock, p, team = crowd.stock, crowd.people, str(crowd.stock.workspace_id)
    is_campaign, kind = f"i > {p}", "(i % 20)"
    sequence = (
        f"(CASE WHEN i <= {p // 2} THEN {BIG} WHEN i <= {p} THEN 2 + i % {SEQUENCES - 1}"
        f" ELSE {SEQUENCES + 1} + i % {CAMPAIGNS} END)"
    )
    contact = f"(i % {p})"  # the busy contact is the last
    address = f"'p' || {contact} || '@c' || ({contact} % {stock.companies}) || '.example'"
    is_running = f"({kind} < 12 AND NOT ({is_campaign} AND {kind} < 8))"
    started = f"CASE WHEN {is_running} THEN i % 60 + 1 ELSE i % 365 + 10 END"
    yield "enrolments", crowd.enrolments, {
        "id": "i", "workspace_id": team, "sequence_id": sequence,
        "version_id": f"CASE WHEN {sequence} = {BIG} THEN 1 + (i % 5 + 3) / 4 ELSE {sequence} + 1 END",
        "contact_id": f"{stock.companies + 1} + {contact}", "email": address, "address_key": address,
        "mailbox_id": f"1 + i % {crowd.mailboxes}", "user_id": f"1 + i % {crowd.mailboxes} % {USERS}", "run": "1",
        "state": f"CASE WHEN {is_campaign} AND {kind} < 8 THEN 'finished' WHEN {kind} < 11 THEN 'active'"
        f" WHEN {kind} = 11 THEN 'paused' WHEN {kind} < 16 THEN 'finished' ELSE 'stopped' END",
        "reason": f"CASE WHEN {kind} = 11 THEN (CASE WHEN i % 400 = 11 THEN 'missing_field' ELSE 'by_hand' END)"
        f" WHEN {kind} IN (16, 17) THEN 'replied' WHEN {kind} = 18 THEN 'bounced' WHEN {kind} = 19 THEN 'by_hand'"
        " ELSE '' END",
        "step": f"CASE WHEN {is_campaign} THEN (CASE WHEN {kind} IN (8, 9, 10) THEN 0 ELSE 1 END)"
        f" WHEN {kind} < 8 THEN 3 WHEN {kind} < 12 THEN 4 WHEN {kind} < 16 THEN 6 ELSE 3 END",
        "due_at": f"CASE WHEN {kind} < 8 AND NOT {is_campaign} THEN {_at(dialect, '-3600 - i * 10')} END",
        "wall": "''", "thread": "'{}'", "failures": "0", "started_at": _at(dialect, f"86400 * ({started})"),
        "baseline": f"('{{\"owner_id\": ' || (1 + {contact} % {USERS}) || ', \"stage_id\": null}}'){_json(dialect)}",
        "ended_at": f"CASE WHEN NOT {is_running} THEN {_at(dialect, f'86400 * ({started} - 9)')} END",
    }  # fmt: skip
    # Four lines each: the first of them began the way, the last says how it stands.
    yield "enrolment_events", crowd.enrolments * 4, {
        "id": "i", "workspace_id": team, "enrolment_id": "(i + 3) / 4", "step": "i % 4",
        "at": _at(dialect, "86400 * (i % 60)"),
        "kind": "CASE i % 4 WHEN 1 THEN 'enrolled' WHEN 2 THEN 'ordered' WHEN 3 THEN 'sent' ELSE 'done' END",
        "reason": "''",
        "evidence": "CASE i % 4 WHEN 1 THEN 'user 1, version 1' WHEN 0 THEN 'task ' || i ELSE 'order ' || i END",
    }  # fmt: skip
    yield "suppressions", p // 2, {
        "id": "i", "workspace_id": team, "evidence": "'mail ' || i || ', status 5.1.1'",
        "address_key": f"CASE WHEN i % 2 = 0 THEN 'p' || i || '@c' || (i % {stock.companies}) || '.example'"
        " ELSE 'x' || i || '@y.example' END",
        "ground": "CASE WHEN i % 10 < 6 THEN 'bounced' WHEN i % 10 < 9 THEN 'unsubscribed' ELSE 'by_hand' END",
        "at": _at(dialect, "86400 * (i % 300)"),
    }  # fmt: skip
    yield "outbox_senders", crowd.mailboxes, {
        "mailbox_id": "i", "workspace_id": team, "next_at": _at(dialect, "-60 - i"), "fence": "1", "pace": "'{}'",
        "pause_reason": "''", "first_sent_at": _at(dialect, "86400 * 365"), "reports_read_id": str(stock.messages),
    }  # fmt: skip
    yield "answer_marks", crowd.mailboxes, {"mailbox_id": "i", "read_id": str(stock.messages)}
    yield "campaign_left_out", p // 20, {
        "id": "i", "workspace_id": team, "sequence_id": f"{SEQUENCES + 1} + i % {CAMPAIGNS}", "evidence": "''",
        "contact_id": f"{stock.companies} + i", "reason": "CASE WHEN i % 3 = 0 THEN 'bounced' ELSE 'no_address' END",
        "at": _at(dialect, "86400 * 100"),
    }  # fmt: skip


def _derived(crowd: Crowd, dialect: str) -> Iterator[str]:
    """What follows from the enrolments: orders and answers; records, tasks and mail that belong to the whole team."""
    last = SEQUENCES + CAMPAIGNS
    is_there = "CASE WHEN id % 20 IN (8, 9, 10) THEN (CASE WHEN id % 100 = 8 THEN 'drafted' ELSE 'claimed' END)"
    yield _orders(dialect, 0, f"{is_there} ELSE 'sent' END", f"sequence_id > {SEQUENCES}")
    yield _orders(dialect, 0, "'sent'", f"sequence_id <= {SEQUENCES}")
    ended = "CASE WHEN id % 30 < 2 THEN 'skipped' WHEN id % 30 = 3 THEN 'vetoed' ELSE 'sent' END"
    yield _orders(dialect, 2, ended, f"sequence_id <= {SEQUENCES}")
    yield _orders(dialect, 4, f"{is_there} ELSE 'sent' END", f"sequence_id <= {SEQUENCES} AND id % 20 BETWEEN 8 AND 15")
    yield (
        "INSERT INTO outbox_answers (outbox_id, workspace_id, message_id, how, at)"
        " SELECT id, workspace_id, id, 'in_thread', sent_at FROM outbox WHERE sent_at IS NOT NULL AND id % 10 = 0"
    )
    begun = _at(dialect, "86400 * 100")
    made = _at(dialect, "3600 * (id % 17520)")
    for table, changes in (
        ("campaigns", f"started_at = {begun} WHERE sequence_id <= {last}"),
        ("records", f"owner_id = 1 + (id - 1) % {USERS}, created_at = {made}, updated_at = {made}"),
        ("activities", f"owner_id = 1 + id % {USERS}, done_at = at WHERE id % 50 > 0"),
        ("copies", f"mailbox_id = 1 + id % {crowd.mailboxes} WHERE id % 2 = 0"),
    ):
        yield f"UPDATE {table} SET {changes}"  # noqa: S608 - our own


def _orders(dialect: str, step: int, state: str, which: str) -> str:
    """One order for each enrolment, in its mailbox's queue; ended ones with what Gmail called them."""
    is_open = f"({state}) IN ('claimed', 'drafted')"
    sent_at = f"CASE WHEN ({state}) = 'sent' THEN {_later(dialect, step)} END"
    rest = _json(dialect)
    columns = {
        "workspace_id": "workspace_id", "mailbox_id": "mailbox_id", "source": "'enrolment'", "source_id": "id",
        "step": str(step), "run": "run", "token": f"'t{step}-' || id", "group_id": "sequence_id",
        "version_id": "version_id", "variant": "id % 2" if not step else "0", "contact_id": "contact_id",
        "email": "email", "address_key": "address_key", "domain": "'c' || (contact_id % 1000) || '.example'",
        "state": state, "reason": f"CASE WHEN {is_open} AND id % 400 = 208 THEN 'collision' ELSE '' END",
        "evidence": "''", "rank": "1" if not step else "0", "turn": "id", "due_at": _at(dialect, "-id % 90000"),
        "expires_at": _at(dialect, "-864000"), "attempts": "0", "draft_id": "'d' || id", "thread_id": "'t' || id",
        "gmail_id": f"CASE WHEN {is_open} THEN '' ELSE 's{step}-' || id END", "rfc_id": "'m' || id || '@mail.example'",
        "subject": "'An offer'", '"references"': f"'[]'{rest}", "created_at": "started_at", "sent_at": sent_at,
        "ended_at": f"CASE WHEN NOT {is_open} THEN {_later(dialect, step)} END",
    }  # fmt: skip
    return (
        f"INSERT INTO outbox ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM enrolments WHERE {which}"  # noqa: S608 - our own columns
    )


def _later(dialect: str, days: int) -> str:
    if dialect == "postgresql":
        return f"started_at + INTERVAL '{days} days'"
    return f"strftime('%Y-%m-%d %H:%M:%S.000000', started_at, '+{days} days')"


def _at(dialect: str, seconds_ago: str) -> str:
    now = int(SystemClock().now().timestamp()) // 60 * 60
    moment = f"({now} - ({seconds_ago}))"
    if dialect == "postgresql":
        return f"to_timestamp({moment})"
    return f"strftime('%Y-%m-%d %H:%M:%S.000000', {moment}, 'unixepoch')"


def _json(dialect: str) -> str:
    return "::jsonb" if dialect == "postgresql" else ""
