"""Taking copies out of the store: a mail goes with its last copy, and its links with the last one that is open."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from backend.linking.service import Linker
from backend.mail import store as mail


def remove_copies(session: Session, linker: Linker, mailbox_id: int, gmail_ids: Sequence[str]) -> set[str]:
    """Remove a mailbox's copies; returns the ids that were there."""
    removed = mail.remove_copies(session, mailbox_id, gmail_ids)
    if removed.closed:
        linker.refresh(session, sorted(removed.closed))
    return removed.gmail_ids
