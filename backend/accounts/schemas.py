"""What the API says of users, mailboxes and keys."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import AwareDateTime, Integer, List, Nested, String
from apiflask.validators import OneOf

from backend.accounts.shapes import MailboxStatus, Role, Sharing
from backend.web.fields import Body


class UserOut(Schema):
    """A person of the team."""

    id = Integer()
    email = String()
    name = String()
    role = String(validate=OneOf(list(Role)))
    locale = String()
    timezone = String(metadata={"description": "IANA time zone"})
    created_at = AwareDateTime()
    disabled_at = AwareDateTime(allow_none=True)


class MailboxOut(Schema):
    """A mailbox; its grant is never shown."""

    id = Integer()
    user_id = Integer()
    address = String()
    status = String(validate=OneOf(list(MailboxStatus)))
    status_reason = String()
    sharing = String(validate=OneOf(list(Sharing)))
    created_at = AwareDateTime()


class MailboxChange(Body):
    """What may be changed of a mailbox."""

    sharing = String(validate=OneOf(list(Sharing)))
    status = String(validate=OneOf([MailboxStatus.ACTIVE, MailboxStatus.PAUSED]))


class ApiKeyOut(Schema):
    """An API key by its readable beginning; the key itself was shown once, when it was made."""

    id = Integer()
    user_id = Integer()
    name = String()
    prefix = String()
    created_at = AwareDateTime()


# APIFlask describes a schema twice that it meets inside another before it meets it alone; so lists have their own.
class UserItem(UserOut):
    """A person in a list."""


class UserPage(Schema):
    """One page of users."""

    items = List(Nested(UserItem))
    next = String(attribute="next_cursor", allow_none=True, metadata={"description": "null: this was the last page"})


class ApiKeyList(Schema):
    """All keys that are good."""

    items = List(Nested(ApiKeyOut))
