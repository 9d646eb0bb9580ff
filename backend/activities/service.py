"""Writing activities down, and finishing tasks. Nothing here commits."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from backend.activities import store
from backend.activities.shapes import ActivityKind, NewActivity
from backend.activities.tables import Activity, ActivityRecord
from backend.kit.clock import Clock
from backend.kit.errors import NotFoundError, UserError
from backend.kit.text import clean
from backend.records.service import require
from backend.records.tables import Record

LONGEST_TEXT = 20_000


def add_activity(session: Session, clock: Clock, workspace_id: int, new: NewActivity) -> Activity:
    """Write something down about records. Raises `UserError` without a text, `NotFoundError` for a foreign record."""
    text = clean(new.text).strip()
    if not text:
        raise UserError("The text is missing; write what it is about.")
    if len(text) > LONGEST_TEXT:
        raise UserError(
            "The text is longer than %(longest_text)s characters; shorten it, nothing was saved.",
            longest_text=LONGEST_TEXT,
        )
    for record_id in new.record_ids:
        require(session, workspace_id, record_id, Record)
    activity = Activity(
        workspace_id=workspace_id,
        kind=new.kind.value,
        owner_id=new.owner_id,
        text=text,
        at=new.at or clock.now(),
        due_at=new.due_at,
        done_at=new.done_at,
        outcome=new.outcome,
        minutes=new.minutes,
    )
    session.add(activity)
    session.flush()
    session.add_all(ActivityRecord(record_id=i, activity_id=activity.id) for i in dict.fromkeys(new.record_ids))
    session.flush()
    return activity


def finish_task(session: Session, clock: Clock, workspace_id: int, task_id: int) -> Activity:
    """Mark a task done; done already, it stays as it is. Raises `NotFoundError`."""
    task = _task(session, workspace_id, task_id)
    task.done_at = task.done_at or clock.now()
    return task


def reopen_task(session: Session, workspace_id: int, task_id: int) -> Activity:
    """Take "done" back. Raises `NotFoundError`."""
    task = _task(session, workspace_id, task_id)
    task.done_at = None
    return task


def remove_activity(session: Session, workspace_id: int, activity_id: int) -> None:
    """Take back what was written down; where it is gone already, nothing happens."""
    activity = store.find_activity(session, workspace_id, activity_id)
    if activity is not None:
        session.execute(delete(ActivityRecord).where(ActivityRecord.activity_id == activity_id))
        session.delete(activity)
        session.flush()


def _task(session: Session, workspace_id: int, task_id: int) -> Activity:
    task = store.find_activity(session, workspace_id, task_id)
    if task is None or task.kind != ActivityKind.TASK:
        raise NotFoundError("That task is not here; it may have been deleted.")
    return task
