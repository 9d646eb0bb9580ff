"""Activities in lists, page by page: what happened newest first, what is to be done most pressing first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from backend.accounts.tables import User
from backend.activities.shapes import ActivityKind
from backend.activities.tables import Activity, ActivityRecord
from backend.records.tables import Record


@dataclass(frozen=True, slots=True)
class AboutView:
    """A record that an activity is about."""

    kind: str
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class ActivityView:
    """A note, task, call or meeting; what does not belong to its kind is empty."""

    id: int
    kind: ActivityKind
    text: str
    owner_id: int
    owner_name: str
    at: datetime
    due_at: datetime | None
    done_at: datetime | None
    outcome: str
    minutes: int | None
    records: tuple[AboutView, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which activities of a kind; a page begins behind the row whose (time, id) is `after`.

    That time is a task's deadline, None where it has none, and otherwise when it happened.
    """

    kind: ActivityKind
    record_id: int | None = None
    owner_id: int | None = None
    is_done: bool | None = None
    after: tuple[datetime | None, int] | None = None
    limit: int = 50


def list_activities(session: Session, workspace_id: int, wanted: Wanted) -> list[ActivityView]:
    """Activities of a kind, one page."""
    query = _activities(workspace_id).where(Activity.kind == wanted.kind.value)
    if wanted.record_id is not None:
        about = select(ActivityRecord.activity_id).where(ActivityRecord.record_id == wanted.record_id)
        query = query.where(Activity.id.in_(about))
    if wanted.owner_id is not None:
        query = query.where(Activity.owner_id == wanted.owner_id)
    if wanted.is_done is not None:
        query = query.where(Activity.done_at.is_not(None) if wanted.is_done else Activity.done_at.is_(None))
    return _views(session, _paged(query, wanted))


def get_activity(session: Session, workspace_id: int, activity_id: int) -> ActivityView | None:
    """One activity of the workspace."""
    return next(iter(_views(session, _activities(workspace_id).where(Activity.id == activity_id))), None)


def place_of(seen: ActivityView) -> tuple[datetime | None, int]:
    """Return where a page ends that ends with this row."""
    return (seen.due_at if seen.kind is ActivityKind.TASK else seen.at), seen.id


def _activities(workspace_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Activity, User.name.label("owner_name"))
        .join(User, User.id == Activity.owner_id)
        .where(Activity.workspace_id == workspace_id)
    )


def _paged(query: Select[*tuple[Any, ...]], wanted: Wanted) -> Select[*tuple[Any, ...]]:
    is_task = wanted.kind is ActivityKind.TASK
    beyond = _later(wanted.after) if is_task else _earlier(wanted.after)
    if beyond is not None:
        query = query.where(beyond)
    query = query.order_by(Activity.due_at.asc().nulls_last() if is_task else Activity.at.desc())
    return query.order_by(Activity.id if is_task else Activity.id.desc()).limit(wanted.limit)


def _later(after: tuple[datetime | None, int] | None) -> ColumnElement[bool] | None:
    if after is None:
        return None
    moment, activity_id = after
    if moment is None:
        return and_(Activity.due_at.is_(None), Activity.id > activity_id)
    tied = and_(Activity.due_at == moment, Activity.id > activity_id)
    return or_(Activity.due_at > moment, Activity.due_at.is_(None), tied)


def _earlier(after: tuple[datetime | None, int] | None) -> ColumnElement[bool] | None:
    if after is None:
        return None
    moment, activity_id = after
    return or_(Activity.at < moment, and_(Activity.at == moment, Activity.id < activity_id))


def _views(session: Session, query: Select[*tuple[Any, ...]]) -> list[ActivityView]:
    rows = session.execute(query).all()
    records = _records(session, [row.Activity.id for row in rows])
    return [_view(row.Activity, row.owner_name, records[row.Activity.id]) for row in rows]


def _view(row: Activity, owner_name: str, records: Sequence[AboutView]) -> ActivityView:
    return ActivityView(
        id=row.id,
        kind=ActivityKind(row.kind),
        text=row.text,
        owner_id=row.owner_id,
        owner_name=owner_name,
        at=row.at,
        due_at=row.due_at,
        done_at=row.done_at,
        outcome=row.outcome,
        minutes=row.minutes,
        records=tuple(records),
    )


def _records(session: Session, activity_ids: Sequence[int]) -> dict[int, list[AboutView]]:
    found: dict[int, list[AboutView]] = defaultdict(list)
    record = Record.__table__.c
    query = (
        select(ActivityRecord.activity_id, record.kind, record.id, record.name)
        .join(Record.__table__, record.id == ActivityRecord.record_id)
        .where(ActivityRecord.activity_id.in_(activity_ids), record.deleted_at.is_(None))
        .order_by(record.id)
    )
    for activity_id, kind, record_id, name in session.execute(query):
        found[activity_id].append(AboutView(kind, record_id, name))
    return found
