"""What the API says of notes, tasks, calls and meetings, and what it takes."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import List, Nested, String
from apiflask.validators import Length, OneOf

from backend.activities.service import LONGEST_TEXT
from backend.activities.shapes import CallOutcome
from backend.records.shapes import RecordKind
from backend.web.fields import Body, Id, IdInAddress, Moment, PageQuery, Text, Whole

MOST_RECORDS = 50
MOST_MINUTES = 24 * 60


class AboutOut(Schema):
    """A record that it is about."""

    kind = String(validate=OneOf(list(RecordKind)))
    id = Id()
    name = String()


class NoteOut(Schema):
    """Something written down."""

    id = Id()
    text = String()
    owner_id = Id(metadata={"description": "who wrote it, or has to do it"})
    owner_name = String()
    at = Moment()
    records = List(Nested(AboutOut))


class MeetingOut(NoteOut):
    """A meeting that took place."""

    minutes = Whole(allow_none=True)


class CallOut(MeetingOut):
    """A call and how it ended."""

    outcome = String(metadata={"description": "connected, voicemail, no_answer or busy; may be empty"})


class TaskOut(NoteOut):
    """Something to be done."""

    due_at = Moment(allow_none=True)
    done_at = Moment(allow_none=True)


class _Page(Schema):
    next = String(attribute="next_cursor", allow_none=True, metadata={"description": "null: this was the last page"})


class NotePage(_Page):
    """One page of notes, newest first."""

    items = List(Nested(NoteOut))


class MeetingPage(_Page):
    """One page of meetings, newest first."""

    items = List(Nested(MeetingOut))


class CallPage(_Page):
    """One page of calls, newest first."""

    items = List(Nested(CallOut))


class TaskPage(_Page):
    """One page of tasks, most pressing first."""

    items = List(Nested(TaskOut))


class ActivityQuery(PageQuery):
    """Which ones."""

    record_id = IdInAddress(metadata={"description": "about this contact, company or deal"})
    owner_id = IdInAddress()


class TaskQuery(PageQuery):
    """Which tasks; one's own unless `owner` is everybody or an id is given."""

    record_id = IdInAddress(metadata={"description": "about this contact, company or deal"})
    owner_id = IdInAddress()
    owner = String(load_default="me", validate=OneOf(["me", "everybody"]))
    state = String(load_default="open", validate=OneOf(["open", "done", "all"]))


class NoteIn(Body):
    """Something to be written down."""

    text = Text(LONGEST_TEXT, 1, required=True)
    record_ids = List(
        Id(), load_default=list, validate=Length(max=MOST_RECORDS), metadata={"description": "about which records"}
    )


class MeetingIn(NoteIn):
    """A meeting that took place; without `at` just now."""

    at = Moment()
    minutes = Whole(0, MOST_MINUTES, allow_none=True)


class CallIn(MeetingIn):
    """A call and how it ended."""

    outcome = String(validate=OneOf(["", *CallOutcome]))


class TaskIn(NoteIn):
    """Something to be done, by oneself unless `owner_id` says otherwise."""

    due_at = Moment(allow_none=True)
    owner_id = Id()
