"""What Gmail's mailbox itself tells of an order: its draft, and mail that bears its header.

The mailbox outlives our database: after a restored backup it alone knows what was sent since.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.gmail.errors import NotFound
from backend.gmail.gateway import Gmail
from backend.gmail.shapes import Format, GmailMessage
from backend.kit.clock import from_epoch_ms
from backend.mail.headers import Headers, decode_words, message_ids
from backend.outbox.shapes import HEADER, Sending

_MOST_TRACES = 500
_MOST_OPENED = 50  # the newest mails to a person that our books do not know


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail in SENT as Gmail stored it."""

    gmail_id: str
    thread_id: str
    rfc_id: str
    subject: str
    references: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Traces:
    """What a mailbox holds of some orders: mails that left, by the order's token, and ids of drafts."""

    sent: Mapping[str, SentMail]
    strays: tuple[str, ...]


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
    return next((read_sent(m) for m in messages if _token(m) == sending.token and "SENT" in m.label_ids), None)


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


def look_around(gmail: Gmail, sendings: Sequence[Sending], booked: Container[str]) -> Traces:
    """Before drafts are laid down: what was sent of these orders already, and drafts that nobody remembers.

    One search for mail to the recipients; only what our books do not know (is not `booked`) is opened.
    """
    page = gmail.list_messages(query=_to_any(sendings), include_spam_trash=True, max_results=_MOST_TRACES)
    strange = [ref.id for ref in page.refs if ref.id not in booked]
    if len(sendings) > 1 and (page.next_page_token or len(strange) > _MOST_OPENED):  # one of them hides the others
        return _joined([look_around(gmail, [sending], booked) for sending in sendings])
    opened = gmail.get_messages(strange[:_MOST_OPENED], Format.METADATA).messages.values()
    return _traces(gmail, opened, sendings)


def _to_any(sendings: Sequence[Sending]) -> str:
    recipients = dict.fromkeys(f'to:"{sending.email.replace(chr(34), "")}"' for sending in sendings)
    return f"{{{' '.join(recipients)}}} {{in:sent in:draft}}"


def _traces(gmail: Gmail, messages: Iterable[GmailMessage], sendings: Sequence[Sending]) -> Traces:
    tokens = {sending.token for sending in sendings}
    ours = {message.id: message for message in messages if _token(message) in tokens}
    sent = {_token(m): read_sent(m) for m in ours.values() if "SENT" in m.label_ids}
    drafts = {m.id for m in ours.values() if "DRAFT" in m.label_ids}
    return Traces(sent, tuple(d.id for d in gmail.list_drafts() if d.message.id in drafts) if drafts else ())


def _joined(found: Sequence[Traces]) -> Traces:
    sent = {token: mail for each in found for token, mail in each.sent.items()}
    return Traces(sent, tuple(draft_id for each in found for draft_id in each.strays))


def _token(message: GmailMessage) -> str:
    return Headers(message.payload or {}).first(HEADER.lower()).strip()
