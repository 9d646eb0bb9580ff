"""What the API says of results."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import AwareDateTime, Boolean, Dict, Enum, Integer, List, Nested, String

from backend.sequences.results.shapes import By
from backend.sequences.shapes import EventKind
from backend.web.fields import IdInAddress, Moment


class ResultsQuery(Schema):
    """Which mails: sent from `since` on and before `until`; without them the last 90 days."""

    by = Enum(By, by_value=True, load_default=By.SEQUENCE)
    since = Moment()
    until = Moment()
    sequence_id = IdInAddress(metadata={"description": "of this sequence or campaign"})
    user_id = IdInAddress(metadata={"description": "from this colleague's mailboxes; for managers"})


class TallyOut(Schema):
    """Counts of mails by what came of them; /results says what each means."""

    sent = Integer()
    replied = Integer()
    bounced = Integer()
    unsubscribed = Integer()
    meetings = Integer()
    deals = Integer()
    won = Integer()
    revenue = Dict(keys=String(), values=Integer(), metadata={"description": "in the smallest unit, by currency"})


class LineOut(Schema):
    """One line. `version` counts from 1, `step` and `variant` from 0."""

    id = Integer(allow_none=True)
    name = String()
    detail = String()
    version = Integer(allow_none=True)
    step = Integer(allow_none=True)
    variant = Integer(allow_none=True)
    is_ahead = Boolean(metadata={"description": "more replies than other wordings, hardly by chance"})
    tally = Nested(TallyOut)


class ResultsOut(Schema):
    """Results in lines, most mails first, and their sum."""

    items = List(Nested(LineOut))
    total = Nested(TallyOut)


class LedgerLineOut(Schema):
    """One thing that was done or left; `message_id` and `task_id` are what it rests on."""

    at = AwareDateTime()
    kind = Enum(EventKind, by_value=True)
    step = Integer()
    reason = String()
    evidence = String()
    message_id = Integer(allow_none=True)
    task_id = Integer(allow_none=True)
    subject = String()
    who = String()


class JourneyOut(Schema):
    """An enrolment in a sequence or campaign, with its ledger."""

    enrolment_id = Integer()
    sequence = String()
    state = String()
    reason = String()
    started_at = AwareDateTime()
    ended_at = AwareDateTime(allow_none=True)
    lines = List(Nested(LedgerLineOut))


class BarredOut(Schema):
    """An address to which nothing is sent any more."""

    email = String()
    ground = String()
    evidence = String()
    at = AwareDateTime()


class OmittedOut(Schema):
    """A campaign that left the person out."""

    campaign = String()
    reason = String()
    evidence = String()
    at = AwareDateTime()


class PersonLedgerOut(Schema):
    """Why, and why not, for one person; `hidden`: enrolments by colleagues that are not told."""

    barred = List(Nested(BarredOut))
    omitted = List(Nested(OmittedOut))
    journeys = List(Nested(JourneyOut))
    hidden = Integer()
