"""One drain: the moves of `service` with the calls to Gmail between them, each move committed by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice

import structlog
from sqlalchemy.exc import IntegrityError

from backend.accounts import mailboxes
from backend.accounts.store import get_mailbox
from backend.db import Database
from backend.gmail.errors import (
    AuthRevoked,
    GmailError,
    HistoryExpired,
    NotFound,
    PermissionDenied,
    RateLimited,
    Rejected,
)
from backend.gmail.gateway import Gmail
from backend.gmail.shapes import Fetched, Format, GmailMessage, MessagePage
from backend.kit.clock import Clock
from backend.linking.service import linker_for
from backend.mail.addresses import key_of
from backend.records.store.lookup import correspondents
from backend.sync import store
from backend.sync.audit import audit_if_due
from backend.sync.buckets import Urgency
from backend.sync.limiter import Meter
from backend.sync.plan import GET, Bite, affordable, cost, most_urgent, plan_bites
from backend.sync.rules import FIRST_OF_IMPORT, relevant_queries
from backend.sync.service import MailboxSync
from backend.sync.settling import settle
from backend.sync.shapes import Cursor, End, Task
from backend.sync.undoing import undo_if_asked

log = structlog.get_logger(__name__)

Progress = Callable[[int], None]

# How far mail that matters is looked for before the listing of all: names in its queries, and pages of each query.
MOST_KNOWN, MOST_PAGES = 200, 4
# One turn of an import beside others: some fifty messages, a few seconds. Then the next mailbox has its turn.
TURN_UNITS = 1_000
# The listing of a huge mailbox costs more than a minute's units, and is of no use by half.
AUDIT_PATIENCE_S = 70.0


@dataclass
class Drain:
    """One run for one mailbox under one lease. `task` None: whatever there is to do."""

    db: Database
    clock: Clock
    gmail: Gmail
    meter: Meter
    sync: MailboxSync
    progress: Progress
    task: Task | None
    moves_left: int
    settled: int = field(default=0, init=False)

    def run(self) -> End:
        """Follow changed rules, read all new history, then work off the queue and the listing until both are empty."""
        if undo_if_asked(self.db, self.clock, self.sync.lease):
            return End.DONE
        settle(self.db, self.sync)
        self._read_history()
        self._work()
        if self._has_time and self.task is not Task.NEW_MAIL:  # nothing is left, so Gmail's list and ours must agree
            self.meter.patience_s = AUDIT_PATIENCE_S
            audit_if_due(
                self.db, self.clock, self.gmail, self.sync.lease, read_history=self._read_history, work=self._work
            )  # fmt: skip
        if self.settled:
            log.info("mailbox_drained", mailbox_id=self.sync.lease.mailbox_id, settled=self.settled)
        return End.DONE if self._has_time else End.MORE

    def _work(self) -> None:
        while self._has_time and self._move():
            self.moves_left -= 1

    @property
    def _has_time(self) -> bool:
        is_over = self.task is Task.IMPORT and self.meter.spent >= TURN_UNITS
        return self.moves_left > 0 and not is_over

    def _move(self) -> bool:
        if self._fetch_batch():
            return True
        return self.task is not Task.NEW_MAIL and self._read_listing_page()

    # New mail

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

    # The import

    def _begin_listing(self) -> None:
        profile = self.gmail.profile()
        aliases = [key_of(s.address) for s in self.gmail.send_as() if s.is_verified]
        with self.db.write() as session:
            lease = self.sync.lease
            mailboxes.set_aliases(session, get_mailbox(session, lease.workspace_id, lease.mailbox_id), aliases)
            self.sync.begin_listing(session, profile)
        with self.db.read() as session:
            linker = linker_for(session, self.sync.lease.workspace_id, self.clock)
        self.sync = replace(self.sync, linker=linker)
        self._look_for_relevant()

    def _look_for_relevant(self) -> None:
        """Queue recent mail and mail with known people before the rest: a page of 500 ids costs as much as ¼ message.

        Being killed in the middle costs the order only: the listing of all finds each of them.
        """
        with self.db.read() as session:
            known = correspondents(session, self.sync.lease.workspace_id, MOST_KNOWN)
        rules = self.sync.admission.query or ""
        for query in relevant_queries(known):
            for page in islice(self._pages(f"{query} {rules}".strip()), MOST_PAGES):
                with self.db.write() as session:
                    self.sync.take_relevant(session, page)

    def _pages(self, query: str) -> Iterable[MessagePage]:
        page = self.gmail.list_messages(query=query)
        yield page
        while page.next_page_token is not None:
            page = self.gmail.list_messages(query=query, page_token=page.next_page_token)
            yield page

    def _read_listing_page(self) -> bool:
        """Read one page where a listing is under way. Gmail forgets page tokens: the listing then starts over."""
        cursor = self._cursor()
        if not cursor.is_listing:
            return False
        self.meter.urgency = Urgency.IMPORT
        try:
            page = self.gmail.list_messages(query=self.sync.admission.query, page_token=cursor.page_token)
        except Rejected:
            if cursor.page_token is None:
                raise
            with self.db.write() as session:
                store.hold(session, self.sync.lease, self.clock.now(), page_token=None)
            return True
        with self.db.write() as session:
            self.sync.take_listed(session, page)
        return True

    # The queue

    def _fetch_batch(self) -> bool:
        bites = self._next_bites()
        if not bites:
            return False
        items = [item for bite in bites for item in bite.items]
        messages, errors = self._get(bites)
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

    def _next_bites(self) -> list[Bite]:
        """What the next batch gets, paid for. Raises `OutOfUnits` where the quota gives nothing."""
        before = FIRST_OF_IMPORT if self.task is Task.NEW_MAIL else None
        mailbox_id, now = self.sync.lease.mailbox_id, self.clock.now()
        with self.db.read() as session:
            found = store.next_items(session, mailbox_id, now, self.meter.batch(), before=before)
            items, self.meter.urgency = most_urgent(found)
            mates = store.thread_mates(session, mailbox_id, now, items)
        bites = plan_bites(items, mates)
        return list(affordable(bites, self.meter.prepay(cost(bites), GET))) if bites else []

    def _get(self, bites: Sequence[Bite]) -> tuple[list[GmailMessage], dict[str, GmailError]]:
        """Fetch new mail in full and stored mail's labels only; errors by message id."""
        messages: dict[str, GmailMessage] = {}
        errors: dict[str, GmailError] = {}
        for form, several in groupby(sorted(bites, key=lambda b: b.form), key=lambda b: b.form):
            chosen = list(several)
            threads = [b for b in chosen if b.is_thread]
            missed = self._get_threads(threads, form, messages, errors)
            singles = [b.items[0].gmail_id for b in chosen if not b.is_thread]
            self._get_singles([*singles, *missed], form, messages, errors)
        return list(messages.values()), errors

    def _get_threads(
        self,
        threads: Sequence[Bite],
        form: Format,
        messages: dict[str, GmailMessage],
        errors: dict[str, GmailError],
    ) -> list[str]:
        """Get threads; returns the ids that theirs does not hold (any more), to be asked for by themselves."""
        if not threads:
            return []
        fetched = self.gmail.get_threads([b.thread_id for b in threads], form)
        missed: list[str] = []
        for bite in threads:
            error = fetched.errors.get(bite.thread_id)
            for item in bite.items:
                if found := fetched.messages.get(item.gmail_id):
                    messages[item.gmail_id] = found
                elif isinstance(error, GmailError) and not isinstance(error, NotFound):
                    errors[item.gmail_id] = error
                else:
                    missed.append(item.gmail_id)
        return missed

    def _get_singles(
        self, ids: Sequence[str], form: Format, messages: dict[str, GmailMessage], errors: dict[str, GmailError]
    ) -> None:
        fetched = self.gmail.get_messages(ids, form) if ids else Fetched()
        messages.update(fetched.messages)
        errors.update({i: e for i, e in fetched.errors.items() if isinstance(e, GmailError)})

    def _heed(self, errors: list[GmailError]) -> None:
        """What single ids ran into may concern the whole mailbox."""
        for kind in (AuthRevoked, PermissionDenied, RateLimited):
            for error in errors:
                if isinstance(error, kind):
                    raise error

    def _cursor(self) -> Cursor:
        with self.db.read() as session:
            return store.cursor_of(session, self.sync.lease.mailbox_id)
