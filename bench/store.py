"""A store as it is after years: mails, people, companies, deals and links, put there by the database itself.

One `INSERT … SELECT` a table, the same on SQLite and on PostgreSQL, so that a million mails take a minute or two. Every
third mail was sent by the team, four make a conversation, every hundredth is with one very busy contact, the others go
round. Each hangs on a contact and on that contact's company, every third on a deal too.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from backend.accounts.grants import Vault
from backend.accounts.mailboxes import connect_mailbox
from backend.accounts.service import create_user, create_workspace
from backend.accounts.shapes import GrantKind, Role
from backend.db import Database
from backend.kit.clock import SystemClock
from backend.mail.addresses import key_of
from backend.migrations import upgrade
from backend.records.service import make_sales_pipeline
from backend.records.store.reading import list_pipelines
from backend.sync.store import ensure_state

OWNER = "ana@acme.example"
BUSY = 100  # every so many mails one is with the busy contact
SECONDS_APART = 20
_SERIES = {
    "sqlite": (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT {columns} FROM n"
    ),
    "postgresql": "SELECT {columns} FROM generate_series(1, {count}) AS n(i)",
}
_MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', {seconds}, 'unixepoch')",
    "postgresql": "to_timestamp({seconds})",
}
_UNCHECKED = {"sqlite": "PRAGMA foreign_keys = OFF", "postgresql": "SET session_replication_role = replica"}

Columns = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stock:
    """What stands in the store. Records count on: companies from 1, then contacts, then deals."""

    workspace_id: int
    user_id: int
    mailbox_id: int
    stage_id: int
    pipeline_id: int
    messages: int
    contacts: int
    colleagues: int = 10

    @property
    def companies(self) -> int:
        """One for so many `colleagues`."""
        return max(self.contacts // self.colleagues, 1)

    @property
    def deals(self) -> int:
        """One for each company."""
        return self.companies

    def contact_of(self, mail: int) -> str:
        """The address of the contact with whom the mail of this number is."""
        number = 0 if mail % BUSY == 0 else mail % self.contacts
        return f"p{number}@c{number % self.companies}.example"


def fill_store(db: Database, messages: int, contacts: int, colleagues: int = 10) -> Stock:
    """Migrate an empty database and fill it."""
    upgrade(db)
    with db.write() as session:
        stock = _team(session, messages, contacts, colleagues)
    with db.engine.connect() as connection:
        _insert(connection, stock)
        connection.commit()
    take_stock(db)
    db.dispose()
    return stock


def take_stock(db: Database) -> None:
    """Have the database count what it holds, as it does by itself in time, so that it chooses its ways by that."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if db.is_sqlite else "VACUUM ANALYZE"))


def _team(session: Session, messages: int, contacts: int, colleagues: int) -> Stock:
    clock = SystemClock()
    workspace = create_workspace(session, clock, "Acme", domain="acme.example")
    make_sales_pipeline(session, workspace.id)
    ((pipeline_id, _, stages), *_rest) = list_pipelines(session, workspace.id)
    user = create_user(session, clock, workspace, email=OWNER, role=Role.REP, name="Ana")
    vault = Vault([base64.urlsafe_b64encode(os.urandom(32)).decode()])
    mailbox = connect_mailbox(
        session, clock, vault, user, address=OWNER, address_key=key_of(OWNER), kind=GrantKind.EMULATOR
    )
    ensure_state(session, mailbox, clock.now())
    return Stock(workspace.id, user.id, mailbox.id, stages[0].id, pipeline_id, messages, contacts, colleagues)


def _insert(connection: Connection, stock: Stock) -> None:
    dialect = connection.dialect.name
    insert_series(connection, (*_people(stock, dialect), *_mails(stock, dialect), *_links(stock, dialect)))


