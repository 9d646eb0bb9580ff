"""The database, its schema and clock, and what it tells of people, mailboxes and queues."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from backend.accounts import store as accounts
from backend.accounts.grants import Vault
from backend.accounts.mailboxes import open_grant
from backend.db import Database
from backend.doctor import rules, store
from backend.doctor.shapes import Finding, State
from backend.kit.clock import Clock
from backend.kit.errors import UserError
from backend.migrations import require_current
from backend.settings import Settings
from backend.sync.ledger.service import look_at


def examine_database(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Judge the database; what needs its schema is left out where that is not ours."""
    if not _has_file(settings.database_url):
        yield Finding("database", "file", State.WRONG, "There is no database yet.", "Make it: enlace db upgrade")
        return
    try:
        with closing(_Opened(settings)) as opened:
            yield from _examine(opened.db, opened.vault, clock)
    except UserError as error:
        yield rules.wrong("database", "schema", str(error))
    except SQLAlchemyError as error:
        remedy = "Check ENLACE_DATABASE_URL, and that the server runs and lets this machine in."
        yield Finding("database", "connection", State.WRONG, f"It does not answer ({_first_line(error)}).", remedy)


class _Opened:
    """The database with the vault, whose keys may be unfit: then grants cannot be judged, and the settings are."""

    def __init__(self, settings: Settings) -> None:
        self.db = Database(settings.database_url)
        self.vault = _vault(settings)

    def close(self) -> None:
        self.db.dispose()


def _vault(settings: Settings) -> Vault | None:
    try:
        return Vault(settings.token_keys) if settings.token_keys else None
    except ValueError:
        return None


def _examine(db: Database, vault: Vault | None, clock: Clock) -> Iterator[Finding]:
    with db.read() as session:
        yield from _server(session, clock, is_sqlite=db.is_sqlite)
    require_current(db)
    yield Finding("database", "schema", State.OK, "It is this version's.")
    with db.read() as session:
        yield rules.judge_team(store.team_facts(session))
        yield from _mail(session, vault, clock)
        if not db.is_sqlite:
            yield from rules.judge_queue(store.queue_facts(session, store.postgresql_now(session)))


def _server(session: Session, clock: Clock, *, is_sqlite: bool) -> Iterator[Finding]:
    if is_sqlite:
        yield rules.judge_journal(store.journal_mode(session))
        return
    yield rules.judge_postgresql(store.postgresql_major(session))
    yield rules.judge_skew("database", store.postgresql_now(session) - clock.now())


def _mail(session: Session, vault: Vault | None, clock: Clock) -> Iterator[Finding]:
    boxes = store.mailbox_facts(session, {} if vault is None else _grant_problems(session, vault))
    now = clock.now()
    yield from (rules.judge_mailbox(box, now) for box in boxes)
    yield from (rules.judge_ledger(box) for box in look_at(session, now, None))
    yield rules.judge_worker(boxes, now)
    yield rules.judge_backlog(boxes)


def _grant_problems(session: Session, vault: Vault) -> dict[int, str]:
    problems = {}
    for mailbox, _ in accounts.all_mailboxes(session):
        try:
            open_grant(vault, mailbox)
        except UserError as error:
            problems[mailbox.id] = rules.wrong("mailbox", mailbox.address, str(error)).remedy
    return problems


def _has_file(database_url: str) -> bool:
    """Whether a look would not make the file that it looks for; True for whatever is no SQLite file."""
    try:
        url = make_url(database_url)
    except ArgumentError:
        return True
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
