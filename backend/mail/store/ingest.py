"""From Gmail into the store: one batch of one mailbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.mail.shapes import StoredMessage
from backend.mail.store.copies import count_live_copies, insert_copies, label_values
from backend.mail.store.facts import Incoming, MailboxFacts, Newcomer
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
    by_print: dict[str, list[Incoming]] = {}
    for item in sorted(incoming, key=lambda i: i.gmail.internal_date_ms):
        by_print.setdefault(fingerprint(item), []).append(item)
    known = ids_by_fingerprint(session, mailbox.workspace_id, list(by_print))
    new = {print_: items for print_, items in by_print.items() if print_ not in known}
    placed = place(session, mailbox, [items[0] for items in new.values()])
    newcomers = [_newcomer(mailbox, p, i, c) for (p, i), c in zip(new.items(), placed.conversations, strict=True)]
    made = insert_messages(session, mailbox, newcomers)
    ids = known | {print_: message.id for print_, message in zip(new, made, strict=True)}
    insert_copies(session, mailbox, [(ids[print_], item) for print_, items in by_print.items() for item in items])
    older = sorted(known.values())
    count_live_copies(session, older)
    messages = [*load_messages(session, mailbox.workspace_id, older), *made]
    return Filed(sorted(messages, key=lambda m: (m.sent_at, m.id)), placed.joined)


def _newcomer(mailbox: MailboxFacts, print_: str, items: Sequence[Incoming], conversation_id: int) -> Newcomer:
    copies = [label_values(item.gmail.label_ids, mailbox.private_label_ids) for item in items]
    is_private = all(c["is_private"] for c in copies)
    return Newcomer(print_, items[0], conversation_id, sum(c["is_live"] for c in copies), is_private)
