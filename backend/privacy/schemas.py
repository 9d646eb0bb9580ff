"""What the API says of privacy."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, List, Nested, String
from apiflask.validators import OneOf

from backend.privacy.shapes import RequestState
from backend.web.fields import Id, Moment


class ThreadOut(Schema):
    """A conversation, and whether one keeps it to oneself."""

    conversation_id = Id()
    is_private = Boolean()


class RequestItem(Schema):
    """A colleague who asks to read a conversation of one's own, or whom one answered."""

    id = Id()
    asker = String()
    subject = String()
    address = String(metadata={"description": "the mailbox that holds it"})
    conversation_id = Id()
    asked_at = Moment()
    state = String(validate=OneOf(list(RequestState)))


class RequestList(Schema):
    """The latest hundred."""

    items = List(Nested(RequestItem))


class AnsweredOut(Schema):
    """What became of a request."""

    id = Id()
    state = String(validate=OneOf(list(RequestState)))
