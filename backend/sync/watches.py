"""Watches: each mailbox's registration for push notices at Gmail, which lapses after seven days.

A drain renews its own mailbox's watch once a day. So no watch waits in a queue behind others, however many there are,
and a mailbox that is drained at all is also watched. Where watching fails, polling goes on as if there were no push.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.accounts.shapes import MailboxStatus
from backend.accounts.tables import Mailbox
from backend.db import Database
from backend.gmail.errors import AuthRevoked, GmailError, PermissionDenied, Rejected
from backend.gmail.gateway import Gmail
from backend.kit.clock import Clock
from backend.sync.limiter import OutOfUnits
from backend.sync.rules import pause_s
from backend.sync.tables import SyncWatch

log = structlog.get_logger(__name__)

RENEW_EVERY = timedelta(days=1)
STOP_AGAIN = timedelta(minutes=10)


def keep_watch(db: Database, clock: Clock, gmail: Gmail, mailbox_id: int, topic: str) -> None:
    """Register the mailbox for push notices to `topic` where that is due; end it where there is no topic any more.

    Failures are noted and never stop a drain, but for `AuthRevoked`.
    """
    now = clock.now()
    with db.read() as session:
        row = session.get(SyncWatch, mailbox_id)
    if not _is_due(row, topic, now):
        return
    try:
        expires_at = _register(gmail, topic)
    except OutOfUnits:
        return
    except AuthRevoked:
        raise
    except GmailError as error:
        _note_failure(db, mailbox_id, error, now)
        return
    with db.write() as session:
        row = _row(session, mailbox_id, now)
        row.topic, row.expires_at = topic, expires_at
        row.next_try_at, row.failures, row.last_error = now + RENEW_EVERY, 0, ""


def _is_due(row: SyncWatch | None, topic: str, now: datetime) -> bool:
    if not topic and (row is None or row.expires_at is None):
        return False
    return row is None or row.next_try_at <= now or (row.topic != topic and row.failures == 0)


def _register(gmail: Gmail, topic: str) -> datetime | None:
    """Watch, or stop where there is no topic; returns when it lapses.

    Where another topic is watched ("Only one user push notification client allowed"), that is stopped first.
    """
    if not topic:
        gmail.stop()
        return None
    try:
        return gmail.watch(topic).expires_at
    except Rejected:
        gmail.stop()
        return gmail.watch(topic).expires_at


def _note_failure(db: Database, mailbox_id: int, error: GmailError, now: datetime) -> None:
    with db.write() as session:
        row = _row(session, mailbox_id, now)
        row.failures += 1
        row.next_try_at = now + timedelta(seconds=pause_s(row.failures + 3))
        row.last_error = f"{type(error).__name__}: {error.detail}"[:500]
        log.warning("watch_failed", mailbox_id=mailbox_id, error=type(error).__name__, failures=row.failures)


def _row(session: Session, mailbox_id: int, now: datetime) -> SyncWatch:
    found = session.get(SyncWatch, mailbox_id)
    if found is None:
        found = SyncWatch(mailbox_id=mailbox_id, topic="", next_try_at=now, failures=0, last_error="")
        session.add(found)
    return found


def claim_idle(session: Session, now: datetime) -> list[int]:
    """Take all mailboxes that are switched off and still registered; one that does not succeed is taken again later."""
    query = (
        select(SyncWatch)
        .join(Mailbox, Mailbox.id == SyncWatch.mailbox_id)
        .where(
            Mailbox.status != "active",
            SyncWatch.expires_at > now,
            (SyncWatch.topic != "") | (SyncWatch.next_try_at <= now),
        )
        .order_by(SyncWatch.expires_at)
        .with_for_update(skip_locked=True, of=SyncWatch)
    )
    rows = list(session.scalars(query))
    for row in rows:
        row.topic, row.next_try_at = "", now + STOP_AGAIN
    return [row.mailbox_id for row in rows]


def end_watch(db: Database, connect: Callable[[int], Gmail], mailbox_id: int) -> None:
    """End the push notices of a mailbox that is switched off."""
    with db.read() as session:
        is_active = session.get_one(Mailbox, mailbox_id).status == MailboxStatus.ACTIVE
    if not is_active:  # else somebody switched it on again meanwhile
        stop_watch(db, connect, mailbox_id)


def stop_watch(db: Database, connect: Callable[[int], Gmail], mailbox_id: int) -> None:
    """End a mailbox's push notices, if it has any; where its grant is gone, they have ended with it."""
    with db.read() as session:
        row = session.get(SyncWatch, mailbox_id)
    if row is None or row.expires_at is None:
        return
    try:
        connect(mailbox_id).stop()
    except (AuthRevoked, PermissionDenied):
        log.info("watch_gone_with_its_grant", mailbox_id=mailbox_id)
    except GmailError as error:
        log.warning("watch_not_ended", mailbox_id=mailbox_id, error=type(error).__name__)
        return
    with db.write() as session:
        session.execute(update(SyncWatch).where(SyncWatch.mailbox_id == mailbox_id).values(expires_at=None, topic=""))
