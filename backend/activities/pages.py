"""Writing notes, calls and tasks down on a record's page, and ticking tasks off."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.activities import service
from backend.activities.rules import due_at
from backend.activities.shapes import ActivityKind, CallOutcome, NewActivity
from backend.kit.errors import UserError
from backend.kit.text import shorten
from backend.web.back import way_back
from backend.web.house import house
from backend.web.toasts import toast

SHOWN = 60

blueprint = Blueprint("activities", __name__, template_folder="templates")


@blueprint.post("/records/<int:record_id>/activities")
@needs()
def add(record_id: int) -> Response:
    """Write a note, call, meeting or task down about a record."""
    actor = current_actor()
    new = NewActivity(
        kind=_kind(),
        text=request.form.get("text", ""),
        record_ids=(record_id,),
        owner_id=actor.user_id,
        due_at=_due_at() if _kind() is ActivityKind.TASK else None,
        outcome=_outcome() if _kind() is ActivityKind.CALL else "",
    )
    with house().db.write() as session:
        service.add_activity(session, house().clock, actor.workspace_id, new)
    toast(gettext("Written down."))
    return redirect(way_back())


@blueprint.post("/tasks/<int:task_id>/done")
@needs()
def finish(task_id: int) -> Response:
    """Tick a task off; a tap on Undo opens it again."""
    with house().db.write() as session:
        task = service.finish_task(session, house().clock, current_actor().workspace_id, task_id)
        text = shorten(task.text, SHOWN)
    toast(gettext("Done: %(task)s", task=text), undo=f"/tasks/{task_id}/reopen")
    return redirect(way_back())


@blueprint.post("/tasks/<int:task_id>/reopen")
@needs()
def reopen(task_id: int) -> Response:
    """Take “done” back."""
    with house().db.write() as session:
        service.reopen_task(session, current_actor().workspace_id, task_id)
    return redirect(way_back())


def _kind() -> ActivityKind:
    try:
        return ActivityKind(request.form.get("kind", ""))
    except ValueError as error:
        raise UserError(gettext("Choose what it is: a note, a task, a call or a meeting.")) from error


def _outcome() -> str:
    outcome = request.form.get("outcome", "")
    return outcome if outcome in set(CallOutcome) else ""


def _due_at() -> datetime | None:
    """Read the day that was typed: due in the afternoon of the visitor's own zone. Raises `UserError`."""
    day = request.form.get("due", "")
    if not day:
        return None
    try:
        return due_at(date.fromisoformat(day), ZoneInfo(current_actor().timezone))
    except (ValueError, OverflowError) as error:
        raise UserError(gettext("That is not a date; write it as 2026-12-31.")) from error
