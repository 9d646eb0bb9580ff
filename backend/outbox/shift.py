"""What a worker has at hand while it sends from one mailbox, and does at every turn. All is written under the lease."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

import structlog
from sqlalchemy.orm import Session

from backend.accounts.languages import gettext_of
from backend.db import Database
from backend.gmail.errors import GmailError, NotFound
from backend.gmail.gateway import Gmail
from backend.kit.clock import Clock
from backend.outbox import mail_store, rules, service, store
from backend.outbox.shapes import Hold, Lease, Sender, Sending, Skip, Spent, State, Verdict
from backend.outbox.source import Sources
from backend.outbox.tokens import UnsubscribeLinks
from backend.outbox.traces import SentMail

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Desk:
    """What a round is handed: `refresh` syncs a mailbox, `connect` opens its gateway, `sources` stand behind orders."""

    db: Database
    clock: Clock
    connect: Callable[[int], Gmail]
    refresh: Callable[[int], object]
    sources: Sources
    links: UnsubscribeLinks


@dataclass
class Shift:
    """One worker's turn at one mailbox; no order is begun before `begins_at`, however many wait."""

    desk: Desk
    lease: Lease
    begins_at: datetime
    _has_sent: bool = field(default=False, init=False)
    _spent: Spent | None = field(default=None, init=False)

    @cached_property
    def gmail(self) -> Gmail:
        """The way into the mailbox."""
        return self.desk.connect(self.lease.mailbox_id)

    @property
    def now(self) -> datetime:
        """The present moment."""
        return self.desk.clock.now()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that counts only if the lease still holds at its end. Raises `LeaseLostError`."""
        with self.desk.db.write() as session:
            yield session
            store.hold(session, self.lease, self.now)

    def require_lease(self) -> None:
        """Make sure that nobody else sends from here meanwhile. Raises `LeaseLostError`."""
        with self.writing():
            pass

    def drafts_wanted(self, session: Session, first: Sending, most: int) -> int:
        """How many drafts are to be laid down now, up to `most`; where it is too early for the `first`, note when."""
        sender = store.sender_of(session, self.lease.mailbox_id)
        self.begins_at = rules.begins_at(sender, first.token, self.now)
        return rules.near_slots(sender, self.now, most) if self.begins_at <= self.now else 0

    def judge(self, session: Session, sender: Sender, sendings: Sequence[Sending], now: datetime) -> dict[int, Verdict]:
        """Whether these orders may go now, by id."""
        if self._spent is None:  # counted once, since under the lease nobody else sends from here
            self._spent = mail_store.spent_today(session, sender, now)
        return service.judge(session, self.desk.sources, sender, sendings, self._spent, now)

    def heed(self, session: Session, sending: Sending, verdict: Verdict) -> None:
        """Note why an order does not go now, or never."""
        now = self.now
        if isinstance(verdict, Skip):
            service.end_skipped(session, self.desk.sources, sending, verdict, now)
        elif isinstance(verdict, Hold) and verdict.is_for_all and sending.state is State.CLAIMED:
            self.begins_at = max(verdict.until, now + timedelta(seconds=1))
        elif isinstance(verdict, Hold):
            until = max(min(verdict.until, sending.expires_at), now + timedelta(seconds=1))
            why = {"reason": verdict.reason, "evidence": verdict.evidence[:500]}
            store.write(session, sending.id, sending.state, due_at=until, **why)

    def book(self, sending: Sending, mail: SentMail, why: str) -> None:
        """Note that a mail left."""
        with self.writing() as session:
            service.book_sent(session, self.desk.sources, sending, mail, self.now, why)
            if not self._has_sent:
                store.begin_ramp(session, sending.mailbox_id, mail.at)
        self._has_sent = True
        self._spent = rules.with_one_more(self._spent, sending.domain, mail.at) if self._spent else None
        log.info("mail_sent", sending_id=sending.id, mailbox_id=sending.mailbox_id, why=why)

    def discard(self, draft_id: str) -> bool:
        """Delete a draft; False where it was gone."""
        try:
            self.gmail.delete_draft(draft_id)
        except NotFound:
            return False
        return True

    def give_up(self, sending: Sending, skip: Skip) -> None:
        """End an order that cannot be sent, and ask the rep to write by hand; one that left is left alone."""
        with self.writing() as session:
            if store.find(session, sending.id).state not in State.unsent():
                return
            user_id = store.sender_of(session, sending.mailbox_id).user_id
            _ = gettext_of(session, user_id)
            text = _("The mail to %(email)s was not sent; look why, and write by hand.", email=sending.email)
            service.add_task(session, self.desk.clock, sending, user_id, text)
            service.end_skipped(session, self.desk.sources, sending, skip, self.now)

    def postpone(self, sending: Sending, error: GmailError | None) -> None:
        """Try an order again with growing pauses; one that never works ends, unless its send is in doubt."""
        attempts = sending.attempts + 1
        with self.writing() as session:
            present = store.find(session, sending.id)
            why = {"reason": "trouble", "evidence": error.detail[:500] if error else "crashed"}
            due_at = self.now + timedelta(seconds=rules.pause_s(attempts))
            if present.state in State.open():
                store.write(session, sending.id, present.state, attempts=attempts, due_at=due_at, **why)
        if error is None and attempts >= rules.MOST_ATTEMPTS and present.state is not State.SENDING:
            self.give_up(present, Skip("failed", f"{attempts} attempts"))

    def pause(self, reason: str) -> None:
        """Let nothing leave the mailbox for a day."""
        with self.writing() as session:
            service.pause_sending(session, self.desk.clock, self.lease.mailbox_id, self.lease.workspace_id, reason)
