"""From Gmail into the store: one batch of one mailbox."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from backend.mail.shapes import StoredMessage
from backend.mail.store.copies import count_live_copies, insert_copies
from backend.mail.store.facts import Incoming, MailboxFacts
from backend.mail.store.messages import fingerprint, ids_by_fingerprint, insert_messages
from backend.mail.store.reading import load_messages
from backend.mail.store.threads import place


def store_messages(session: Session, mailbox: MailboxFacts, incoming: Sequence[Incoming]) -> list[StoredMessage]:
    """Store one mailbox's copies, and each mail that no mailbox held yet; storing a copy again changes nothing.

    Returns every mail concerned, once, in order of time.
    """
    ordered = sorted(incoming, key=lambda i: i.gmail.internal_date_ms)
    by_print: dict[str, Incoming] = {}
    for item in ordered:
        by_print.setdefault(fingerprint(item), item)
    known = ids_by_fingerprint(session, mailbox.workspace_id, list(by_print))
    new = [(print_, item) for print_, item in by_print.items() if print_ not in known]
    conversations = place(session, mailbox, [item for _, item in new])
    made = insert_messages(session, mailbox, new, conversations)
    ids = known | made
    insert_copies(session, mailbox, [(ids[fingerprint(item)], item) for item in ordered])
    count_live_copies(session, ids.values())
    fresh = set(made.values())
    return [_with_newness(m, fresh) for m in load_messages(session, mailbox.workspace_id, sorted(ids.values()))]


def _with_newness(message: StoredMessage, fresh: set[int]) -> StoredMessage:
    values = {name: getattr(message, name) for name in StoredMessage.__slots__}
    return StoredMessage(**values | {"is_new": message.id in fresh})
