"""Draining a mailbox: the door of sync, which calls Gmail between transactions and commits each move.

A drain may be killed anywhere: what it committed counts, the rest is done again. It gives the mailbox free after so
many moves, and where the quota's minute is used up, so that others get their turn.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from backend.accounts import mailboxes
from backend.accounts.store import get_mailbox, get_workspace
from backend.db import Database
from backend.gmail.errors import AuthRevoked, GmailError, PermissionDenied, RateLimited
from backend.gmail.gateway import Gmail
from backend.kit.clock import Clock
from backend.linking.service import linker_for
from backend.sync import store
from backend.sync.admission import admission_of
from backend.sync.buckets import Urgency
from backend.sync.drain import Drain, Progress
from backend.sync.ledger.service import note_drain
from backend.sync.limited import LimitedGmail
from backend.sync.limiter import PATIENCE_S, Limiter, Meter, OutOfUnits, Unmetered
from backend.sync.rules import is_hint_open, new_mail_due, pause_s
from backend.sync.service import MailboxSync
from backend.sync.shapes import End, Lease, Task
from backend.sync.store import LeaseLostError
from backend.sync.watches import keep_watch

log = structlog.get_logger(__name__)

MOVES = 400
BUSY_AGAIN = timedelta(seconds=5)
Connect = Callable[[int], Gmail]


def drain_mailbox(
    db: Database,
    clock: Clock,
    connect: Connect,
    mailbox_id: int,
    *,
    task: Task | None = None,
    limiter: Limiter | None = None,
    topic: str | None = None,
    progress: Progress | None = None,
) -> End:
    """Bring one mailbox up to date, or as far as one drain goes.

    `task`: new mail only, or one turn of the import as well; None: all there is. `limiter` None: Gmail has no quota.
    `topic`: where Gmail shall send push notices, "" for none; None: leave them as they are.
    `End.DONE`: nothing is left; `MORE`: call again; `BUSY`: somebody else drains it or it is not active; `LATER`: the
    quota or Gmail asked for a pause; `STOPPED`: it needs a person (reconnect, permission). Progress gets the number of
    ids settled.
    """
    with db.write() as session:
        lease = store.take_lease(session, mailbox_id, clock.now())
        if lease is None:
            store.come_back(session, mailbox_id, task or Task.NEW_MAIL, clock.now() + BUSY_AGAIN)
            return End.BUSY
    meter = limiter.meter(mailbox_id, Urgency.NEW_MAIL) if limiter else Unmetered()
    try:
        drain = _start(db, clock, connect, lease, meter, task, progress)
        if topic is not None:
            keep_watch(db, clock, drain.gmail, mailbox_id, topic)
        end = drain.run()
    except LeaseLostError:
        log.info("drain_lost_lease", mailbox_id=mailbox_id)
        _release(db, lease)
        return End.BUSY
    except OutOfUnits as error:
        return _wait(db, clock, lease, meter, error)
    except (AuthRevoked, PermissionDenied) as error:
        return _stop(db, clock, lease, meter, error)
    except GmailError as error:
        return _fail(db, clock, lease, meter, error)
    except Exception:
        _release(db, lease)
        raise
    return _finish(db, clock, lease, meter, end)


def _start(
    db: Database,
    clock: Clock,
    connect: Connect,
    lease: Lease,
    meter: Meter,
    task: Task | None,
    progress: Progress | None,
) -> Drain:
    gmail = LimitedGmail(connect(lease.mailbox_id), meter)
    with db.read() as session:
        linker = linker_for(session, lease.workspace_id, clock)
        private_name = get_workspace(session, lease.workspace_id).private_label.casefold()
    labels = gmail.labels()
    private = frozenset(label.id for label in labels if label.name.casefold() == private_name)
    with db.read() as session:
        mailbox = get_mailbox(session, lease.workspace_id, lease.mailbox_id)
        admission = admission_of(session, mailbox, labels, linker.policy.is_ours)
    sync = MailboxSync(lease, linker, clock, private, admission)
    return Drain(db, clock, gmail, meter, sync, progress or (lambda _settled: None), task, MOVES)


def _finish(db: Database, clock: Clock, lease: Lease, meter: Meter, end: End) -> End:
    """Note when each kind of work is due again."""
    now = clock.now()
    with db.write() as session:
        waiting = store.waiting_for(session, lease.mailbox_id, now)
        values = {
            "next_sync_at": new_mail_due(now, waiting),
            "next_import_at": waiting.import_at,
            "failures": 0,
            "last_error": "",
        }
        if is_hint_open(waiting):
            values["hint_looks"] = waiting.hint_looks + 1
        elif waiting.hinted_history_id is not None:
            values |= {"hinted_history_id": None, "hint_looks": 0}
        store.release(session, lease, **values, **({"last_success_at": now} if end is End.DONE else {}))
        note_drain(
            session, lease.workspace_id, lease.mailbox_id, now, is_done=end is End.DONE, units=meter.unbooked(session)
        )
    return end


def _wait(db: Database, clock: Clock, lease: Lease, meter: Meter, error: OutOfUnits) -> End:
    """The minute's units are used up: nothing failed. What waits for them is due when they are there.

    It is due a moment earlier, and the rest of the wait is spent in place, so that no part of the minute is lost.
    """
    now = clock.now()
    again = now + timedelta(seconds=max((error.retry_after_s or 0.0) - PATIENCE_S / 2, 0.0))
    with db.write() as session:
        waiting = store.waiting_for(session, lease.mailbox_id, now)
        is_import = meter.urgency is Urgency.IMPORT
        store.release(
            session,
            lease,
            next_sync_at=new_mail_due(now, waiting) if is_import else again,
            next_import_at=max(again, waiting.import_at) if waiting.import_at else None,
            failures=0,
            last_error="",
        )
        note_drain(session, lease.workspace_id, lease.mailbox_id, now, units=meter.unbooked(session))
    log.debug("drain_waits_for_units", mailbox_id=lease.mailbox_id, is_import=is_import)
    return End.LATER


def _release(db: Database, lease: Lease) -> None:
    with db.write() as session:
        store.release(session, lease)


def _fail(db: Database, clock: Clock, lease: Lease, meter: Meter, error: GmailError) -> End:
    now = clock.now()
    with db.write() as session:
        failures = store.failures_of(session, lease.mailbox_id) + 1
        asked = error.retry_after_s if isinstance(error, RateLimited) else None
        wait = timedelta(seconds=asked if asked is not None else pause_s(failures))
        said = f"{type(error).__name__}: {error.detail}"[:500]
        import_at = store.waiting_for(session, lease.mailbox_id, now).import_at
        import_again = max(now + wait, import_at) if import_at else None
        store.release(
            session, lease, failures=failures, last_error=said, next_sync_at=now + wait, next_import_at=import_again
        )
        note_drain(session, lease.workspace_id, lease.mailbox_id, now, is_failed=True, units=meter.unbooked(session))
    log.warning("drain_failed", mailbox_id=lease.mailbox_id, error=type(error).__name__, failures=failures)
    return End.LATER


def _stop(db: Database, clock: Clock, lease: Lease, meter: Meter, error: GmailError) -> End:
    """The mailbox needs a person: nothing is asked of Gmail until it was reconnected."""
    with db.write() as session:
        mailbox = get_mailbox(session, lease.workspace_id, lease.mailbox_id)
        mailboxes.ask_to_reconnect(session, clock, mailbox, error.detail)
        store.release(session, lease, last_error=f"{type(error).__name__}: {error.detail}"[:500])
        note_drain(
            session, lease.workspace_id, lease.mailbox_id, clock.now(), is_failed=True, units=meter.unbooked(session)
        )
    log.warning("drain_stopped", mailbox_id=lease.mailbox_id, error=type(error).__name__)
    return End.STOPPED
