"""Stored mail follows changed rules: what they rule out goes, what they let in again is asked for again.

Copies go as if Gmail had lost them, but their ids stay on the list of what was skipped, each with its reason: so
nothing is unexplained, and loosening a rule queues them again. It is done in chunks, each its own transaction; a drain
that is killed in the middle begins anew, and finds less to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from backend.db import Database
from backend.mail.store import load_messages
from backend.privacy.rules.admission import digest, still_refused
from backend.privacy.shapes import ImportRules, Refusal
from backend.sync import store
from backend.sync.admission import Admission, Skipped, skip_of
from backend.sync.ledger.service import booked
from backend.sync.rules import LISTED
from backend.sync.service import MailboxSync
from backend.sync.tables import SyncItem, SyncState
from backend.sync.withdrawal import addresses_changed_since, copies_after, skipped_after, skipped_of, withdraw

_HALF = 16


def settle(db: Database, sync: MailboxSync) -> bool:
    """Bring a mailbox into line with its rules, where they changed since it last was; whether there was anything to do.

    Raises `LeaseLostError`.
    """
    wanted = marks(sync.admission)
    if sync.admission.rules.is_known_only:
        _let_in_acquaintances(db, sync)
    with db.read() as session:
        present = session.get_one(SyncState, sync.lease.mailbox_id).rules_digest or marks(Admission())
    if present == wanted:
        return False
    _take_out(db, sync)
    _let_in(db, sync)
    with db.write() as session:
        _note(session, sync, wanted, is_list_another=present[:_HALF] != wanted[:_HALF])
    return True


def marks(admission: Admission) -> str:
    """The rules in 32 digits: the first half changes where Gmail's list is asked for something else."""
    rules = admission.rules
    listed = ImportRules(since=rules.since, labels_in=rules.labels_in, labels_out=rules.labels_out)
    return digest(listed)[:_HALF] + digest(rules)[:_HALF]


def _take_out(db: Database, sync: MailboxSync) -> None:
    copies: Sequence[Any] = () if sync.admission.rules.is_open else (None,)
    after = 0
    while copies:
        with db.write() as session:
            copies = copies_after(session, sync.lease.mailbox_id, after)
            refused = refused_copies(session, sync.admission, copies)
            withdraw(session, sync.lease, sync.linker, refused, sync.clock.now())
            store.hold(session, sync.lease, sync.clock.now())
            after = copies[-1].id if copies else after


def refused_copies(session: Session, admission: Admission, copies: Sequence[Any]) -> Skipped:
    """Those copies (rows with ids, labels and message) that the rules keep out, by Gmail's ids, each with why."""
    ids = [copy.message_id for copy in copies]
    mails = {m.id: m for m in load_messages(session, admission.workspace_id, ids)}
    facts = [
        admission.facts(m.kind, m.participants, m.sender_key, copy.labels, m.sent_at)
        for copy in copies
        for m in (mails[copy.message_id],)
    ]
    refusals = admission.refusals(session, facts)
    pairs = zip(copies, refusals, strict=True)
    return {(c.gmail_id, c.gmail_thread_id): skip_of(refused) for c, refused in pairs if refused is not None}


def _let_in(db: Database, sync: MailboxSync) -> None:
    """Queue again what the rules no longer keep out, as far as that can be told without asking Gmail."""
    after, lease = 0, sync.lease
    while True:
        with db.write() as session:
            items = skipped_after(session, lease.mailbox_id, after)
            if not items:
                return
            after, now = items[-1].id, sync.clock.now()
            refs = {i.gmail_id: i.gmail_thread_id for i in items if not _stays_out(i, sync.admission.rules)}
            with booked(session, lease.workspace_id, lease.mailbox_id, now, refs):
                store.queue_ids(session, lease.mailbox_id, refs.items(), LISTED, now)
            store.hold(session, lease, now)


def _let_in_acquaintances(db: Database, sync: MailboxSync) -> None:
    """Queue again mail of those who became contacts since the last drain; skipped mail bears marks of its people."""
    lease, now = sync.lease, sync.clock.now()
    with db.write() as session:
        since = session.get_one(SyncState, lease.mailbox_id).last_success_at
        keys = addresses_changed_since(session, lease.workspace_id, since) if since else []
        refs = {i.gmail_id: i.gmail_thread_id for key in keys for i in skipped_of(session, lease.mailbox_id, key)}
        with booked(session, lease.workspace_id, lease.mailbox_id, now, refs):
            store.queue_ids(session, lease.mailbox_id, refs.items(), LISTED, now)


def _stays_out(item: SyncItem, rules: ImportRules) -> bool:
    return still_refused(Refusal(item.reason), item.detail, rules)


def _note(session: Session, sync: MailboxSync, wanted: str, *, is_list_another: bool) -> None:
    """Note that the store follows the rules; where Gmail's list is asked for something else now, read it anew.

    A listing under way goes on from its first page, since its mark belongs to the list before. Else a listing that only
    widens begins: the cursor stays, so no history is lost and no copy in doubt.
    """
    values: dict[str, Any] = {"rules_digest": wanted}
    cursor = store.cursor_of(session, sync.lease.mailbox_id)
    if is_list_another and cursor.history_id is not None:
        values |= {"page_token": None, "is_listing": True}
        if not cursor.is_listing:
            values["is_widening"] = True
    store.hold(session, sync.lease, sync.clock.now(), **values)
