"""One round of sending from one mailbox: what is done for an order in each of its states.

An order's way: checked and written → draft laid down → (its moment comes) mailbox synced, checked again → `sending`
committed → `drafts.send`, once → booked → read back. A round may be killed anywhere; the next one finds in the books
and in the mailbox itself how far it came. Writes are fenced: of two workers only the newest may book.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from backend.db import Database
from backend.gmail.errors import (
    AuthRevoked,
    GmailError,
    NotFound,
    PermissionDenied,
    RateLimited,
    Rejected,
    SendingRefused,
)
from backend.gmail.gateway import Gmail
from backend.gmail.shapes import Draft, Format, MessageRef
from backend.kit.clock import Clock
from backend.outbox import letters, rules, service, store
from backend.outbox.reports import Report, act_on, read_report
from backend.outbox.shapes import End, Go, Hold, Lease, Letter, Sender, Sending, Skip, Spent, State, Verdict
from backend.outbox.source import Sources, UnfitError
from backend.outbox.store import LeaseLostError
from backend.outbox.tokens import UnsubscribeLinks
from backend.outbox.traces import SentMail, find_draft, find_sent, look_around, read_sent

log = structlog.get_logger(__name__)

TURN = 50  # orders in one round, so that a mailbox with ten thousand leaves others their turn
FRESH = timedelta(seconds=30)
NOT_FRESH_AGAIN = timedelta(seconds=20)
_REPORTS = 50


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
class Round:
    """One round of one mailbox under one lease; no order is begun before `begins_at`, however many wait."""

    desk: Desk
    lease: Lease
    gmail: Gmail
    begins_at: datetime
    _spent: Spent | None = field(default=None, init=False)

    def run(self) -> End:
        """Work on one due order after the other."""
        for _ in range(TURN):
            sending = self._next()
            if sending is None:
                return End.DONE
            self._work(sending)
        return End.MORE

    def _next(self) -> Sending | None:
        """What to do next; the lease is looked at where something is written."""
        with self.desk.db.read() as session:
            now = self.desk.clock.now()
            begun = store.next_begun(session, self.lease.mailbox_id, now)
            if begun is not None or self.begins_at > now:
                return begun
            return store.next_claimed(session, self.lease.mailbox_id, now)

    def _work(self, sending: Sending) -> None:
        """Take an order one step further; what goes wrong with it alone does not keep the others waiting."""
        try:
            self._steps[sending.state](self, sending)
        except Rejected as error:
            self._give_up(sending, Skip("refused", error.detail))
        except (LeaseLostError, AuthRevoked, PermissionDenied):
            raise
        except SendingRefused as error:
            self._pause(sending, f"Gmail sends no more for this mailbox today ({error.detail}).")
        except GmailError as error:
            self._later(sending, error)
            if isinstance(error, RateLimited):
                raise
        except Exception:  # a job's last line of defence: one poisoned order must not stop the mailbox
            log.exception("order_crashed", sending_id=sending.id)
            self._later(sending, None)

    # CLAIMED: check, write, lay the draft down

    def _draft(self, sending: Sending) -> None:
        self._read_back_earlier(sending)
        written = self._write_letter(sending)
        if written is None:
            return
        sent, strays = look_around(self.gmail, sending, self._booked)
        for draft_id in strays:
            self._discard(draft_id)
        if sent is not None:
            self._book(sending, sent, "found_sent")
        else:
            self._lay_down(sending, *written)

    def _write_letter(self, sending: Sending) -> tuple[bytes, Letter] | None:
        """Check, and write the mail for its moment; None where it does not go now."""
        source = self.desk.sources[sending.source]
        with self.desk.db.write() as session:
            now = self.desk.clock.now()
            sender = store.sender_of(session, self.lease.mailbox_id)
            verdict = service.judge(session, source, sender, sending, self._spent_by(session, sender), now)
            slot = rules.slot(sender, sending.token, now)
            if isinstance(verdict, Go):
                verdict = rules.is_near(slot, sender.pace, now)
            if isinstance(verdict, Go):
                try:
                    letter = source.compose(session, sending, now)
                    url = self.desk.links.url(sending.workspace_id, sending.address_key)
                    raw = letters.build(letter, sending, sender, url)
                except UnfitError as error:
                    verdict = Skip(error.reason, error.evidence)
                else:
                    store.write(session, sending.id, State.CLAIMED, due_at=slot, attempts=sending.attempts + 1)
                    store.hold(session, self.lease, now, last_slot_at=slot)
                    return raw, letter
            self._heed(session, sending, verdict)
            store.hold(session, self.lease, now)
        return None

    def _lay_down(self, sending: Sending, raw: bytes, letter: Letter) -> None:
        draft = self._create(raw, letter)
        try:
            with self.desk.db.write() as session:
                store.hold(session, self.lease, self.desk.clock.now())
                values = {"draft_id": draft.id, "thread_id": draft.message.thread_id, "reason": "", "attempts": 0}
                store.write(session, sending.id, State.DRAFTED, **values)
        except LeaseLostError:
            self._discard(draft.id)  # whoever has the lease lays down their own
            raise

    def _create(self, raw: bytes, letter: Letter) -> Draft:
        if letter.anchor is None:
            return self.gmail.create_draft(raw)
        try:
            return self.gmail.create_draft(raw, thread_id=letter.anchor.thread_id)
        except NotFound:  # the rep deleted the thread here; the recipient still has it, and the headers lead there
            return self.gmail.create_draft(raw)

    # DRAFTED: sync, check again, send

    def _send(self, sending: Sending) -> None:
        self._make_fresh()
        verdict = self._commit_to_send(sending)
        if isinstance(verdict, Skip):
            self._take_back(sending, verdict)
        if not isinstance(verdict, Go):
            return
        try:
            ref = self.gmail.send_draft(sending.draft_id)
        except (NotFound, RateLimited, SendingRefused, AuthRevoked, PermissionDenied, Rejected) as error:
            self._not_sent(sending)  # Gmail answered: it did not send
            if not isinstance(error, NotFound):
                raise
            self._recover(sending)  # the rep sent or deleted it, or this database was restored from a backup
            return
        self._book_fresh(sending, ref)

    def _make_fresh(self) -> None:
        with self.desk.db.read() as session:
            is_fresh = store.is_fresh(session, self.lease.mailbox_id, self.desk.clock.now() - FRESH)
        if not is_fresh:
            self.desk.refresh(self.lease.mailbox_id)
        self._read_reports()

    def _commit_to_send(self, sending: Sending) -> Verdict:
        with self.desk.db.write() as session:
            now = self.desk.clock.now()
            sender = store.sender_of(session, self.lease.mailbox_id)
            verdict: Verdict = Hold(now + NOT_FRESH_AGAIN, "not_fresh")
            if store.is_fresh(session, self.lease.mailbox_id, now - FRESH):
                source, spent = self.desk.sources[sending.source], self._spent_by(session, sender)
                verdict = service.judge(session, source, sender, sending, spent, now)
            if isinstance(verdict, Go):
                store.write(session, sending.id, State.SENDING, due_at=now + store.LEASE, reason="")
            elif isinstance(verdict, Hold):
                self._heed(session, sending, verdict)
            store.hold(session, self.lease, now)
            return verdict

    def _book_fresh(self, sending: Sending, ref: MessageRef) -> None:
        now = self.desk.clock.now()
        self._book(sending, SentMail(ref.id, ref.thread_id, "", "", (), now), "")
        self._read_back(sending.id, ref.id)

    def _not_sent(self, sending: Sending) -> None:
        with self.desk.db.write() as session:
            store.hold(session, self.lease, self.desk.clock.now())
            store.write(session, sending.id, State.DRAFTED)

    def _take_back(self, sending: Sending, skip: Skip) -> None:
        """Delete the draft of an order that is not to leave, unless the rep sent it by hand meanwhile."""
        if not self._discard(sending.draft_id) and (sent := find_sent(self.gmail, sending)) is not None:
            self._book(sending, sent, "by_hand")
            return
        with self.desk.db.write() as session:
            service.end_skipped(session, self.desk.sources, sending, skip, self.desk.clock.now())
            store.hold(session, self.lease, self.desk.clock.now())

    # SENDING, or a draft that is gone: the mailbox tells

    def _recover(self, sending: Sending) -> None:
        has_draft = find_draft(self.gmail, sending)
        sent = find_sent(self.gmail, sending)
        state = rules.after_doubt(sending.state, has_draft=has_draft, has_sent_mail=sent is not None)
        if sent is not None:
            self._book(sending, sent, "found_sent")
            return
        with self.desk.db.write() as session:
            if state is State.UNKNOWN:
                user_id = store.sender_of(session, sending.mailbox_id).user_id
                service.end_unknown(session, self.desk.clock, self.desk.sources, sending, user_id)
            elif state is State.VETOED:
                service.end_vetoed(session, self.desk.sources, sending, self.desk.clock.now())
            else:
                store.write(session, sending.id, State.DRAFTED, due_at=self.desk.clock.now())
            store.hold(session, self.lease, self.desk.clock.now())

    _steps = {State.CLAIMED: _draft, State.DRAFTED: _send, State.SENDING: _recover}  # noqa: RUF012 - never changed

    # What all of them need

    def _heed(self, session: Session, sending: Sending, verdict: Verdict) -> None:
        now = self.desk.clock.now()
        if isinstance(verdict, Skip):
            service.end_skipped(session, self.desk.sources, sending, verdict, now)
        elif isinstance(verdict, Hold) and verdict.is_for_all and sending.state is State.CLAIMED:
            self.begins_at = max(verdict.until, now + timedelta(seconds=1))
        elif isinstance(verdict, Hold):
            values = {"reason": verdict.reason, "evidence": verdict.evidence[:500]}
            until = max(min(verdict.until, sending.expires_at), now + timedelta(seconds=1))
            store.write(session, sending.id, sending.state, due_at=until, **values)

    def _book(self, sending: Sending, mail: SentMail, why: str) -> None:
        with self.desk.db.write() as session:
            now = self.desk.clock.now()
            service.book_sent(session, self.desk.sources, sending, mail, now, why)
            store.hold(session, self.lease, now)
        self._spent = rules.with_one_more(self._spent, sending.domain, mail.at) if self._spent else None
        log.info("mail_sent", sending_id=sending.id, mailbox_id=sending.mailbox_id, why=why)

    def _read_back(self, sending_id: int, gmail_id: str) -> None:
        """Note the Message-ID and subject that Gmail gave; where that fails, the next mail in the thread asks again."""
        mail = read_sent(self.gmail.get_message(gmail_id, Format.METADATA))
        with self.desk.db.write() as session:
            store.hold(session, self.lease, self.desk.clock.now())
            store.write(session, sending_id, State.SENT, **service.read_back(mail))

    def _read_back_earlier(self, sending: Sending) -> None:
        with self.desk.db.read() as session:
            unread = store.not_read_back(session, sending.source, sending.source_id)
        for earlier in unread:
            with suppress(NotFound):  # the rep deleted it since; the thread goes on without
                self._read_back(earlier.id, earlier.gmail_id)

    def _spent_by(self, session: Session, sender: Sender) -> Spent:
        """What left in the last 24 hours: counted once a round, since under the lease nobody else sends from here."""
        if self._spent is None:
            self._spent = store.spent_today(session, sender, self.desk.clock.now())
        return self._spent

    def _booked(self, gmail_ids: Collection[str]) -> set[str]:
        with self.desk.db.read() as session:
            return store.known_gmail_ids(session, self.lease.mailbox_id, gmail_ids)

    def _discard(self, draft_id: str) -> bool:
        """Delete a draft; False where it was gone."""
        try:
            self.gmail.delete_draft(draft_id)
        except NotFound:
            return False
        return True

    def _give_up(self, sending: Sending, skip: Skip) -> None:
        with self.desk.db.write() as session:
            user_id = store.sender_of(session, sending.mailbox_id).user_id
            text = f"The mail to {sending.email} was not sent ({skip.reason}); look at it and write by hand."
            service.add_task(session, self.desk.clock, sending, user_id, text)
            service.end_skipped(session, self.desk.sources, sending, skip, self.desk.clock.now())
            store.hold(session, self.lease, self.desk.clock.now())

    def _later(self, sending: Sending, error: GmailError | None) -> None:
        """Try an order again with growing pauses; one that never works ends, unless its send is in doubt."""
        attempts = sending.attempts + 1
        with self.desk.db.write() as session:
            now = self.desk.clock.now()
            store.hold(session, self.lease, now)
            present = store.find(session, sending.id)
            why = {"reason": "trouble", "evidence": error.detail[:500] if error else "crashed"}
            due_at = now + timedelta(seconds=rules.pause_s(attempts))
            if present.state in State.open():
                store.write(session, sending.id, present.state, attempts=attempts, due_at=due_at, **why)
        if error is None and attempts >= rules.MOST_ATTEMPTS and present.state is not State.SENDING:
            self._give_up(present, Skip("failed", f"{attempts} attempts"))

    def _pause(self, sending: Sending, reason: str) -> None:
        with self.desk.db.write() as session:
            store.hold(session, self.lease, self.desk.clock.now())
            service.pause_sending(session, self.desk.clock, sending.mailbox_id, sending.workspace_id, reason)

    def _read_reports(self) -> None:
        """Heed the delivery reports that sync brought since the last send."""
        with self.desk.db.read() as session:
            found, last_id = store.new_reports(session, self.lease.mailbox_id, _REPORTS)
        if last_id is None:
            return
        reports: list[Report] = []
        for gmail_id, thread_id in found:
            with suppress(NotFound):  # deleted since it was synced: nothing can be read from it any more
                reports.append(read_report(self.gmail.get_message(gmail_id, Format.FULL), thread_id))
        with self.desk.db.write() as session:
            store.hold(session, self.lease, self.desk.clock.now(), reports_read_id=last_id)
            for report in reports:
                act_on(session, self.desk.clock, self.lease, report)