def insert_series(connection: Connection, tables: Iterable[tuple[str, int, Columns]]) -> None:
    """Fill tables with so many rows each; `columns` are SQL over `i`, which counts from 1. Nothing is checked."""
    dialect = connection.dialect.name
    connection.exec_driver_sql(_UNCHECKED[dialect])
    for table, count, columns in tables:
        rows = _SERIES[dialect].format(count=count, columns=", ".join(columns.values()))
        connection.execute(text(f"INSERT INTO {table} ({', '.join(columns)}) {rows}"))
        if dialect == "postgresql" and "id" in columns:
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"))  # noqa: S608 - the same


def _people(stock: Stock, dialect: str) -> Iterator[tuple[str, int, Columns]]:
    """Companies, contacts with an address each, deals with a person and a task each."""
    k, c, team = stock.companies, stock.contacts, str(stock.workspace_id)
    now = _MOMENT[dialect].format(seconds=_end())
    record = {
        "workspace_id": team, "owner_id": str(stock.user_id), "origin": "'mail'", "fields": "'{}'", "version": "1",
        "created_at": now, "updated_at": now,
    }  # fmt: skip
    yield "records", k, record | {"id": "i", "kind": "'company'", "name": "'Company ' || (i - 1)"}
    yield "companies", k, {"id": "i", "industry": "''", "city": "''", "country": "''"}
    domain = {"workspace_id": team, "company_id": "i", "domain": "'c' || (i - 1) || '.example'"}
    yield "company_domains", k, {"id": "i"} | domain
    yield "records", c, record | {"id": f"{k} + i", "kind": "'contact'", "name": "'Person ' || (i - 1)"}
    names = {"first_name": "'Person'", "last_name": "'' || (i - 1)", "title": "'Buyer'", "phone": "''"}
    yield "contacts", c, names | {"id": f"{k} + i", "country": "''", "company_id": f"(i - 1) % {k} + 1"}
    address = f"'p' || (i - 1) || '@c' || ((i - 1) % {k}) || '.example'"
    keys = {"id": "i", "workspace_id": team, "contact_id": f"{k} + i", "is_primary": "TRUE"}
    yield "contact_addresses", c, keys | {"address_key": address, "email": address}
    yield "records", k, record | {"id": f"{k + c} + i", "kind": "'deal'", "name": "'Deal ' || i"}
    deal = {"pipeline_id": str(stock.pipeline_id), "stage_id": str(stock.stage_id), "stage_entered_at": now}
    worth = {"amount_minor": "i * 100", "currency": "'EUR'", "lost_reason": "''", "source": "''", "products": "'[]'"}
    yield "deals", k, deal | worth | {"id": f"{k + c} + i", "company_id": "i"}
    yield "deal_people", k, {"deal_id": f"{k + c} + i", "contact_id": f"{k} + i", "role": "''"}
    yield "deal_references", k, {"workspace_id": team, "reference": "'D-' || i", "deal_id": f"{k + c} + i"}
    task = {"workspace_id": team, "kind": "'task'", "owner_id": str(stock.user_id), "outcome": "''", "at": now}
    yield "activities", k, task | {"id": "i", "text": "'Call ' || i", "due_at": now}
    yield "activity_records", k, {"record_id": f"{k + c} + i", "activity_id": "i"}


