"""What the API says and takes of campaigns."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import AwareDateTime, Boolean, Enum, Integer, List, Nested, String

from backend.sequences.campaigns.shapes import Stand
from backend.sequences.texts.rules import LONGEST
from backend.web.fields import Body, Id, Line, PageQuery, Text

_MOST_ADDRESSES = 10_000


class CampaignFilter(Body):
    """Contacts that match all of it; an empty one: every contact."""

    words = Line(200, load_default="")
    owner_id = Id(allow_none=True, load_default=None)
    company_id = Id(allow_none=True, load_default=None)


class CampaignChange(Body):
    """What can be changed of a draft. `addresses` take the place of the filter."""

    subject = Line(500)
    body = Text(LONGEST, metadata={"description": "Liquid"})
    is_html = Boolean()
    template_id = Id(allow_none=True, metadata={"description": "the template that the text was begun with"})
    filter = Nested(CampaignFilter)
    addresses = List(Line(320), validate=lambda given: len(given) <= _MOST_ADDRESSES)
    is_bold = Boolean(metadata={"description": "also to those with whom a colleague wrote in the last two weeks"})


class CampaignIn(CampaignChange):
    """A campaign to be begun; nothing leaves before it is started."""

    name = Line(200, required=True)


class AudienceOut(Schema):
    """Whom it goes to; `contact_ids` null: those that the filter finds."""

    words = String()
    owner_id = Integer(allow_none=True)
    company_id = Integer(allow_none=True)
    contact_ids = List(Integer(), allow_none=True)
    strangers = List(String(), attribute="unknown", metadata={"description": "addresses that belong to no contact"})
    is_bold = Boolean()


class CampaignOut(Schema):
    """A campaign. `left`: people whose mail is still to leave."""

    id = Integer()
    name = String()
    user_id = Integer()
    user_name = String()
    stand = Enum(Stand, by_value=True)
    subject = String(attribute="text.subject")
    body = String(attribute="text.body")
    is_html = Boolean(attribute="text.is_html")
    template_id = Integer(attribute="text.template_id", allow_none=True)
    audience = Nested(AudienceOut)
    created_at = AwareDateTime()
    started_at = AwareDateTime(allow_none=True)
    people = Integer()
    left = Integer()
    sent = Integer()
    left_out = Integer()


class CampaignPage(Schema):
    """One page of campaigns, the youngest first."""

    items = List(Nested(CampaignOut))
    next_cursor = String(allow_none=True)


class CampaignQuery(PageQuery):
    """Which page."""


class LeftOutOut(Schema):
    """Somebody who gets nothing, and why."""

    contact_id = Integer()
    name = String()
    reason = String()
    evidence = String()


class CheckOut(Schema):
    """Who would get a draft, who would not, and until about when."""

    fit = Integer()
    left_out = List(Nested(LeftOutOut))
    first_at = AwareDateTime(allow_none=True)
    last_at = AwareDateTime(allow_none=True)
    days = Integer(allow_none=True)


class CampaignGone(Schema):
    """A draft that was thrown away."""

    id = Integer()
