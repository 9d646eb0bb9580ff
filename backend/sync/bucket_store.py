"""The quota's buckets in the database, so that all workers and web processes share them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import MailboxStatus
from backend.accounts.tables import Mailbox
from backend.db import insert_ignoring
from backend.kit.clock import from_epoch_ms, to_epoch_ms
from backend.sync.buckets import FIRST_BATCH, Bucket
from backend.sync.rules import FIRST_OF_IMPORT
from backend.sync.tables import QuotaBucket, SyncDay, SyncItem, SyncState

PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Kept:
    """A bucket as it stands in the database, locked until the transaction ends."""

    row: QuotaBucket
    bucket: Bucket

    def save(self, bucket: Bucket, units: int = 0) -> None:
        """Write the bucket back, after `units` were taken."""
        self.row.taken = [[slot, taken] for slot, taken in bucket.taken]
        self.row.closed_until = from_epoch_ms(bucket.closed_until_ms) if bucket.closed_until_ms else None
        self.row.total += units


def mailbox_bucket(mailbox_id: int) -> str:
    """The name of a mailbox's own bucket."""
    return f"mailbox:{mailbox_id}"


def open_buckets(session: Session, limits: dict[str, int]) -> list[Kept]:
    """Lock the buckets of these names (name → units a minute), always in the same order; new ones are full."""
    rows = _lock(session, sorted(limits))
    if len(rows) < len(limits):
        new = [{"name": n, "taken": [], "batch": FIRST_BATCH, "total": 0} for n in sorted(limits)]
        insert_ignoring(session, QuotaBucket, new)
        rows = _lock(session, sorted(limits))
    return [Kept(row, _read(row, limits[row.name])) for row in rows]


def _lock(session: Session, names: Sequence[str]) -> list[QuotaBucket]:
    query = select(QuotaBucket).where(QuotaBucket.name.in_(names)).order_by(QuotaBucket.name).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _read(row: QuotaBucket, limit: int) -> Bucket:
    closed_ms = to_epoch_ms(row.closed_until) if row.closed_until else 0
    return Bucket(limit, tuple((slot, units) for slot, units in row.taken), closed_ms)


def batch_of(session: Session, mailbox_id: int) -> int:
    """How many messages the mailbox's next batch asks for."""
    found = session.scalar(select(QuotaBucket.batch).where(QuotaBucket.name == mailbox_bucket(mailbox_id)))
    return FIRST_BATCH if found is None else found


def unbooked(session: Session, mailbox_id: int) -> int:
    """Units that a mailbox's bucket gave since ever, less those in its books."""
    given = session.scalar(select(QuotaBucket.total).where(QuotaBucket.name == mailbox_bucket(mailbox_id))) or 0
    booked = session.scalar(select(func.sum(SyncDay.units)).where(SyncDay.mailbox_id == mailbox_id)) or 0
    return max(given - booked, 0)


def count_importing(session: Session, *, beside: int | None = None) -> int:
    """How many mailboxes of the installation share what the project's quota gives to imports, `beside` one of them."""
    waits = exists().where(
        SyncItem.mailbox_id == SyncState.mailbox_id,
        SyncItem.state == "pending",
        SyncItem.priority >= FIRST_OF_IMPORT,
    )
    active = select(func.count()).join_from(SyncState, Mailbox).where(Mailbox.status == MailboxStatus.ACTIVE)
    others = active if beside is None else active.where(SyncState.mailbox_id != beside)
    return session.scalar(others.where(SyncState.is_listing | waits)) or 0


def closed_until(session: Session, name: str) -> datetime | None:
    """Until when Gmail asked for silence, if it did."""
    return session.scalar(select(QuotaBucket.closed_until).where(QuotaBucket.name == name))
