"""What the API says of what mail comes in, and takes about it."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, List, Nested, String
from apiflask.validators import OneOf
from marshmallow.validate import Length

from backend.privacy.service.policies import MOST_LABELS, MOST_MONTHS
from backend.privacy.shapes import ExclusionKind
from backend.sync.shapes import SkipReason
from backend.web.fields import Body, Id, IdInAddress, Line, Moment, Whole

_MONTHS = {"description": "before the day on which a mailbox was connected; null: no such limit"}
_OWN = {"description": "false: as the team's default has it; the rest then counts for nothing"}


class PolicyOut(Schema):
    """What comes in."""

    months = Whole(0, MOST_MONTHS, allow_none=True, metadata=_MONTHS)
    since = Moment(allow_none=True, metadata={"description": "nothing older; null: no such limit"})
    labels_in = List(String(), metadata={"description": "only mail with one of these Gmail labels; empty: all"})
    labels_out = List(String(), metadata={"description": "no mail with any of these Gmail labels"})
    is_known_only = Boolean(metadata={"description": "only mail with contacts"})
    keeps_internal = Boolean(metadata={"description": "also mail among colleagues"})


class PolicyIn(Body):
    """What is to come in."""

    is_own = Boolean(load_default=True, metadata=_OWN)
    months = Whole(0, MOST_MONTHS, allow_none=True, load_default=None, metadata=_MONTHS)
    since = Moment(allow_none=True, load_default=None)
    labels_in = List(Line(225, 1), load_default=list, validate=Length(max=MOST_LABELS // 2))
    labels_out = List(Line(225, 1), load_default=list, validate=Length(max=MOST_LABELS // 2))
    is_known_only = Boolean(load_default=False)
    keeps_internal = Boolean(load_default=True)


class PolicyShown(Schema):
    """The policy that was chosen; null: none, so the team's default holds."""

    policy = Nested(PolicyOut, allow_none=True)


class ExampleOut(Schema):
    """A mail that would go, of those that one may see."""

    subject = String()
    sender = String()
    sent_at = Moment()
    reason = String(validate=OneOf(list(SkipReason)))


class EffectOut(Schema):
    """What a change does to the mail of the last 90 days."""

    looked_at = Whole()
    mails = Whole(metadata={"description": "how many go"})
    people = Whole(metadata={"description": "who have no mail left in that time"})
    links = Whole()
    back = Whole(metadata={"description": "mails kept out so far that are fetched again, whatever their age"})
    examples = List(Nested(ExampleOut))


class ChosenOut(Schema):
    """A choice that was made; its number undoes it."""

    change_id = Id()


class ChangeOut(Schema):
    """A change that was undone."""

    change_id = Id(attribute="id")
    undone_at = Moment()


class ExclusionQuery(Schema):
    """Whose exclusions."""

    mailbox_id = IdInAddress(metadata={"description": "one's own mailbox; without it the team's"})


class ExclusionIn(Body):
    """Whose mail is to stay out."""

    kind = String(required=True, validate=OneOf(list(ExclusionKind)))
    value = Line(320, 3, required=True, metadata={"description": "an address or a domain"})
    mailbox_id = Id(allow_none=True, load_default=None, metadata={"description": "null: for the whole team"})


class ExclusionOut(Schema):
    """An exclusion that was made."""

    id = Id()
    value = String()


class RemovedOut(Schema):
    """An exclusion that is gone."""

    id = Id()


class ExclusionItem(Schema):
    """Whose mail stays out."""

    id = Id()
    mailbox_id = Id(allow_none=True)
    kind = String(validate=OneOf(list(ExclusionKind)))
    value = String()
    created_at = Moment()


class ExclusionList(Schema):
    """All of them, by name."""

    items = List(Nested(ExclusionItem))
