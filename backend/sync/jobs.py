"""Draining a mailbox: the door of sync, which calls Gmail between transactions and commits each move.

A drain may be killed anywhere: what it committed counts, the rest is done again. It gives the mailbox free after
`MOVES` moves, so that a large import leaves others their turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy.exc import IntegrityError

from backend.accounts import mailboxes
from backend.accounts.store import get_mailbox, get_workspace
from backend.db import Database
from backend.gmail.errors import AuthRevoked, GmailError, HistoryExpired, PermissionDenied, RateLimited, Rejected
from backend.gmail.gateway import Gmail
from backend.gmail.shapes import Format, GmailMessage
from backend.kit.clock import Clock
from backend.linking.service import linker_for
from backend.mail.addresses import key_of
from backend.sync import store
from backend.sync.audit import audit_if_due
from backend.sync.ledger.service import note_drain
from backend.sync.rules import BATCH, pause_s
from backend.sync.service import MailboxSync
from backend.sync.shapes import Cursor, End, Lease, QueueItem
from backend.sync.store import LeaseLostError

log = structlog.get_logger(__name__)

MOVES = 400
Connect = Callable[[int], Gmail]
Progress = Callable[[int], None]


def drain_mailbox(
    db: Database, clock: Clock, connect: Connect, mailbox_id: int, *, progress: Progress | None = None
) -> End:
    """Bring one mailbox up to date, or as far as one drain goes.

    `End.DONE`: nothing is left; `MORE`: call again; `BUSY`: somebody else drains it or it is not active; `LATER`: Gmail
    asked for a pause; `STOPPED`: it needs a person (reconnect, permission). Progress gets the number of ids settled.
    """
    with db.write() as session:
        lease = store.take_lease(session, mailbox_id, clock.now())
    if lease is None:
        return End.BUSY
    try:
        drain = _start(db, clock, connect(mailbox_id), lease, progress)
        end = drain.run()
    except LeaseLostError:
        log.info("drain_lost_lease", mailbox_id=mailbox_id)
        _release(db, lease)
        return End.BUSY
    except (AuthRevoked, PermissionDenied) as error:
        return _stop(db, clock, lease, error)
    except GmailError as error:
        return _fail(db, clock, lease, error)
    except Exception:
        _release(db, lease)
        raise
    return _finish(db, clock, lease, end)


def _start(db: Database, clock: Clock, gmail: Gmail, lease: Lease, progress: Progress | None) -> Drain:
    with db.read() as session:
        linker = linker_for(session, lease.workspace_id, clock)
        private_name = get_workspace(session, lease.workspace_id).private_label.casefold()
    private = frozenset(label.id for label in gmail.labels() if label.name.casefold() == private_name)
    return Drain(db, clock, gmail, MailboxSync(lease, linker, clock, private), progress or (lambda _settled: None))


@dataclass
class Drain:
    """One run for one mailbox under one lease."""

    db: Database
    clock: Clock
    gmail: Gmail
    sync: MailboxSync
    progress: Progress
    moves_left: int = field(default=MOVES)
    settled: int = 0

    def run(self) -> End:
        """Read all new history, then take turns between the listing and the queue until both are empty."""
        self._read_history()
        self._work()
        if self.moves_left > 0:  # nothing is left, so Gmail's list and ours must agree
            audit_if_due(self.db, self.clock, self.gmail, self.sync.lease, self._read_history, self._work)
        if self.settled:
            log.info("mailbox_drained", mailbox_id=self.sync.lease.mailbox_id, settled=self.settled)
        return End.DONE if self.moves_left > 0 else End.MORE

    def _work(self) -> None:
        while self.moves_left > 0:
            fetched = self._fetch_batch()
            listed = False if fetched else self._read_listing_page()
            if not fetched and not listed:
                break

    def _read_history(self) -> None:
        cursor = self._cursor()
        if cursor.history_id is None:
            self._begin_listing()
            return
        try:
            self._apply_history(cursor.history_id)
        except HistoryExpired:
            log.info("history_expired", mailbox_id=self.sync.lease.mailbox_id)
            self._begin_listing()

    def _apply_history(self, start: str) -> None:
        """Apply every page from `start`; the start stays the same for all pages of one reading."""
        token: str | None = None
        newest = 0
        while True:
            page = self.gmail.history(start, token)
            ids = [e.record_id for e in page.events]
            is_out_of_order = bool(ids) and min(ids) < newest
            newest = max([newest, *ids])
            with self.db.write() as session:
                self.sync.take_history(session, page, is_out_of_order=is_out_of_order)
            token = page.next_page_token
            if token is None:
                return

    def _begin_listing(self) -> None:
        profile = self.gmail.profile()
        aliases = [key_of(s.address) for s in self.gmail.send_as() if s.is_verified]
        with self.db.write() as session:
            lease = self.sync.lease
            mailboxes.set_aliases(session, get_mailbox(session, lease.workspace_id, lease.mailbox_id), aliases)
            self.sync.begin_listing(session, profile)
        with self.db.read() as session:
            linker = linker_for(session, self.sync.lease.workspace_id, self.clock)
        self.sync = MailboxSync(self.sync.lease, linker, self.clock, self.sync.private_label_ids)

    def _read_listing_page(self) -> bool:
        """Read one page where a listing is under way. Gmail forgets page tokens: the listing then starts over."""
        cursor = self._cursor()
        if not cursor.is_listing:
            return False
        self.moves_left -= 1
        try:
            page = self.gmail.list_messages(page_token=cursor.page_token)
        except Rejected:
            if cursor.page_token is None:
                raise
            with self.db.write() as session:
                store.hold(session, self.sync.lease, self.clock.now(), page_token=None)
            return True
        with self.db.write() as session:
            self.sync.take_listed(session, page)
        return True

    def _fetch_batch(self) -> bool:
        with self.db.read() as session:
            items = store.next_items(session, self.sync.lease.mailbox_id, self.clock.now(), BATCH)
        if not items:
            return False
        self.moves_left -= 1
        messages, errors = self._get(items)
        read = self.sync.read(items, messages, errors)
        try:
            with self.db.write() as session:
                self.sync.keep(session, read)
        except IntegrityError:  # another mailbox stored the same mail a moment ago: now it is there to be joined
            with self.db.write() as session:
                self.sync.keep(session, read)
        self.settled += len(items) - len(read.failed)
        self.progress(len(items) - len(read.failed))
        self._heed(list(errors.values()))
        return True

    def _get(self, items: list[QueueItem]) -> tuple[list[GmailMessage], dict[str, GmailError]]:
        """Fetch new mail in full and stored mail's labels only; errors by id."""
        messages: list[GmailMessage] = []
        errors: dict[str, GmailError] = {}
        for is_stored, form in ((False, Format.FULL), (True, Format.MINIMAL)):
            ids = [i.gmail_id for i in items if i.is_stored is is_stored]
            if ids:
                fetched = self.gmail.get_messages(ids, form)
                messages += fetched.messages.values()
                errors |= {i: e for i, e in fetched.errors.items() if isinstance(e, GmailError)}
        return messages, errors

    def _heed(self, errors: list[GmailError]) -> None:
        """What single ids ran into may concern the whole mailbox."""
        for kind in (AuthRevoked, PermissionDenied, RateLimited):
            for error in errors:
                if isinstance(error, kind):
                    raise error

    def _cursor(self) -> Cursor:
        with self.db.read() as session:
            return store.cursor_of(session, self.sync.lease.mailbox_id)


