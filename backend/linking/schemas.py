"""What the API says of links and takes about them."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, Dict, List, Nested, String
from apiflask.validators import OneOf
from marshmallow import ValidationError, validates_schema

from backend.linking.shapes import Reason, Rule, Scope
from backend.records.shapes import RecordKind
from backend.web.fields import Body, Id, IdInAddress, Line, Moment, Whole


class LinkOut(Schema):
    """A link that holds: to which record, by which rule, on what evidence."""

    record_id = Id()
    kind = String(validate=OneOf(list(RecordKind)))
    name = String()
    rule = String(validate=OneOf(list(Rule)))
    why = String(metadata={"description": "the rule in words"})
    evidence = Dict(keys=String())


class RejectedOut(Schema):
    """A candidate that lost."""

    name = String()
    why = String()
    evidence = Dict(keys=String())


class ReceiptOut(Schema):
    """Why a mail is linked as it is."""

    message_id = Id()
    conversation_id = Id()
    reason = String(validate=OneOf(list(Reason)), metadata={"description": "why it is linked to nothing; else empty"})
    why = String(metadata={"description": "the reason in words"})
    links = List(Nested(LinkOut))
    rejected = List(Nested(RejectedOut))
    decided_at = Moment()


class ReceiptQuery(Schema):
    """Which mail."""

    message_id = IdInAddress(required=True)


class LinkIn(Body):
    """A link to be made by hand."""

    message_id = Id(required=True)
    record_id = Id(required=True)


class UnlinkIn(LinkIn):
    """A link to be taken back, and how far that reaches."""

    scope = String(load_default=Scope.MAIL.value, validate=OneOf(list(Scope)))
    address = Line(320, metadata={"description": "whose mail, for address and domain; without it the sender's"})


class VetoOut(Schema):
    """An undo: no rule makes that link again until it is lifted."""

    veto_id = Id()
    scope = String(validate=OneOf(list(Scope)))
    value = String(metadata={"description": "message id, conversation id, address key or domain"})
    mails = Whole(metadata={"description": "how many mails were linked and are not any more"})


class LiftedOut(Schema):
    """What lifting an undo concerned."""

    mails = Whole()


class RelinkIn(Body):
    """Whose mail to decide afresh: exactly one of the three."""

    record_id = Id()
    address = Line(254, 3)
    domain = Line(253, 3)

    @validates_schema
    def has_one(self, data: dict[str, object], **_kwargs: object) -> None:
        """Refuse none and several."""
        if len(data) != 1:
            raise ValidationError("Name exactly one of record_id, address and domain.")

    class Meta(Body.Meta):
        """Say the same in the specification."""

        min_properties = max_properties = 1


class CandidateOut(Schema):
    """A deal that claims a conversation; `score` from 0 to 100."""

    deal_id = Id()
    score = Whole(0, 100)
    evidence = Dict(keys=String())


class QuestionOut(Schema):
    """A conversation that several deals claim alike."""

    conversation_id = Id()
    message_id = Id(metadata={"description": "its latest mail"})
    subject = String()
    sender_name = String()
    sent_at = Moment()
    candidates = List(Nested(CandidateOut), metadata={"description": "best first"})


class QuestionList(Schema):
    """Open questions about one's own conversations, latest first."""

    items = List(Nested(QuestionOut))


class AnswerIn(Body):
    """Which deal a conversation is about; null: none of those."""

    deal_id = Id(required=True, allow_none=True)


class UnlinkedOut(Schema):
    """A mail that belongs to nothing yet."""

    message_id = Id()
    sender_name = String()
    sender_email = String()
    subject = String()
    snippet = String()
    sent_at = Moment()
    reason = String(validate=OneOf(list(Reason)))


class UnlinkedPage(Schema):
    """One page of unlinked mail in one's own mailboxes, newest first."""

    items = List(Nested(UnlinkedOut))
    next = String(attribute="next_cursor", allow_none=True)


class AdoptIn(Body):
    """A mail whose writer becomes a contact."""

    message_id = Id(required=True)


class AdoptedOut(Schema):
    """The contact that was made of a mail, with how much of its history was linked."""

    contact_id = Id()
    name = String()
    batch_id = Id(metadata={"description": "POST /links/relink/{batch_id}/undo takes the links back"})
    links = Whole()


class MergeIn(Body):
    """The duplicate, which goes."""

    lost_id = Id(data_key="from", required=True)


class MergeQuery(Schema):
    """Whether to merge, or only to say what would move."""

    preview = Boolean(load_default=False)


class MergeOut(Schema):
    """What moved, or would move, to the record that is kept."""

    merge_id = Id(allow_none=True, metadata={"description": "POST /merges/{id}/undo undoes it; null: a preview"})
    kept_id = Id()
    lost_id = Id()
    mails = Whole(metadata={"description": "mails that were linked to the lost record"})
    addresses = Whole()
    domains = Whole()
    people = Whole(metadata={"description": "contacts who work at the lost company"})
    deals = Whole()
    activities = Whole()
    filled = List(
        String(),
        attribute="fields",
        metadata={"description": "empty fields of the kept record that the lost one fills"},
    )
