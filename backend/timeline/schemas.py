"""What the API says of what happened, and of mail."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, List, Nested, String
from apiflask.validators import OneOf

from backend.mail.shapes import Kind, Role
from backend.privacy.shapes import Sight
from backend.records.shapes import RecordKind
from backend.timeline.shapes import EntryKind
from backend.web.fields import Id, IdInAddress, Line, Moment, PageQuery, Whole


class ChipOut(Schema):
    """A record that something belongs to."""

    kind = String(validate=OneOf(list(RecordKind)))
    id = Id()
    name = String()


class EntryOut(Schema):
    """Something that happened."""

    kind = String(validate=OneOf(list(EntryKind)))
    id = Id(metadata={"description": "unique within the kind"})
    at = Moment()
    who = String(metadata={"description": "who did it"})
    to = List(String(), metadata={"description": "whom a mail went to, the first three"})
    title = String(
        allow_none=True, metadata={"description": "a mail's subject or a stage's name; null where it is not shared"}
    )
    text = String(metadata={"description": "a mail's beginning, or the whole of a note"})
    is_ours = Boolean(metadata={"description": "whether the team acted"})
    message_id = Id(allow_none=True)
    conversation_id = Id(allow_none=True)
    attachment_count = Whole()
    mailboxes = List(String(), metadata={"description": "whose mailboxes hold the mail"})
    gmail_url = String(metadata={"description": "opens one's own copy; empty where one has none"})
    due_at = Moment(allow_none=True)
    done_at = Moment(allow_none=True)
    minutes = Whole(allow_none=True)
    detail = String(metadata={"description": "how a call ended, or which stage a deal came from"})
    records = List(Nested(ChipOut))
    sharing = String(
        attribute="sight", validate=OneOf(list(Sight)), metadata={"description": "how much of a mail this shows"}
    )


class EntryPage(Schema):
    """One page of what happened."""

    items = List(Nested(EntryOut))
    next = String(attribute="next_cursor", allow_none=True, metadata={"description": "null: this was the last page"})


class TimelineQuery(PageQuery):
    """Which entries."""

    kind = List(String(validate=OneOf(list(EntryKind))), metadata={"description": "repeat it for several kinds"})
    user_id = IdInAddress(metadata={"description": "what this colleague took part in"})
    since = Moment(metadata={"description": "from this moment on"})
    until = Moment(metadata={"description": "before this moment"})
    q = Line(200, metadata={"description": "words in mail and notes"})


class ParticipantOut(Schema):
    """Somebody in a mail's headers."""

    role = String(validate=OneOf(list(Role)))
    name = String(attribute="address.name")
    email = String(attribute="address.email")


class AttachmentOut(Schema):
    """A file that came along; its bytes stay at Gmail."""

    filename = String()
    mime_type = String()
    size_bytes = Whole()


class MailOut(Schema):
    """A mail, as far as its owner shares it."""

    id = Id()
    conversation_id = Id()
    sent_at = Moment()
    kind = String(validate=OneOf(list(Kind)))
    is_ours = Boolean()
    people = List(Nested(ParticipantOut))
    subject = String(allow_none=True)
    text = String(attribute="reply.text", dump_default=None, allow_none=True, metadata={"description": "what is new"})
    quoted = String(attribute="reply.quoted", dump_default=None, allow_none=True)
    signature = String(attribute="reply.signature", dump_default=None, allow_none=True)
    attachments = List(Nested(AttachmentOut))
    mailboxes = List(String(), metadata={"description": "whose mailboxes hold it"})
    gmail_url = String()
    sharing = String(
        validate=OneOf(list(Sight)), metadata={"description": "how much of it you may see; your own is everything"}
    )
    is_own = Boolean()
    is_granted = Boolean(metadata={"description": "whether its owner let you in; each look is logged"})


class AskedOut(Schema):
    """How many owners were asked to let one read a conversation."""

    conversation_id = Id()
    asked = Whole()
