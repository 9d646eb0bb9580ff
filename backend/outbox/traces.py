"""What Gmail's mailbox itself tells of an order: its draft, and mail that bears its header.

The mailbox outlives our database: after a restored backup it alone knows what was sent since.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from backend.gmail.errors import NotFound
from backend.gmail.gateway import Gmail
from backend.gmail.shapes import Format, GmailMessage
from backend.kit.clock import from_epoch_ms
from backend.mail.headers import Headers, decode_words, message_ids
from backend.outbox.shapes import HEADER, Sending

_MOST_TRACES = 50


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail in SENT as Gmail stored it."""

    gmail_id: str
    thread_id: str
    rfc_id: str
    subject: str
    references: tuple[str, ...]
    at: datetime


def find_draft(gmail: Gmail, sending: Sending) -> bool:
    """Whether the order's draft still lies there."""
    try:
        gmail.get_draft(sending.draft_id)
    except NotFound:
        return False
    return True


def find_sent(gmail: Gmail, sending: Sending) -> SentMail | None:
    """The mail with our header among those sent in the order's thread."""
    try:
        messages = gmail.get_thread(sending.thread_id, Format.METADATA).messages
    except NotFound:
        return None
    return next((read_sent(m) for m in messages if _is_ours(m, sending) and "SENT" in m.label_ids), None)


def read_sent(message: GmailMessage) -> SentMail:
    """Read back what a reply to this mail must refer to; Gmail replaces the Message-ID that a client gives."""
    headers = Headers(message.payload or {})
    return SentMail(
        gmail_id=message.id,
        thread_id=message.thread_id,
        rfc_id=next(iter(message_ids(headers.first("message-id"))), ""),
        subject=decode_words(headers.first("subject")),
        references=tuple(message_ids(headers.first("references"))),
        at=from_epoch_ms(message.internal_date_ms),
    )


def look_around(
    gmail: Gmail, sending: Sending, known: Callable[[Collection[str]], set[str]]
) -> tuple[SentMail | None, list[str]]:
    """Before a draft is laid down: the order's mail if it was sent already, and drafts of it that nobody remembers.

    One search for mail to the recipient; only what our books do not know (`known`) is opened.
    """
    query = f'to:"{sending.email.replace(chr(34), "")}" {{in:sent in:draft}}'
    page = gmail.list_messages(query=query, include_spam_trash=True, max_results=_MOST_TRACES)
    booked = known([ref.id for ref in page.refs])
    strange = [ref.id for ref in page.refs if ref.id not in booked]
    if not strange:
        return None, []
    ours = [m for m in gmail.get_messages(strange, Format.METADATA).messages.values() if _is_ours(m, sending)]
    sent = next((read_sent(m) for m in ours if "SENT" in m.label_ids), None)
    drafts = {m.id for m in ours if "DRAFT" in m.label_ids}
    return sent, [d.id for d in gmail.list_drafts() if d.message.id in drafts] if drafts else []


def _is_ours(message: GmailMessage, sending: Sending) -> bool:
    return Headers(message.payload or {}).first(HEADER.lower()).strip() == sending.token
