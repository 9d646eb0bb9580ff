"""Activities in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.activities.shapes import NewActivity, Task
from backend.activities.tables import Activity, ActivityRecord
from backend.kit.text import clean
from backend.records.tables import Record


def find_activity(session: Session, workspace_id: int, activity_id: int) -> Activity | None:
    """An activity of the workspace."""
    return session.scalar(select(Activity).where(Activity.workspace_id == workspace_id, Activity.id == activity_id))


def find_same(session: Session, workspace_id: int, new: NewActivity, since: datetime) -> Activity | None:
    """The same thing about the same records, written down by the same person no earlier than `since`: a repetition."""
    query = select(Activity).where(
        Activity.workspace_id == workspace_id,
        Activity.owner_id == new.owner_id,
        Activity.kind == new.kind.value,
        Activity.text == clean(new.text).strip(),
        Activity.outcome == new.outcome,
        Activity.due_at.is_not_distinct_from(new.due_at),
        Activity.at >= since,
    )
    for record_id in new.record_ids:
        about = select(ActivityRecord.activity_id).where(ActivityRecord.record_id == record_id)
        query = query.where(Activity.id.in_(about))
    return session.scalar(query.order_by(Activity.id).limit(1))


def open_tasks_of_owner(session: Session, workspace_id: int, owner_id: int, limit: int = 50) -> list[Task]:
    """What somebody has to do, the most pressing first; tasks without a deadline last."""
    query = _open_tasks(workspace_id).where(Activity.owner_id == owner_id).limit(limit)
    return _tasks(session, query)


def open_tasks_of_record(session: Session, workspace_id: int, record_id: int, limit: int = 20) -> list[Task]:
    """What is to be done about a record."""
    about = select(ActivityRecord.activity_id).where(ActivityRecord.record_id == record_id)
    return _tasks(session, _open_tasks(workspace_id).where(Activity.id.in_(about)).limit(limit))


def _open_tasks(workspace_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Activity)
        .where(Activity.workspace_id == workspace_id, Activity.kind == "task", Activity.done_at.is_(None))
        .order_by(Activity.due_at.asc().nulls_last(), Activity.id)
    )


def _tasks(session: Session, query: Select[*tuple[Any, ...]]) -> list[Task]:
    rows = list(session.scalars(query))
    records = _records(session, [row.id for row in rows])
    return [Task(r.id, r.text, r.owner_id, r.due_at, r.done_at, tuple(records[r.id])) for r in rows]


def _records(session: Session, activity_ids: Sequence[int]) -> dict[int, list[tuple[int, str, str]]]:
    found: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    record = Record.__table__.c
    query = (
        select(ActivityRecord.activity_id, record.id, record.kind, record.name)
        .join(Record.__table__, record.id == ActivityRecord.record_id)
        .where(ActivityRecord.activity_id.in_(activity_ids), record.deleted_at.is_(None))
        .order_by(record.id)
    )
    for activity_id, i, kind, name in session.execute(query):
        found[activity_id].append((i, kind, name))
    return found
