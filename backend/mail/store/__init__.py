"""Messages, copies and conversations in the database: the only place with their `select()`."""

from backend.mail.store.chunks import chunks
from backend.mail.store.copies import (
    change_labels,
    count_copies,
    known_gmail_ids,
    label_values,
    listed_copies,
    live_among,
    live_copies,
    remove_copies,
    set_labels,
    stamp_listing,
    unlisted,
)
from backend.mail.store.facts import Incoming, MailboxFacts
from backend.mail.store.ingest import Filed, store_messages
from backend.mail.store.messages import fingerprint
from backend.mail.store.reading import load_messages, text_of

__all__ = [
    "Filed",
    "Incoming",
    "MailboxFacts",
    "change_labels",
    "chunks",
    "count_copies",
    "fingerprint",
    "known_gmail_ids",
    "label_values",
    "listed_copies",
    "live_among",
    "live_copies",
    "load_messages",
    "remove_copies",
    "set_labels",
    "stamp_listing",
    "store_messages",
    "text_of",
    "unlisted",
]
