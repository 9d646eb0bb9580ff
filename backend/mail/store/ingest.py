"""From Gmail into the store: one batch of one mailbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.mail.shapes import StoredMessage
from backend.mail.store.copies import count_live_copies, insert_copies
from backend.mail.store.facts import Incoming, MailboxFacts
from backend.mail.store.messages import fingerprint, ids_by_fingerprint, insert_messages
from backend.mail.store.reading import load_messages
from backend.mail.store.threads import place


@dataclass(frozen=True, slots=True)
class Filed:
    """What a batch came to: every mail concerned, once, in order of time; conversations joined, lost id → kept id."""

    messages: list[StoredMessage]
    joined: Mapping[int, int]


def store_messages(session: Session, mailbox: MailboxFacts, incoming: Sequence[Incoming]) -> Filed:
    """Store one mailbox's copies, and each mail that no mailbox held yet; storing a copy again changes nothing."""
    ordered = sorted(incoming, key=lambda i: i.gmail.internal_date_ms)
    by_print: dict[str, Incoming] = {}
    for item in ordered:
        by_print.setdefault(fingerprint(item), item)
    known = ids_by_fingerprint(session, mailbox.workspace_id, list(by_print))
    new = [(print_, item) for print_, item in by_print.items() if print_ not in known]
    placed = place(session, mailbox, [item for _, item in new])
    made = insert_messages(session, mailbox, new, placed.conversations)
    ids = known | made
    insert_copies(session, mailbox, [(ids[fingerprint(item)], item) for item in ordered])
    count_live_copies(session, ids.values())
    return Filed(load_messages(session, mailbox.workspace_id, sorted(ids.values())), placed.joined)
