"""What the API says of sequences, people on the way and templates, and what it takes."""

from __future__ import annotations

import math
from typing import Any

from apiflask import Schema
from apiflask.fields import Boolean, Dict, List, Nested, Raw, String
from apiflask.validators import Length, OneOf

from backend.kit.text import clean
from backend.sequences.authoring.drafts import LONGEST_DESCRIPTION
from backend.sequences.changing.effects import Change
from backend.sequences.changing.migrating import Choice
from backend.sequences.people.enrolling import MOST_AT_ONCE
from backend.sequences.shapes import EnrolmentState, EventKind
from backend.sequences.texts.rules import LONGEST
from backend.web.fields import Body, Id, IdInAddress, Line, Moment, PageQuery, Text, Whole

LONGEST_NAME = 200
LONGEST_SUBJECT = 500


class Definition(Dict):
    """A definition as `definitions.dump` writes it; what no database stores is taken out of its texts."""

    def __init__(self, **kwargs: Any) -> None:
        description = "steps and habits, as reading a published sequence shows them; steps count from 0"
        super().__init__(keys=String(), metadata={"description": description}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        given: dict[str, Any] = super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]  # marshmallow's
        return {clean(key): _storable(each) for key, each in given.items()}


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): _storable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_storable(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class SequenceOut(Schema):
    """A sequence; the numbers are of one's own people, for managers of everybody's."""

    id = Id()
    name = String()
    description = String(metadata={"description": "what it is for; may be empty"})
    state = String(validate=OneOf(["draft", "in_use", "retired"]))
    number = Whole(metadata={"description": "the version that new enrolments get; 0: none published yet"})
    has_draft = Boolean(metadata={"description": "something is written that is not published"})
    made_by = String()
    created_at = Moment()
    on_the_way = Whole()
    paused = Whole()
    finished = Whole()
    stopped = Whole()
    replied = Whole()
    bounced = Whole()
    sent = Whole(metadata={"description": "mails"})


class SequenceFull(SequenceOut):
    """A sequence with what it says."""

    definition = Raw(allow_none=True, metadata={"description": "the published one; null: none yet"})
    draft = Raw(
        allow_none=True, metadata={"description": "the next one, as it is being written; null: nothing differs"}
    )


class SequencePage(Schema):
    """One page of sequences, the oldest first."""

    items = List(Nested(SequenceOut))
    next = String(attribute="next_cursor", allow_none=True, metadata={"description": "null: this was the last page"})


class SequenceQuery(PageQuery):
    """Which sequences."""

    q = Text(200, metadata={"description": "words in the name"})


class SequenceIn(Body):
    """A sequence to be made; nothing leaves before it is published."""

    name = Line(LONGEST_NAME, 1, required=True)
    description = Text(LONGEST_DESCRIPTION)
    definition = Definition()


class SequenceChange(Body):
    """What is to change; what is not named stays."""

    name = Line(LONGEST_NAME, 1)
    description = Text(LONGEST_DESCRIPTION)
    definition = Definition()
    is_retired = Boolean(metadata={"description": "nobody is enrolled any more; who is on the way goes on"})


class SingleChoice(Body):
    """What becomes of one person."""

    enrolment_id = Id(required=True)
    choice = String(required=True, validate=OneOf(list(Choice)))


class PublishIn(Body):
    """What becomes of those on the way: for all, and for single ones."""

    choice = String(
        validate=OneOf(list(Choice)), metadata={"description": "keep their version (the default), migrate, or stop"}
    )
    single = List(Nested(SingleChoice), validate=Length(max=MOST_AT_ONCE))


class FilledOut(Schema):
    """A mail as somebody would read it."""

    subject = String(metadata={"description": "empty: a reply, which keeps the thread's"})
    text = String()
    missing = List(String(), metadata={"description": "fields with nothing to say: it would not leave"})


class ComingOut(Schema):
    """Somebody's next mail."""

    place = Whole(metadata={"description": "its step, from 0"})
    at = Moment(allow_none=True, metadata={"description": "the soonest moment; null: once they are resumed"})
    mail = Nested(FilledOut)


class EffectOnPersonOut(Schema):
    """What changing over to the draft would mean for somebody on the way."""

    enrolment_id = Id()
    contact_id = Id()
    name = String()
    state = String(validate=OneOf(list(EnrolmentState)))
    place = Whole(metadata={"description": "the step before which they stand, from 0"})
    target = Whole(metadata={"description": "the step of the draft at which they would go on"})
    change = String(validate=OneOf(list(Change)))
    before = Nested(ComingOut, allow_none=True)
    after = Nested(ComingOut, allow_none=True)
    is_leaving = Boolean(metadata={"description": "a mail is leaving just now: they keep their version"})


class EffectPage(Schema):
    """One page of people on the way, those enrolled first first."""

    items = List(Nested(EffectOnPersonOut))
    next = String(attribute="next_cursor", allow_none=True, metadata={"description": "null: this was the last page"})


class VersionOut(Schema):
    """A version as it was published; it never changes."""

    number = Whole()
    definition = Raw()
    published_by = String()
    published_at = Moment()
    on_the_way = Whole(metadata={"description": "people who go on with it"})


class VersionList(Schema):
    """Every version, newest first."""

    items = List(Nested(VersionOut))


class EnrolmentOut(Schema):
    """Somebody on the way through a sequence, or past it."""

    id = Id()
    sequence_id = Id()
    sequence_name = String()
    contact_id = Id()
    name = String()
    email = String()
    user_id = Id(metadata={"description": "the rep whose it is"})
    rep = String()
    state = String(validate=OneOf(list(EnrolmentState)))
    reason = String(metadata={"description": "why it stands still or ended, in one word; may be empty"})
    step = Whole(metadata={"description": "the step to be done next, from 0"})
    version = Whole()
    run = Whole(metadata={"description": "from 1; higher where they go through it again"})
    next_at = Moment(allow_none=True)
    mail = String(metadata={"description": "claimed, drafted or sending while a mail is in the outbox; else empty"})
    held = String(metadata={"description": "why that mail waits; may be empty"})
    is_skipping = Boolean(metadata={"description": "the next mail is left out"})
    started_at = Moment()
    ended_at = Moment(allow_none=True)


class EnrolmentPage(Schema):
    """One page of people, those enrolled last first."""

    items = List(Nested(EnrolmentOut))
    next = String(attribute="next_cursor", allow_none=True, metadata={"description": "null: this was the last page"})


class EnrolmentQuery(PageQuery):
    """Which people: one's own, for managers everybody's."""

    sequence_id = IdInAddress()
    contact_id = IdInAddress()
    state = String(validate=OneOf(list(EnrolmentState)))
    reason = Line(40)


class EnrolIn(Body):
    """Whom to enrol: contacts by id, or addresses of contacts."""

    sequence_id = Id(required=True)
    contact_ids = List(Id(), load_default=list, validate=Length(max=MOST_AT_ONCE))
    emails = List(Line(320, 1), load_default=list, validate=Length(max=MOST_AT_ONCE))
    again = Boolean(load_default=False, metadata={"description": "also those who went through it before"})
    mailbox_id = Id(metadata={"description": "one of one's own; not given: the first"})
    deal_id = Id(metadata={"description": "what it is about; for one person"})


class RefusedOut(Schema):
    """Somebody who was not enrolled, and why."""

    contact_id = Id(allow_none=True, metadata={"description": "null: the address is nobody's"})
    email = String(metadata={"description": "the address that was given; empty: an id was"})
    reason = String()


class EnrolledOut(Schema):
    """What enrolling came to."""

    said = String(metadata={"description": "what came of it, in one sentence"})
    enrolled = Whole()
    enrolment_id = Id(allow_none=True, metadata={"description": "where one person was asked for and is in"})
    refused = List(Nested(RefusedOut))


class EnrolmentLineOut(Schema):
    """One thing that was done or left, and why."""

    at = Moment()
    kind = String(validate=OneOf(list(EventKind)))
    step = Whole(metadata={"description": "from 0"})
    reason = String()
    evidence = String(metadata={"description": "what it rests on: ids, never content"})
    message_id = Id(allow_none=True)
    subject = String(metadata={"description": "of the mail that left; may be empty"})


class EnrolmentLedgerOut(Schema):
    """Why, and why not: everything in its order."""

    items = List(Nested(EnrolmentLineOut))


class TemplateOut(Schema):
    """A template; both texts are Liquid."""

    id = Id()
    name = String()
    kind = String(validate=OneOf(["mail", "snippet"]))
    subject = String()
    body = String()
    is_html = Boolean()
    owner_id = Id(allow_none=True, metadata={"description": "null: the whole team's"})


class TemplatePage(Schema):
    """One page of templates, the oldest first."""

    items = List(Nested(TemplateOut))
    next = String(attribute="next_cursor", allow_none=True, metadata={"description": "null: this was the last page"})


class TemplateIn(Body):
    """A template to be written."""

    name = Line(LONGEST_NAME, 1, required=True)
    kind = String(load_default="mail", validate=OneOf(["mail", "snippet"]))
    subject = Line(LONGEST_SUBJECT, load_default="")
    body = Text(LONGEST, 1, required=True)
    is_html = Boolean(load_default=False)
    is_shared = Boolean(load_default=True, metadata={"description": "the team's, or one's own"})


class TemplateChange(Body):
    """What is to change; what is not named stays."""

    name = Line(LONGEST_NAME, 1)
    subject = Line(LONGEST_SUBJECT)
    body = Text(LONGEST, 1)
    is_html = Boolean()
    is_shared = Boolean()


class GoneOut(Schema):
    """It is gone."""

    id = Id()
