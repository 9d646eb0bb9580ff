"""Copies: what one mailbox holds of the mails, with its ids and labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, Update, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from backend.db import among, insert_ignoring, read_columns, table_of, write_columns
from backend.mail.store.chunks import chunks
from backend.mail.store.facts import Incoming, MailboxFacts
from backend.mail.store.messages import remove_messages
from backend.mail.tables import Copy, Message

HIDDEN_LABELS = frozenset({"TRASH", "SPAM"})


def insert_copies(session: Session, mailbox: MailboxFacts, items: Sequence[tuple[int, Incoming]]) -> None:
    """Insert a copy for each (message id, item); one that is there already stays as it is."""
    rows = [
        {
            "workspace_id": mailbox.workspace_id,
            "mailbox_id": mailbox.mailbox_id,
            "message_id": message_id,
            "gmail_id": item.gmail.id,
            "gmail_thread_id": item.gmail.thread_id,
            "listing": mailbox.listing,
            **label_values(item.gmail.label_ids, mailbox.private_label_ids),
        }
        for message_id, item in items
    ]
    insert_ignoring(session, Copy, rows)


def label_values(label_ids: Iterable[str], private_label_ids: Collection[str]) -> dict[str, Any]:
    """The columns of a copy that its labels decide."""
    labels = sorted(set(label_ids))
    return {
        "labels": labels,
        "is_live": HIDDEN_LABELS.isdisjoint(labels),
        "is_private": any(x in private_label_ids for x in labels),
    }


def count_live_copies(session: Session, message_ids: Iterable[int]) -> None:
    """Bring `Message.live_copies` up to date."""
    for chunk in chunks(sorted(set(message_ids))):
        write_columns(session, _counting(), {"ids": chunk})


@cache
def _counting() -> Update:
    messages, copies = table_of(Message), table_of(Copy).c
    live = select(func.count()).where(copies.message_id == messages.c.id, copies.is_live).scalar_subquery()
    return update(messages).where(among(messages.c.id, "ids")).values(live_copies=live)


def change_labels(
    session: Session, mailbox: MailboxFacts, changes: Sequence[tuple[str, str, frozenset[str]]]
) -> set[int]:
    """Apply label changes `(gmail id, "add" or "remove", label ids)` in their order; returns the mails concerned.

    Ids that this mailbox has no copy of are passed over: the caller knows what to do with them.
    """
    copies = _copies_by_gmail_id(session, mailbox.mailbox_id, [gmail_id for gmail_id, _, _ in changes])
    labels = {gmail_id: set(row.labels) for gmail_id, row in copies.items()}
    for gmail_id, verb, label_ids in changes:
        if gmail_id in labels:
            labels[gmail_id] = labels[gmail_id] | label_ids if verb == "add" else labels[gmail_id] - label_ids
    for gmail_id, row in copies.items():
        values = label_values(labels[gmail_id], mailbox.private_label_ids)
        session.execute(update(Copy).where(Copy.id == row.id).values(**values))
    concerned = {row.message_id for row in copies.values()}
    count_live_copies(session, concerned)
    return concerned


def set_labels(session: Session, mailbox: MailboxFacts, labels: dict[str, tuple[str, ...]]) -> set[int]:
    """Overwrite the labels of copies by their Gmail ids; returns the mails concerned."""
    copies = _copies_by_gmail_id(session, mailbox.mailbox_id, list(labels))
    for gmail_id, row in copies.items():
        values = label_values(labels[gmail_id], mailbox.private_label_ids)
        session.execute(update(Copy).where(Copy.id == row.id).values(**values, listing=mailbox.listing))
    concerned = {row.message_id for row in copies.values()}
    count_live_copies(session, concerned)
    return concerned


@dataclass(frozen=True, slots=True)
class Removed:
    """The Gmail ids whose copies went, and the mails of which only private copies are left."""

    gmail_ids: set[str]
    closed: set[int]


def remove_copies(session: Session, mailbox_id: int, gmail_ids: Sequence[str]) -> Removed:
    """Remove copies that are gone from Gmail, and each mail whose last copy goes."""
    copies = _copies_by_gmail_id(session, mailbox_id, gmail_ids)
    messages = {row.message_id for row in copies.values()}
    for chunk in chunks([row.id for row in copies.values()]):
        session.execute(delete(Copy).where(Copy.id.in_(chunk)))
    left, opened = _left(session, messages)
    remove_messages(session, sorted(messages - left))
    count_live_copies(session, left)
    return Removed(set(copies), left - opened)


def _left(session: Session, message_ids: Collection[int]) -> tuple[set[int], set[int]]:
    """Those mails that have a copy, and those that have an open one."""
    found: set[tuple[int, bool]] = set()
    for chunk in chunks(sorted(message_ids)):
        query = select(Copy.message_id, Copy.is_private).where(Copy.message_id.in_(chunk)).distinct()
        found.update((row[0], row[1]) for row in session.execute(query))
    return {i for i, _ in found}, {i for i, is_private in found if not is_private}


def _copies_by_gmail_id(session: Session, mailbox_id: int, gmail_ids: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for chunk in chunks(list(dict.fromkeys(gmail_ids))):
        wanted = {"mailbox_id": mailbox_id, "gmail_ids": chunk}
        found.update((row.gmail_id, row) for row in read_columns(session, _by_gmail_id(), wanted))
    return found


@cache  # asked for every page of a listing or of history
def _by_gmail_id() -> Select[Any]:
    c = table_of(Copy).c
    wanted = (c.mailbox_id == bindparam("mailbox_id"), among(c.gmail_id, "gmail_ids"))
    return select(c.gmail_id, c.id, c.message_id, c.labels).where(*wanted)


def known_gmail_ids(session: Session, mailbox_id: int, gmail_ids: Sequence[str]) -> set[str]:
    """Those of `gmail_ids` of which this mailbox has a copy."""
    return set(_copies_by_gmail_id(session, mailbox_id, gmail_ids))


def stamp_listing(session: Session, mailbox_id: int, gmail_ids: Sequence[str], listing: int) -> set[str]:
    """Note that a full listing saw these ids; returns those of which there is a copy."""
    for chunk in chunks(list(gmail_ids)):
        write_columns(session, _stamping(), {"of_mailbox": mailbox_id, "gmail_ids": chunk, "seen_by": listing})
    return known_gmail_ids(session, mailbox_id, gmail_ids)


@cache  # done for every page of a listing
def _stamping() -> Update:
    copies = table_of(Copy)
    is_among = among(copies.c.gmail_id, "gmail_ids")
    return (
        update(copies)
        .where(copies.c.mailbox_id == bindparam("of_mailbox"), is_among)
        .values(listing=bindparam("seen_by"))
    )


def unlisted(session: Session, mailbox_id: int, listing: int) -> list[tuple[str, str]]:
    """(Gmail id, thread id) of the copies that the full listing of this number did not see."""
    query = select(Copy.gmail_id, Copy.gmail_thread_id).where(Copy.mailbox_id == mailbox_id, Copy.listing < listing)
    return [(row[0], row[1]) for row in session.execute(query)]


def listed_copies(session: Session, mailbox_id: int, listing: int) -> list[tuple[str, str]]:
    """(id, thread) of the copies that the full listing of this number saw."""
    query = select(Copy.gmail_id, Copy.gmail_thread_id).where(Copy.mailbox_id == mailbox_id, Copy.listing == listing)
    return [(row[0], row[1]) for row in session.execute(query)]


def live_copies(session: Session, mailbox_id: int) -> dict[str, str]:
    """Thread by id of the copies that are neither in the bin nor in spam."""
    query = select(Copy.gmail_id, Copy.gmail_thread_id).where(Copy.mailbox_id == mailbox_id, Copy.is_live)
    return {row[0]: row[1] for row in session.execute(query)}


def live_among(session: Session, mailbox_id: int, gmail_ids: Collection[str]) -> set[str]:
    """Those ids that have a copy which is neither in the bin nor in spam."""
    found: set[str] = set()
    for chunk in chunks(sorted(gmail_ids)):
        where = (Copy.mailbox_id == mailbox_id, Copy.is_live, Copy.gmail_id.in_(chunk))
        found.update(session.scalars(select(Copy.gmail_id).where(*where)))
    return found


def count_copies(session: Session, mailbox_id: int) -> int:
    """How many copies a mailbox has."""
    return session.scalar(select(func.count()).select_from(Copy).where(Copy.mailbox_id == mailbox_id)) or 0
