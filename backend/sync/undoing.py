"""Undoing an import: what a mailbox alone brought is taken out again; in Gmail nothing changes.

It is asked for by a person and done by the next drain instead of reading, in chunks, each its own transaction; a drain
that is killed in the middle goes on where it was. Then the mailbox is paused, and knows nothing of Gmail any more.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from backend.accounts.mailboxes import pause_mailbox, resume_mailbox
from backend.accounts.shapes import Actor
from backend.accounts.store import get_mailbox
from backend.accounts.tables import Mailbox
from backend.activities.tables import ActivityRecord
from backend.audit.service import record
from backend.audit.shapes import Subject
from backend.db import Database, serialise
from backend.kit.clock import Clock
from backend.linking.service import linker_for
from backend.linking.tables import Link
from backend.mail.tables import MessageParticipant
from backend.records.shapes import Origin
from backend.records.tables import ContactAddress, DealPerson, Record
from backend.sync import store
from backend.sync.ledger.service import booked
from backend.sync.removal import remove_copies
from backend.sync.shapes import Lease
from backend.sync.tables import SyncItem, SyncState
from backend.sync.withdrawal import CHUNK, copies_after

UNDONE = "Its import was undone; resume it to begin anew."


def ask_to_undo(session: Session, clock: Clock, mailbox: Mailbox, actor: Actor | None = None) -> None:
    """Have a mailbox's import undone by its next drain. Raises `UserError` for one that is not connected."""
    resume_mailbox(session, clock, mailbox, by=actor)
    store.ensure_state(session, mailbox, clock.now())
    session.execute(update(SyncState).where(SyncState.mailbox_id == mailbox.id).values(is_undoing=True))
    store.make_due(session, mailbox.id, clock.now())
    record(session, clock, actor or mailbox.workspace_id, "mailbox.undo_import", Subject("mailbox", mailbox.id))


def undo_if_asked(db: Database, clock: Clock, lease: Lease) -> bool:
    """Undo the import where somebody asked for it; whether somebody did. Raises `LeaseLostError`."""
    with db.read() as session:
        if not session.get_one(SyncState, lease.mailbox_id).is_undoing:
            return False
    for step in (_take_out_copies, _forget_items, _take_out_people):
        while _commit(db, clock, lease, step):
            pass
    with db.write() as session:
        _finish(session, clock, lease)
    return True


Step = Callable[[Session, Clock, Lease], int]


def _commit(db: Database, clock: Clock, lease: Lease, step: Step) -> bool:
    """Do one chunk of a step; whether there was anything to do."""
    with db.write() as session:
        store.hold(session, lease, clock.now())
        return step(session, clock, lease) > 0


def _take_out_copies(session: Session, clock: Clock, lease: Lease) -> int:
    gmail_ids = [copy.gmail_id for copy in copies_after(session, lease.mailbox_id, 0)]
    if gmail_ids:
        serialise(session, "mail", lease.workspace_id)
        with booked(session, lease.workspace_id, lease.mailbox_id, clock.now(), gmail_ids):
            remove_copies(session, linker_for(session, lease.workspace_id, clock), lease.mailbox_id, gmail_ids)
    return len(gmail_ids)


def _forget_items(session: Session, clock: Clock, lease: Lease) -> int:
    where = SyncItem.mailbox_id == lease.mailbox_id
    gmail_ids = session.scalars(select(SyncItem.gmail_id).where(where).order_by(SyncItem.id).limit(CHUNK)).all()
    with booked(session, lease.workspace_id, lease.mailbox_id, clock.now(), gmail_ids):
        store.forget(session, lease.mailbox_id, gmail_ids)
    return len(gmail_ids)


def _take_out_people(session: Session, clock: Clock, lease: Lease) -> int:
    """Delete contacts whom mail made, of whom no mail is left, and whom no hand has touched.

    Their addresses are set free, so that another import makes them again.
    """
    mailed = exists().where(
        MessageParticipant.workspace_id == lease.workspace_id,
        MessageParticipant.address_key == ContactAddress.address_key,
        ContactAddress.contact_id == Record.id,
    )
    untouched = (
        Record.workspace_id == lease.workspace_id,
        Record.kind == "contact",
        Record.origin == Origin.MAIL.value,
        Record.deleted_at.is_(None),
        Record.owner_id.is_(None),
        Record.version == 1,
        ~mailed,
        ~exists().where(Link.record_id == Record.id, Link.undone_at.is_(None)),
        ~exists().where(ActivityRecord.record_id == Record.id),
        ~exists().where(DealPerson.contact_id == Record.id),
    )
    ids = session.scalars(select(Record.id).where(*untouched).order_by(Record.id).limit(CHUNK)).all()
    session.execute(delete(ContactAddress).where(ContactAddress.contact_id.in_(ids)))
    session.execute(
        update(Record).where(Record.id.in_(ids)).values(deleted_at=clock.now()),
        execution_options={"synchronize_session": False},
    )
    return len(ids)


def _finish(session: Session, clock: Clock, lease: Lease) -> None:
    """Begin from nothing when the mailbox is resumed."""
    fresh = {"history_id": None, "is_listing": False, "is_widening": False, "page_token": None, "estimate": 0}
    store.hold(session, lease, clock.now(), **fresh, rules_digest="", is_undoing=False)
    pause_mailbox(session, clock, get_mailbox(session, lease.workspace_id, lease.mailbox_id), why=UNDONE)