def _finish(db: Database, clock: Clock, lease: Lease, end: End) -> End:
    now = clock.now()
    with db.write() as session:
        waiting = store.next_attempt_at(session, lease.mailbox_id)
        soonest = now if end is End.MORE else min(filter(None, [waiting, now + store.DUE_EVERY]))
        values = {"next_sync_at": max(soonest, now), "failures": 0, "last_error": ""}
        store.release(session, lease, **values, **({"last_success_at": now} if end is End.DONE else {}))
        note_drain(session, lease.workspace_id, lease.mailbox_id, now, is_done=end is End.DONE)
    return end


def _release(db: Database, lease: Lease) -> None:
    with db.write() as session:
        store.release(session, lease)


def _fail(db: Database, clock: Clock, lease: Lease, error: GmailError) -> End:
    now = clock.now()
    with db.write() as session:
        failures = store.failures_of(session, lease.mailbox_id) + 1
        asked = error.retry_after_s if isinstance(error, RateLimited) else None
        wait = timedelta(seconds=asked if asked is not None else pause_s(failures))
        said = f"{type(error).__name__}: {error.detail}"[:500]
        store.release(session, lease, failures=failures, last_error=said, next_sync_at=now + wait)
        note_drain(session, lease.workspace_id, lease.mailbox_id, now, is_failed=True)
    log.warning("drain_failed", mailbox_id=lease.mailbox_id, error=type(error).__name__, failures=failures)
    return End.LATER


def _stop(db: Database, clock: Clock, lease: Lease, error: GmailError) -> End:
    """The mailbox needs a person: nothing is asked of Gmail until it was reconnected."""
    with db.write() as session:
        mailbox = get_mailbox(session, lease.workspace_id, lease.mailbox_id)
        mailboxes.ask_to_reconnect(session, clock, mailbox, error.detail)
        store.release(session, lease, last_error=f"{type(error).__name__}: {error.detail}"[:500])
        note_drain(session, lease.workspace_id, lease.mailbox_id, clock.now(), is_failed=True)
    log.warning("drain_stopped", mailbox_id=lease.mailbox_id, error=type(error).__name__)
    return End.STOPPED
