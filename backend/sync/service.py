"""The moves of a drain, each inside one transaction that its caller opens. Nothing here calls Gmail or commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from backend.db import serialise
from backend.gmail.errors import GmailError
from backend.gmail.shapes import Change, GmailMessage, HistoryEvent, HistoryPage, MessagePage, Profile
from backend.kit.clock import Clock
from backend.linking.service import Linker
from backend.mail import store as mail
from backend.mail.normalise import normalise
from backend.mail.store import Incoming, MailboxFacts
from backend.sync import store
from backend.sync.admission import Admission, skip_of
from backend.sync.ledger.rules import next_audit
from backend.sync.ledger.service import booked
from backend.sync.removal import remove_copies
from backend.sync.rules import (
    DOUBT,
    KNOWN,
    LISTED,
    NEW_MAIL,
    REFRESH,
    REFUTED_BY_LISTING,
    final_reason,
    is_newer,
    skip_reason,
    wait_s,
)
from backend.sync.shapes import Lease, QueueItem, SkipReason
from backend.sync.withdrawal import labels_of, withdraw

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Read:
    """What a batch of gets came to: mail to store, labels to overwrite, ids to skip, ids to try again."""

    incoming: tuple[Incoming, ...]
    labels: dict[str, tuple[str, ...]]
    skipped: dict[tuple[str, str], tuple[SkipReason, str]]
    failed: tuple[tuple[QueueItem, GmailError], ...]

    @property
    def ids(self) -> set[str]:
        """Whatever the batch is about."""
        settled = {item.gmail.id for item in self.incoming} | self.labels.keys() | {i for i, _ in self.skipped}
        return settled | {item.gmail_id for item, _ in self.failed}


@dataclass(frozen=True, slots=True)
class MailboxSync:
    """The moves for one mailbox under one lease."""

    lease: Lease
    linker: Linker
    clock: Clock
    private_label_ids: frozenset[str] = frozenset()
    admission: Admission = field(default_factory=Admission)

    def begin_listing(self, session: Session, profile: Profile) -> None:
        """Pin the cursor before the first page: what changes from here on stands in history."""
        listing = store.cursor_of(session, self.lease.mailbox_id).listing + 1
        values = {"history_id": profile.history_id, "is_listing": True, "listing": listing, "page_token": None}
        values["is_widening"] = False
        first_audit = next_audit(self.lease.mailbox_id, self.clock.now())
        self._hold(session, **values, estimate=profile.messages_total, next_audit_at=first_audit)

    def take_listed(self, session: Session, page: MessagePage) -> None:
        """Queue what a page of the listing names and the store lacks; after the last page look into what it lacked.

        What was skipped as spam, for the bin or as gone, and is listed now, came back while nobody read history.
        """
        cursor = store.cursor_of(session, self.lease.mailbox_id)
        ids = [r.id for r in page.refs]
        known = mail.stamp_listing(session, self.lease.mailbox_id, ids, cursor.listing)
        unknown = {r.id: r.thread_id for r in page.refs if r.id not in known}
        with self._booked(session, unknown):
            store.queue_unseen(session, self.lease.mailbox_id, unknown.items(), LISTED, self.clock.now())
            refuted = store.skipped_for(session, self.lease.mailbox_id, ids, REFUTED_BY_LISTING)
            store.queue_ids(session, self.lease.mailbox_id, refuted, LISTED, self.clock.now())
        is_over = page.next_page_token is None
        if is_over and not store.is_widening(session, self.lease.mailbox_id):
            self._close_listing(session, cursor.listing)
        widening = {"is_widening": False} if is_over else {}
        self._hold(session, is_listing=not is_over, page_token=page.next_page_token, **widening)

    def take_relevant(self, session: Session, page: MessagePage) -> None:
        """Queue what a query found and the store lacks, before the listing of all comes to it."""
        stored = mail.known_gmail_ids(session, self.lease.mailbox_id, [r.id for r in page.refs])
        unknown = {r.id: r.thread_id for r in page.refs if r.id not in stored}
        with self._booked(session, unknown):
            store.queue_unseen(session, self.lease.mailbox_id, unknown.items(), KNOWN, self.clock.now())
        self._hold(session)

    def _close_listing(self, session: Session, listing: int) -> None:
        """A complete listing is the only thing that may cast doubt on copies: each is asked for before it goes."""
        now, mailbox_id = self.clock.now(), self.lease.mailbox_id
        store.queue_ids(session, mailbox_id, mail.unlisted(session, mailbox_id, listing), DOUBT, now)
        if listing > 1:  # history was lost in between, and label changes with it
            store.queue_ids(session, mailbox_id, mail.listed_copies(session, mailbox_id, listing), REFRESH, now)

    def take_history(self, session: Session, page: HistoryPage, *, is_out_of_order: bool) -> None:
        """Apply a page of history; the cursor moves with the last page, in the same transaction as the queue.

        `is_out_of_order` says that the page holds records older than a page before it: labels are then asked for anew.
        """
        events = list(page.events)
        if events:  # another mailbox may be losing its copy of the same mail right now
            serialise(session, "mail", self.lease.workspace_id)
        ids = list(dict.fromkeys(e.ref.id for e in events))
        stored = mail.known_gmail_ids(session, self.lease.mailbox_id, ids)
        deleted = {e.ref.id for e in events if e.change is Change.DELETED}
        kept = stored - deleted
        with self._booked(session, set(ids) - kept):
            self._queue_changed(session, [e for e in events if e.ref.id not in stored and e.ref.id not in deleted])
            remove_copies(session, self.linker, self.lease.mailbox_id, sorted(deleted))
            store.forget(session, self.lease.mailbox_id, deleted)
        self._change_labels(session, [e for e in events if e.ref.id in kept])
        if is_out_of_order:
            refs = {e.ref.id: e.ref.thread_id for e in events if e.ref.id in kept}
            store.queue_ids(session, self.lease.mailbox_id, refs.items(), DOUBT, self.clock.now())
        cursor = store.cursor_of(session, self.lease.mailbox_id)
        is_last = page.next_page_token is None and is_newer(page.history_id, cursor.history_id)
        self._hold(session, **({"history_id": page.history_id} if is_last else {}))

    def _queue_changed(self, session: Session, events: Sequence[HistoryEvent]) -> None:
        """Ids without a copy: new mail waits to be fetched; what its labels rule out is skipped without a get.

        Of an id that was skipped, a change of labels may be its way back, so it is asked for again.
        """
        labels: dict[tuple[str, str], Collection[str]] = {}
        for event in events:
            ref = (event.ref.id, event.ref.thread_id)
            labels[ref] = event.label_ids if event.change is Change.ADDED and ref not in labels else ()
        now = self.clock.now()
        reasons = {ref: skip_reason(ids) for ref, ids in labels.items()}
        skipped = {ref: (reason, "") for ref, reason in reasons.items() if reason is not None}
        store.queue_ids(session, self.lease.mailbox_id, [r for r in labels if r not in skipped], NEW_MAIL, now)
        store.skip(session, self.lease.mailbox_id, skipped, now)

    def _change_labels(self, session: Session, events: Sequence[HistoryEvent]) -> None:
        verbs = {Change.LABELS_ADDED: "add", Change.LABELS_REMOVED: "remove"}
        changes = [(e.ref.id, verbs[e.change], frozenset(e.label_ids)) for e in events if e.change in verbs]
        concerned = mail.change_labels(session, self._facts(), changes)
        self._relink_if_private(session, concerned)
        self._heed_labels(session, {gmail_id for gmail_id, _, _ in changes})

    def _heed_labels(self, session: Session, gmail_ids: Collection[str]) -> None:
        """Copies leave where the mailbox's rules keep out what bears their labels."""
        if self.admission.rules.labels_in or self.admission.rules.labels_out:
            copies = labels_of(session, self.lease.mailbox_id, gmail_ids)
            refusals = [(copy, self.admission.label_refusal(copy.labels)) for copy in copies]
            skipped = {(c.gmail_id, c.gmail_thread_id): skip_of(why) for c, why in refusals if why is not None}
            withdraw(session, self.lease, self.linker, skipped, self.clock.now())

    def _relink_if_private(self, session: Session, message_ids: Collection[int]) -> None:
        if self.private_label_ids and message_ids:
            self.linker.refresh(session, sorted(message_ids))

    def read(self, items: Sequence[QueueItem], messages: Iterable[GmailMessage], errors: dict[str, GmailError]) -> Read:
        """Read fetched messages outside any transaction. Nothing that a sender wrote stops the batch."""
        by_id = {item.gmail_id: item for item in items}
        incoming, labels = [], {}
        skipped: dict[tuple[str, str], tuple[SkipReason, str]] = {}
        for message in messages:
            item, reason = by_id[message.id], skip_reason(message.label_ids)
            if item.is_stored:
                labels[message.id] = message.label_ids
            elif reason is not None:
                skipped[message.id, message.thread_id] = (reason, "")
            else:
                try:
                    incoming.append(Incoming(message, normalise(message.payload or {})))
                except Exception as error:  # the last line of defence: one mail must not stop a mailbox
                    log.exception("mail_unreadable", mailbox_id=self.lease.mailbox_id, gmail_id=message.id)
                    skipped[message.id, message.thread_id] = (SkipReason.UNREADABLE, type(error).__name__)
        failed = []
        for gmail_id, gmail_error in errors.items():
            item = by_id[gmail_id]
            final = final_reason(gmail_error, item.attempts)
            if final is None:
                failed.append((item, gmail_error))
            else:
                skipped[gmail_id, item.thread_id] = (final, gmail_error.detail)
        return Read(tuple(incoming), labels, skipped, tuple(failed))

    def keep(self, session: Session, read: Read) -> None:
        """Store, link and account for a batch: each of its ids is stored, skipped or postponed when this commits."""
        serialise(session, "mail", self.lease.workspace_id)
        admitted, refused = self.admission.judge(session, read.incoming)
        read = replace(read, incoming=admitted, skipped=read.skipped | refused)
        with self._booked(session, read.ids, errors=len(read.failed)):
            self._settle(session, read)
        self._heed_labels(session, read.labels)
        self._hold(session)

    def _settle(self, session: Session, read: Read) -> None:
        mailbox_id, now, facts = self.lease.mailbox_id, self.clock.now(), self._facts(session)
        if read.incoming:
            self.linker.link(session, mail.store_messages(session, facts, read.incoming))
        self._relink_if_private(session, mail.set_labels(session, facts, read.labels))
        gone = [i for (i, _), (reason, _) in read.skipped.items() if reason is SkipReason.GONE]
        was_stored = remove_copies(session, self.linker, mailbox_id, gone)
        store.forget(session, mailbox_id, {i.gmail.id for i in read.incoming} | set(read.labels) | was_stored)
        skipped = {ref: why for ref, why in read.skipped.items() if ref[0] not in was_stored}
        store.skip(session, mailbox_id, skipped, now)
        for item, error in read.failed:
            until = now + timedelta(seconds=wait_s(error, item.attempts))
            store.postpone(session, mailbox_id, item.gmail_id, item.attempts + 1, until)

    def _booked(self, session: Session, gmail_ids: Collection[str], *, errors: int = 0) -> AbstractContextManager[None]:
        lease = self.lease
        return booked(session, lease.workspace_id, lease.mailbox_id, self.clock.now(), gmail_ids, errors=errors)

    def _facts(self, session: Session | None = None) -> MailboxFacts:
        listing = store.cursor_of(session, self.lease.mailbox_id).listing if session is not None else 0
        return MailboxFacts(
            workspace_id=self.lease.workspace_id,
            mailbox_id=self.lease.mailbox_id,
            is_ours=self.linker.policy.is_ours,
            private_label_ids=self.private_label_ids,
            listing=listing,
        )

    def _hold(self, session: Session, **values: object) -> None:
        store.hold(session, self.lease, self.clock.now(), **values)
