"""One mail opened, and the conversation that it is part of, as far as the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.linking.receipt_store import is_open_to
from backend.mail.links import gmail_url
from backend.mail.quotes import split_reply
from backend.mail.shapes import Kind, Participant, Reply
from backend.mail.store.reading import participants_of
from backend.mail.tables import Conversation, Message, MessageAttachment, MessageBody
from backend.privacy.shapes import Sight
from backend.privacy.store.sight import seen_copies
from backend.timeline.shapes import Entry
from backend.timeline.store.chips import with_records
from backend.timeline.store.mails import MAIL_COLUMNS, mail_entries


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A part beside the text; the bytes stay at Gmail."""

    filename: str
    mime_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class OpenedMail:
    """A mail as the viewer may see it.

    `sharing` is how much that is: below everything there is neither `reply` (its text, divided) nor `attachments`,
    below subject no `subject`, below metadata no `people`. `is_own` says that a mailbox of the viewer's holds it,
    `is_granted` that its owner let them in; `mailboxes` name the holders that they may know of.
    """

    id: int
    conversation_id: int
    sent_at: datetime
    kind: Kind
    is_ours: bool
    people: tuple[Participant, ...]
    subject: str | None
    reply: Reply | None
    attachments: tuple[AttachmentView, ...]
    mailboxes: tuple[str, ...]
    gmail_url: str
    sharing: Sight
    is_own: bool
    is_granted: bool


def open_mail(session: Session, viewer: Actor, message_id: int) -> OpenedMail | None:
    """Return a mail; None where there is none that the viewer may know of."""
    where = (Message.workspace_id == viewer.workspace_id, Message.id == message_id, is_open_to(viewer))
    message = session.scalar(select(Message).where(*where))
    if message is None:
        return None
    seen = seen_copies(session, viewer, [message_id])[message_id]
    sight, own = seen.opened, seen.own
    is_open = sight is Sight.EVERYTHING
    return OpenedMail(
        id=message.id,
        conversation_id=message.conversation_id,
        sent_at=message.sent_at,
        kind=Kind(message.kind),
        is_ours=message.is_ours,
        people=_people(session, message_id) if sight.reaches(Sight.METADATA) else (),
        subject=message.subject if sight.reaches(Sight.SUBJECT) else None,
        reply=_reply(session, message_id) if is_open else None,
        attachments=tuple(_attachments(session, message_id)) if is_open else (),
        mailboxes=seen.names,
        gmail_url=gmail_url(own.address, own.gmail_id) if own else "",
        sharing=sight,
        is_own=own is not None,
        is_granted=seen.opened is not seen.sight,
    )


def _people(session: Session, message_id: int) -> tuple[Participant, ...]:
    return tuple(participants_of(session, [message_id])[message_id])


def _reply(session: Session, message_id: int) -> Reply:
    return split_reply(session.scalar(select(MessageBody.text).where(MessageBody.message_id == message_id)) or "")


def _attachments(session: Session, message_id: int) -> Sequence[AttachmentView]:
    a = MessageAttachment
    query = (
        select(a.filename, a.mime_type, a.size_bytes)
        .where(a.message_id == message_id, ~a.is_inline)
        .order_by(a.part_id)
    )
    return [AttachmentView(*row) for row in session.execute(query)]


def conversation(
    session: Session, viewer: Actor, conversation_id: int, *, after: tuple[datetime, int] | None, limit: int
) -> list[Entry]:
    """Return the mails of a conversation that the viewer may see, oldest first, from behind a (time, id) mark."""
    query = select(*MAIL_COLUMNS).where(
        Message.workspace_id == viewer.workspace_id, Message.conversation_id == conversation_id, is_open_to(viewer)
    )
    if after is not None:
        moment, message_id = after
        query = query.where(or_(Message.sent_at > moment, and_(Message.sent_at == moment, Message.id > message_id)))
    rows = session.execute(query.order_by(Message.sent_at, Message.id).limit(limit)).all()
    return with_records(session, mail_entries(session, viewer, rows))


def has_conversation(session: Session, viewer: Actor, conversation_id: int) -> bool:
    """Whether there is a conversation of which the viewer may see any mail."""
    query = select(Message.id).join(Conversation, Conversation.id == Message.conversation_id)
    where = (Conversation.workspace_id == viewer.workspace_id, Conversation.id == conversation_id, is_open_to(viewer))
    return session.scalar(query.where(*where).limit(1)) is not None
