"""What the API says of a leaver's belongings and their handover."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import AwareDateTime, Boolean, Dict, Integer, List, String

from backend.web.fields import Body, Id


class BelongingsOut(Schema):
    """What would change hands."""

    records = Dict(keys=String(), values=Integer(), metadata={"description": "by kind"})
    tasks = Integer(metadata={"description": "open ones"})
    mailboxes = List(String())
    mails = Integer(metadata={"description": "in these mailboxes"})
    private_mails = Integer(metadata={"description": "of them, those that stay closed to everybody"})


class HandoverIn(Body):
    """To whom; and whether the leaver may sign in no more."""

    heir_id = Id()
    keep_account = Boolean(load_default=False)


class HandoverOut(Schema):
    """A handover; ids by kind of thing."""

    id = Integer()
    leaver_id = Integer()
    heir_id = Integer()
    at = AwareDateTime()
    undone_at = AwareDateTime(allow_none=True)
    moved = Dict(keys=String(), values=List(Integer()), metadata={"description": "ids that changed hands"})
