"""Keeping the books: what a move changes is written down in the move's own transaction, or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.orm import Session

from backend.db import serialise
from backend.sync.ledger import rules, store
from backend.sync.ledger.shapes import Mailbox, Postings, Totals


@contextmanager
def booked(
    session: Session, workspace_id: int, mailbox_id: int, now: datetime, gmail_ids: Collection[str], *, errors: int = 0
) -> Iterator[None]:
    """Write down what the block changes for these ids, whatever it does: two looks at their accounts and one entry.

    Nobody else moves the mailbox's ids meanwhile. `errors` counts fetches that failed.
    """
    serialise(session, "ledger", mailbox_id)
    before = store.accounts(session, mailbox_id, gmail_ids)
    yield
    change = rules.postings(before, store.accounts(session, mailbox_id, gmail_ids), now)
    if change.changes_anything or errors:
        store.write_down(session, workspace_id, mailbox_id, now, change, errors=errors)


def note_drain(
    session: Session, workspace_id: int, mailbox_id: int, now: datetime, *, is_done: bool = False,
    is_failed: bool = False, units: int = 0,
) -> None:  # fmt: skip
    """Write down how a drain ended, and the quota units that its calls cost."""
    success_at, errors = now if is_done else None, int(is_failed)
    store.write_down(
        session, workspace_id, mailbox_id, now, Postings(), errors=errors, units=units, success_at=success_at
    )


def put_right(session: Session, workspace_id: int, mailbox_id: int, now: datetime) -> int:
    """Count the mailbox's tables, correct the books where they differ, and return by how many ids they did."""
    serialise(session, "ledger", mailbox_id)
    book = store.totals(session, [mailbox_id]).get(mailbox_id, Totals())
    change = rules.correction(book, store.count_accounts(session, mailbox_id))
    if change.changes_anything:
        store.write_down(session, workspace_id, mailbox_id, now, change)
    return rules.size(change)


def look_at(
    session: Session, now: datetime, workspace_id: int | None, *, user_id: int | None = None,
    mailbox_id: int | None = None,
) -> list[Mailbox]:  # fmt: skip
    """Mailboxes with their figures and verdicts: all, one user's, or one."""
    found = store.standings(session, workspace_id, user_id=user_id, mailbox_id=mailbox_id)
    books = store.totals(session, [box.mailbox_id for box in found])
    return [Mailbox(box, books.get(box.mailbox_id, Totals()), rules.judge(box, now)) for box in found]
