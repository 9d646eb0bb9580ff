"""What the doctor reads in the database, whatever the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from backend.accounts import store as accounts
from backend.accounts.tables import Mailbox, User
from backend.doctor.shapes import MailboxFacts, QueueFacts, TeamFacts
from backend.sync.tables import SyncItem, SyncState

OFTEN = 5  # failed tries of one message
HEARTBEAT = timedelta(seconds=60)  # procrastinate's workers beat each ten seconds

_QUEUE = text("""
    SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo') AS waiting,
           (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing') AS running,
           (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed') AS crashed,
           (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > :since) AS workers,
           (SELECT count(DISTINCT worker_id) FROM procrastinate_jobs j JOIN procrastinate_workers w ON w.id = worker_id
            WHERE status = 'doing' AND last_heartbeat <= :since) AS dead_workers
""")


def journal_mode(session: Session) -> str:
    """How SQLite keeps its journal."""
    return str(session.scalar(text("PRAGMA journal_mode")))


def postgresql_major(session: Session) -> int:
    """The PostgreSQL server's major version."""
    return int(session.scalar(text("SHOW server_version_num")) or 0) // 10_000


def postgresql_now(session: Session) -> datetime:
    """The PostgreSQL server's own time."""
    found = session.scalar(select(func.clock_timestamp()))
    assert isinstance(found, datetime)
    return found


def team_facts(session: Session) -> TeamFacts:
    """Who can sign in."""
    admins = func.coalesce(func.sum(case((User.role == "admin", 1), else_=0)), 0)
    row = session.execute(select(func.count(), admins).where(User.disabled_at.is_(None))).one()
    return TeamFacts(users=row[0], admins=row[1])


def queue_facts(session: Session, now: datetime) -> QueueFacts:
    """PostgreSQL's job queue at `now`, by the server's clock."""
    return QueueFacts(*session.execute(_QUEUE, {"since": now - HEARTBEAT}).one())


def mailbox_facts(session: Session, grant_problems: Mapping[int, str]) -> list[MailboxFacts]:
    """Every mailbox of the installation; `grant_problems` says by id which grants do not open."""
    counts = _items_by_mailbox(session)
    states = {state.mailbox_id: state for state in session.scalars(select(SyncState))}
    return [
        _facts(mailbox, owner, states.get(mailbox.id), counts.get(mailbox.id, (0, 0)), grant_problems)
        for mailbox, owner in accounts.all_mailboxes(session)
    ]


def _items_by_mailbox(session: Session) -> dict[int, tuple[int, int]]:
    stuck = func.sum(case((SyncItem.attempts >= OFTEN, 1), else_=0))
    query = select(SyncItem.mailbox_id, func.count(), stuck).where(SyncItem.state == "pending")
    return {row[0]: (row[1], row[2]) for row in session.execute(query.group_by(SyncItem.mailbox_id))}


def _facts(
    mailbox: Mailbox, owner: str, state: SyncState | None, items: tuple[int, int], problems: Mapping[int, str]
) -> MailboxFacts:
    return MailboxFacts(
        mailbox_id=mailbox.id,
        address=mailbox.address,
        owner=owner,
        status=mailbox.status,
        status_reason=mailbox.status_reason,
        connected_at=mailbox.created_at,
        waiting=items[0],
        stuck=items[1],
        grant_problem=problems.get(mailbox.id, ""),
        **_sync_facts(state),
    )


def _sync_facts(state: SyncState | None) -> dict[str, Any]:
    if state is None:
        return {"next_sync_at": None, "last_success_at": None, "is_listing": False, "failures": 0, "last_error": ""}
    return {
        name: getattr(state, name)
        for name in ("next_sync_at", "last_success_at", "is_listing", "failures", "last_error")
    }
