"""Taking copies out of the store that rules keep out, and the queries by which they are found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.db import serialise
from backend.linking.service import Linker
from backend.mail import store as mail
from backend.mail.tables import Copy
from backend.privacy.rules.admission import mark_of
from backend.privacy.shapes import Refusal
from backend.records.tables import ContactAddress, Record
from backend.sync import store
from backend.sync.admission import Skipped
from backend.sync.ledger.service import booked
from backend.sync.removal import remove_copies
from backend.sync.shapes import Lease
from backend.sync.tables import SyncItem

CHUNK = 200
POLICY_REASONS = frozenset(r.value for r in Refusal)


def withdraw(session: Session, lease: Lease, linker: Linker, skipped: Skipped, now: datetime) -> None:
    """Take copies out and note why by their ids; a mail goes with its last copy."""
    gmail_ids = [gmail_id for gmail_id, _ in skipped]
    if gmail_ids:
        serialise(session, "mail", lease.workspace_id)
        with booked(session, lease.workspace_id, lease.mailbox_id, now, gmail_ids):
            remove_copies(session, linker, lease.mailbox_id, gmail_ids)
            store.skip(session, lease.mailbox_id, skipped, now)


def copies_after(session: Session, mailbox_id: int, after: int) -> Sequence[Any]:
    """The next copies of a mailbox by id: with Gmail's ids, labels and message."""
    query = select(Copy.id, Copy.gmail_id, Copy.gmail_thread_id, Copy.labels, Copy.message_id)
    return session.execute(
        query.where(Copy.mailbox_id == mailbox_id, Copy.id > after).order_by(Copy.id).limit(CHUNK)
    ).all()


def labels_of(session: Session, mailbox_id: int, gmail_ids: Collection[str]) -> Sequence[Any]:
    """Those copies with their labels."""
    found: list[Any] = []
    for chunk in mail.chunks(sorted(gmail_ids)):
        query = select(Copy.gmail_id, Copy.gmail_thread_id, Copy.labels)
        found += session.execute(query.where(Copy.mailbox_id == mailbox_id, Copy.gmail_id.in_(chunk)))
    return found


def skipped_after(session: Session, mailbox_id: int, after: int) -> Sequence[SyncItem]:
    """The next ids of a mailbox that rules kept out."""
    where = (SyncItem.mailbox_id == mailbox_id, SyncItem.state == "skipped", SyncItem.reason.in_(POLICY_REASONS))
    query = select(SyncItem).where(*where, SyncItem.id > after).order_by(SyncItem.id).limit(CHUNK)
    return session.scalars(query).all()


def skipped_of(session: Session, mailbox_id: int, address_key: str) -> Sequence[SyncItem]:
    """The ids of a mailbox that were kept out because nobody in them was known, this address among them."""
    where = (SyncItem.mailbox_id == mailbox_id, SyncItem.reason == Refusal.UNKNOWN.value, SyncItem.state == "skipped")
    return session.scalars(select(SyncItem).where(*where, SyncItem.detail.contains(mark_of(address_key)))).all()


def addresses_changed_since(session: Session, workspace_id: int, since: datetime) -> Sequence[str]:
    """The addresses of contacts that were made or changed since then."""
    query = select(ContactAddress.address_key).join(Record, Record.id == ContactAddress.contact_id)
    where = (Record.workspace_id == workspace_id, Record.updated_at >= since, Record.deleted_at.is_(None))
    return session.scalars(query.where(*where)).all()