def _mails(stock: Stock, dialect: str) -> Iterator[tuple[str, int, Columns]]:
    """Mails with their text, two people and a copy each, four to a conversation."""
    m, team = stock.messages, str(stock.workspace_id)
    contact, ours = _contact(stock), "i % 3 = 0"
    outside = f"'p' || {contact} || '@c' || ({contact} % {stock.companies}) || '.example'"
    sender = f"CASE WHEN {ours} THEN '{OWNER}' ELSE {outside} END"
    rest = f"CASE WHEN {ours} THEN {outside} ELSE '{OWNER}' END"
    site = f"'c' || ({contact} % {stock.companies}) || '.example'"
    talk, sent_at = "(i + 3) / 4", _sent_at(stock, dialect)
    yield "conversations", m // 4 + 1, {"id": "i", "workspace_id": team, "subject": "'Offer ' || i"}
    yield "conversation_keys", m, {"workspace_id": team, "rfc_id": _RFC_ID, "conversation_id": talk}
    yield "messages", m, {
        "id": "i", "workspace_id": team, "conversation_id": talk, "rfc_message_id": _RFC_ID,
        "fingerprint": "'' || i", "sent_at": sent_at, "subject": "'Offer ' || i", "snippet": "'Here is the offer'",
        "sender_key": sender, "sender_email": sender, "sender_name": "''", "is_ours": ours, "kind": "'person'",
        "kind_why": "''", "list_key": "''", "size_bytes": "2000", "attachment_count": "0", "live_copies": "1",
        "problems": "'[]'",
    }  # fmt: skip
    yield "message_bodies", m, {"message_id": "i", "text": "'Here is the offer, as we said on the phone: ' || i"}
    person = {"message_id": "i", "workspace_id": team, "name": "''"}
    for position, role, who, theirs in (("0", "from", sender, False), ("1", "to", rest, True)):
        domain = f"CASE WHEN {ours} THEN {site if theirs else _OWN} ELSE {_OWN if theirs else site} END"
        address = {"position": position, "role": f"'{role}'", "address_key": who, "email": who, "domain": domain}
        yield "message_participants", m, person | address
    copy = {"id": "i", "workspace_id": team, "mailbox_id": str(stock.mailbox_id), "message_id": "i"}
    ids = {"gmail_id": "'g' || i", "gmail_thread_id": f"'t' || ({talk})"}
    state = {"labels": "'[\"INBOX\"]'", "is_live": "TRUE", "is_private": "FALSE", "listing": "0"}
    yield "copies", m, copy | ids | state


def _links(stock: Stock, dialect: str) -> Iterator[tuple[str, int, Columns]]:
    """Each mail's links to its contact and company, every third's to a deal, and its receipt."""
    m, k, c, team = stock.messages, stock.companies, stock.contacts, str(stock.workspace_id)
    sent_at, contact = _sent_at(stock, dialect), _contact(stock)
    link = {"workspace_id": team, "sent_at": sent_at, "evidence": "'{}'", "created_at": sent_at, "undone_by": "''"}
    for at, (rule, record) in enumerate((("address", f"{k + 1} + {contact}"), ("company", f"1 + {contact} % {k}"))):
        each = {"id": f"i + {at * m}", "message_id": "i", "record_id": record, "rule": f"'{rule}'"}
        yield "links", m, link | each
    third = {"sent_at": _sent_at(stock, dialect, "i * 3"), "created_at": _sent_at(stock, dialect, "i * 3")}
    deal = {"message_id": "i * 3", "record_id": f"{k + c + 1} + {_contact(stock, 'i * 3')} % {k}"}
    yield "links", m // 3, link | third | deal | {"id": f"i + {2 * m}", "rule": "'deal_only'"}
    receipt = {"message_id": "i", "workspace_id": team, "outcome": "'linked'", "reason": "''", "rejected": "'[]'"}
    yield "link_receipts", m, receipt | {"sent_at": sent_at, "decided_at": sent_at}


_RFC_ID = "'m' || i || '@mail.example'"
_OWN = "'acme.example'"


def _contact(stock: Stock, mail: str = "i") -> str:
    return f"(CASE WHEN ({mail}) % {BUSY} = 0 THEN 0 ELSE ({mail}) % {stock.contacts} END)"


def _sent_at(stock: Stock, dialect: str, mail: str = "i") -> str:
    return _MOMENT[dialect].format(seconds=f"{_end()} - ({stock.messages} - {mail}) * {SECONDS_APART}")


def _end() -> int:
    return int(SystemClock().now().timestamp()) // 3_600 * 3_600
