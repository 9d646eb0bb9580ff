"""Messages: one row a mail, with its text, people and attachments."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import Select, bindparam, delete, select
from sqlalchemy.orm import Session

from backend.db import among, insert_returning, insert_rows, read_columns, table_of
from backend.kit.clock import from_epoch_ms
from backend.kit.text import clean, shorten
from backend.mail.addresses import domain_of, registrable_domain
from backend.mail.conversations import base_subject
from backend.mail.shapes import Address, NormalisedMail, Participant, Role, StoredMessage
from backend.mail.store.chunks import chunks
from backend.mail.store.facts import Incoming, MailboxFacts, Newcomer
from backend.mail.store.reading import participants_of
from backend.mail.tables import (
    MESSAGE_ID_LENGTH,
    MESSAGE_SEARCH,
    Message,
    MessageAttachment,
    MessageBody,
    MessageParticipant,
)

SNIPPET_LENGTH = 300


def fingerprint(incoming: Incoming) -> str:
    """Message-ID and a second check (sender, date, subject) in 32 hex digits; without a Message-ID the text counts too.

    The Date header decides, not internalDate, which differs from mailbox to mailbox by seconds.
    """
    mail = incoming.mail
    sender = mail.sender
    parts = [
        mail.message_id,
        sender.key if sender else "",
        mail.date_header.isoformat() if mail.date_header else "",
        base_subject(mail.subject),
    ]
    if not mail.message_id:
        parts.append(mail.text)
        if not mail.date_header:
            parts.append(str(incoming.gmail.internal_date_ms))
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def ids_by_fingerprint(session: Session, workspace_id: int, prints: Sequence[str]) -> dict[str, int]:
    """Ids of the mails that are stored already, by fingerprint."""
    found: dict[str, int] = {}
    for chunk in chunks(prints):
        wanted = {"workspace_id": workspace_id, "fingerprints": chunk}
        found.update((print_, i) for print_, i in read_columns(session, _by_fingerprint(), wanted))
    return found


@cache  # asked for every batch of mail
def _by_fingerprint() -> Select[str, int]:
    m = table_of(Message).c
    wanted = (m.workspace_id == bindparam("workspace_id"), among(m.fingerprint, "fingerprints"))
    return select(m.fingerprint, m.id).where(*wanted)


def insert_messages(session: Session, mailbox: MailboxFacts, new: Sequence[Newcomer]) -> list[StoredMessage]:
    """Insert new mails into their conversations, searchable; returns them in the order of `new`."""
    rows = [_message_row(mailbox, n) for n in new]
    ids = insert_returning(session, Message, rows)
    mails = [(message_id, n.item.mail) for message_id, n in zip(ids, new, strict=True)]
    insert_rows(session, MessageBody, [{"message_id": i, "text": m.text} for i, m in mails])
    insert_rows(session, MessageParticipant, [r for i, m in mails for r in _participant_rows(mailbox, i, m)])
    insert_rows(session, MessageAttachment, [r for i, m in mails for r in _attachment_rows(i, m)])
    MESSAGE_SEARCH.add(session, [(i, _document(m.subject, m.participants, m.text)) for i, m in mails])
    return [_stored(i, row, n) for i, row, n in zip(ids, rows, new, strict=True)]


def _stored(message_id: int, row: Mapping[str, Any], new: Newcomer) -> StoredMessage:
    """The mail as `load_messages` would give it."""
    return StoredMessage(
        id=message_id,
        conversation_id=new.conversation_id,
        kind=new.item.mail.kind,
        subject=row["subject"],
        sent_at=row["sent_at"],
        is_ours=row["is_ours"],
        sender_key=row["sender_key"],
        participants=new.item.mail.participants,
        list_key=row["list_key"],
        is_private=new.is_private,
    )


def _message_row(mailbox: MailboxFacts, new: Newcomer) -> dict[str, Any]:
    mail, gmail = new.item.mail, new.item.gmail
    sender = mail.sender or Address("", "", "")
    return {
        "workspace_id": mailbox.workspace_id,
        "conversation_id": new.conversation_id,
        "rfc_message_id": mail.message_id[:MESSAGE_ID_LENGTH],
        "fingerprint": new.fingerprint,
        "sent_at": from_epoch_ms(gmail.internal_date_ms),
        "subject": mail.subject,
        "snippet": shorten(clean(html.unescape(gmail.snippet)), SNIPPET_LENGTH),
        "sender_key": sender.key,
        "sender_email": sender.email,
        "sender_name": sender.name,
        "is_ours": bool(sender.key) and mailbox.is_ours(sender.key),
        "kind": mail.kind.value,
        "kind_why": mail.why[:200],
        "list_key": _list_key(mail),
        "size_bytes": gmail.size_estimate,
        "attachment_count": sum(not a.is_inline for a in mail.attachments),
        "live_copies": new.live_copies,
        "problems": list(mail.problems),
    }


def _list_key(mail: NormalisedMail) -> str:
    """The recipient that is the list itself: List-Id "sales.example.com" is the address sales@example.com."""
    wanted = mail.list_id.lower().strip("<> ")
    if not wanted:
        return ""
    recipients = (p.address.key for p in mail.participants if p.role in {Role.TO, Role.CC})
    return next((key for key in recipients if key.replace("@", ".", 1) == wanted), "")


def _participant_rows(mailbox: MailboxFacts, message_id: int, mail: NormalisedMail) -> Iterable[dict[str, Any]]:
    for position, participant in enumerate(mail.participants):
        address = participant.address
        yield {
            "message_id": message_id,
            "position": position,
            "workspace_id": mailbox.workspace_id,
            "role": participant.role.value,
            "address_key": address.key,
            "domain": registrable_domain(domain_of(address.key)),
            "email": address.email,
            "name": address.name,
        }


def _attachment_rows(message_id: int, mail: NormalisedMail) -> Iterable[dict[str, Any]]:
    for attachment in {a.part_id[:100]: a for a in mail.attachments}.values():
        yield {
            "message_id": message_id,
            "part_id": attachment.part_id[:100],
            "filename": attachment.filename,
            "mime_type": attachment.mime_type[:255],
            "size_bytes": attachment.size,
            "is_inline": attachment.is_inline,
        }


def _document(subject: str, participants: Sequence[Participant], text: str) -> str:
    people = " ".join(f"{p.address.name} {p.address.email}" for p in participants)
    return f"{subject}\n{people}\n{text}"


def remove_messages(session: Session, message_ids: Sequence[int]) -> None:
    """Remove mails for good: what hangs on them goes by ON DELETE CASCADE, the search index here."""
    for chunk in chunks(message_ids):
        people = participants_of(session, chunk)
        query = (
            select(Message.id, Message.subject, MessageBody.text)
            .join(MessageBody, MessageBody.message_id == Message.id)
            .where(Message.id.in_(chunk))
        )
        documents = [(i, _document(subject, people[i], text)) for i, subject, text in session.execute(query)]
        MESSAGE_SEARCH.remove(session, documents)
        session.execute(delete(Message).where(Message.id.in_(chunk)))
