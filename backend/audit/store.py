"""The log's queries."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.audit.rules import NO_HASH
from backend.audit.shapes import Entry
from backend.audit.tables import AuditEntry, AuditHead
from backend.db import insert_ignoring

_CHUNK = 500


def locked_head(session: Session, workspace_id: int) -> AuditHead:
    """Return the chain's head, held by this transaction until its end; made where it is the first.

    SQLite needs no row lock: its writers stand in line from their first statement.
    """
    insert_ignoring(session, AuditHead, [{"workspace_id": workspace_id, "seq": 0, "hash": NO_HASH}])
    wanted = select(AuditHead).where(AuditHead.workspace_id == workspace_id).with_for_update()
    return session.scalars(wanted.execution_options(populate_existing=True)).one()


def find_head(session: Session, workspace_id: int) -> str:
    """Return the hash at the chain's end."""
    found = session.scalar(select(AuditHead.hash).where(AuditHead.workspace_id == workspace_id))
    return NO_HASH if found is None else found


def entries(session: Session, workspace_id: int) -> Iterator[Entry]:
    """Yield a workspace's chain from its beginning, without holding all of it."""
    wanted = select(AuditEntry).where(AuditEntry.workspace_id == workspace_id).order_by(AuditEntry.seq).limit(_CHUNK)
    chunk = session.scalars(wanted).all()
    while chunk:
        yield from map(to_entry, chunk)
        chunk = session.scalars(wanted.where(AuditEntry.seq > chunk[-1].seq)).all()


def latest(session: Session, workspace_id: int, *, before_seq: int | None, limit: int) -> list[Entry]:
    """Return up to `limit` entries, newest first, that come before `before_seq`."""
    wanted = select(AuditEntry).where(AuditEntry.workspace_id == workspace_id)
    if before_seq is not None:
        wanted = wanted.where(AuditEntry.seq < before_seq)
    return [to_entry(row) for row in session.scalars(wanted.order_by(AuditEntry.seq.desc()).limit(limit))]


def to_entry(row: AuditEntry) -> Entry:
    """Turn a row into the shape that crosses the door."""
    return Entry(
        workspace_id=row.workspace_id,
        seq=row.seq,
        at=row.at,
        actor_id=row.actor_id,
        action=row.action,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        details=row.details,
        prev_hash=row.prev_hash,
        hash=row.hash,
    )
