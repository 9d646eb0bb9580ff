"""Notes, tasks, calls and meetings over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import Made, once
from backend.accounts.store import get_user
from backend.activities import service
from backend.activities.list_store import ActivityView, Wanted, get_activity, list_activities, place_of
from backend.activities.schemas import (
    ActivityQuery,
    CallIn,
    CallOut,
    CallPage,
    MeetingIn,
    MeetingOut,
    MeetingPage,
    NoteIn,
    NoteOut,
    NotePage,
    TaskIn,
    TaskOut,
    TaskPage,
    TaskQuery,
)
from backend.activities.shapes import ActivityKind, NewActivity
from backend.web.house import house
from backend.web.pagination import Page, cut_page, decode_cursor

blueprint = APIBlueprint("activities_api", __name__, url_prefix="/api/v1", tag="Activities")

Query = Mapping[str, Any]

_IS_DONE = {"open": False, "done": True, "all": None}


@blueprint.get("/tasks")
@needs()
@blueprint.input(TaskQuery, location="query")
@blueprint.output(TaskPage)
def list_tasks(query_data: Query) -> Page[ActivityView]:
    """List tasks, most pressing first: one's own open ones, unless asked otherwise."""
    mine = None if query_data["owner"] == "everybody" else current_actor().user_id
    wanted = replace(_wanted(ActivityKind.TASK, query_data), is_done=_IS_DONE[query_data["state"]])
    return _fetch(replace(wanted, owner_id=wanted.owner_id or mine))


@blueprint.post("/tasks")
@needs()
@blueprint.input(TaskIn)
@blueprint.output(TaskOut, status_code=201)
@once(TaskOut)
def add_task(session: Session, json_data: Query) -> Made:
    """Set a task, for oneself or for a colleague."""
    return _add(session, ActivityKind.TASK, json_data)


@blueprint.post("/tasks/<int:task_id>/done")
@needs()
@blueprint.output(TaskOut)
@once(TaskOut, 200)
def finish_task(session: Session, task_id: int) -> Made:
    """Tick a task off; done already, it stays as it is."""
    service.finish_task(session, house().clock, current_actor().workspace_id, task_id)
    return _show(session, task_id)


@blueprint.post("/tasks/<int:task_id>/reopen")
@needs()
@blueprint.output(TaskOut)
@once(TaskOut, 200)
def reopen_task(session: Session, task_id: int) -> Made:
    """Take “done” back."""
    service.reopen_task(session, current_actor().workspace_id, task_id)
    return _show(session, task_id)


@blueprint.get("/notes")
@needs()
@blueprint.input(ActivityQuery, location="query")
@blueprint.output(NotePage)
def list_notes(query_data: Query) -> Page[ActivityView]:
    """List notes, newest first."""
    return _fetch(_wanted(ActivityKind.NOTE, query_data))


@blueprint.post("/notes")
@needs()
@blueprint.input(NoteIn)
@blueprint.output(NoteOut, status_code=201)
@once(NoteOut)
def add_note(session: Session, json_data: Query) -> Made:
    """Write a note about records."""
    return _add(session, ActivityKind.NOTE, json_data)


@blueprint.get("/calls")
@needs()
@blueprint.input(ActivityQuery, location="query")
@blueprint.output(CallPage)
def list_calls(query_data: Query) -> Page[ActivityView]:
    """List calls, newest first."""
    return _fetch(_wanted(ActivityKind.CALL, query_data))


@blueprint.post("/calls")
@needs()
@blueprint.input(CallIn)
@blueprint.output(CallOut, status_code=201)
@once(CallOut)
def add_call(session: Session, json_data: Query) -> Made:
    """Log a call and how it ended."""
    return _add(session, ActivityKind.CALL, json_data)


@blueprint.get("/meetings")
@needs()
@blueprint.input(ActivityQuery, location="query")
@blueprint.output(MeetingPage)
def list_meetings(query_data: Query) -> Page[ActivityView]:
    """List meetings, newest first."""
    return _fetch(_wanted(ActivityKind.MEETING, query_data))


@blueprint.post("/meetings")
@needs()
@blueprint.input(MeetingIn)
@blueprint.output(MeetingOut, status_code=201)
@once(MeetingOut)
def add_meeting(session: Session, json_data: Query) -> Made:
    """Log a meeting."""
    return _add(session, ActivityKind.MEETING, json_data)


def _wanted(kind: ActivityKind, query: Query) -> Wanted:
    after: Any = None
    if "cursor" in query:
        after = decode_cursor(query["cursor"], datetime, int)
    return Wanted(
        kind, record_id=query.get("record_id"), owner_id=query.get("owner_id"), after=after, limit=query["limit"] + 1
    )


def _fetch(wanted: Wanted) -> Page[ActivityView]:
    with house().db.read() as session:
        found = list_activities(session, current_actor().workspace_id, wanted)
    return cut_page(found, wanted.limit - 1, place_of)


def _add(session: Session, kind: ActivityKind, given: Query) -> Made:
    """Write it down. Raises `NotFoundError` for a record or an owner of another team's."""
    actor = current_actor()
    owner = get_user(session, actor.workspace_id, given.get("owner_id", actor.user_id))
    fields = {**given, "owner_id": owner.id, "record_ids": tuple(given["record_ids"])}
    activity = service.add_activity(session, house().clock, actor.workspace_id, NewActivity(kind=kind, **fields))
    return _show(session, activity.id)


def _show(session: Session, activity_id: int) -> Made:
    session.flush()
    return get_activity(session, current_actor().workspace_id, activity_id), {}
