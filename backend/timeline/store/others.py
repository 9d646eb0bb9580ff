"""Notes, tasks, calls, meetings and stage changes in the timeline."""

from __future__ import annotations

from heapq import merge

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from backend.accounts.shapes import Actor
from backend.accounts.tables import User
from backend.activities.tables import Activity, ActivityRecord
from backend.records.tables import Deal, Stage, StageChange
from backend.timeline.shapes import Entry, EntryKind, Wanted
from backend.timeline.store.order import ACTIVITIES, beyond, position, within


def activities(session: Session, viewer: Actor, wanted: Wanted) -> list[Entry]:
    """Return the newest page of notes, tasks, calls and meetings."""
    kinds = wanted.kinds & ACTIVITIES
    found: list[list[Entry]] = [_activities_of(session, viewer, wanted, kind) for kind in EntryKind if kind in kinds]
    return list(merge(*found, key=position))


def _activities_of(session: Session, viewer: Actor, wanted: Wanted, kind: EntryKind) -> list[Entry]:
    query = (
        select(Activity, User.name.label("owner_name"))
        .join(User, User.id == Activity.owner_id)
        .where(
            Activity.workspace_id == viewer.workspace_id,
            Activity.kind == kind.value,
            beyond(wanted.after, kind, Activity.at, Activity.id),
            *within(wanted, Activity.at),
        )
        .order_by(Activity.at.desc(), Activity.id.desc())
        .limit(wanted.limit)
    )
    if wanted.record_id is not None:
        about = select(ActivityRecord.activity_id).where(ActivityRecord.record_id == wanted.record_id)
        query = query.where(Activity.id.in_(about))
    if wanted.user_id is not None:
        query = query.where(Activity.owner_id == wanted.user_id)
    for word in wanted.words.split():
        query = query.where(Activity.text.icontains(word, autoescape=True))
    return [_activity_entry(kind, row.Activity, row.owner_name) for row in session.execute(query)]


def _activity_entry(kind: EntryKind, row: Activity, owner_name: str) -> Entry:
    return Entry(
        kind=kind,
        id=row.id,
        at=row.at,
        who=owner_name,
        text=row.text,
        due_at=row.due_at,
        done_at=row.done_at,
        minutes=row.minutes,
        detail=row.outcome,
    )


def stages(session: Session, viewer: Actor, wanted: Wanted) -> list[Entry]:
    """Return the newest page of moves from stage to stage; a company sees those of its deals."""
    if EntryKind.STAGE not in wanted.kinds or wanted.words:
        return []
    came_from = aliased(Stage)
    query = (
        select(StageChange, Stage.name.label("stage"), came_from.name.label("came_from"), User.name.label("user_name"))
        .join(Stage, Stage.id == StageChange.to_stage_id)
        .outerjoin(came_from, came_from.id == StageChange.from_stage_id)
        .outerjoin(User, User.id == StageChange.user_id)
        .where(
            StageChange.workspace_id == viewer.workspace_id,
            beyond(wanted.after, EntryKind.STAGE, StageChange.at, StageChange.id),
            *within(wanted, StageChange.at),
        )
        .order_by(StageChange.at.desc(), StageChange.id.desc())
        .limit(wanted.limit)
    )
    if wanted.record_id is not None:
        bought = select(Deal.__table__.c.id).where(Deal.__table__.c.company_id == wanted.record_id)
        query = query.where(or_(StageChange.deal_id == wanted.record_id, StageChange.deal_id.in_(bought)))
    if wanted.user_id is not None:
        query = query.where(StageChange.user_id == wanted.user_id)
    return [
        Entry(
            kind=EntryKind.STAGE,
            id=row.StageChange.id,
            at=row.StageChange.at,
            who=row.user_name or "",
            title=row.stage,
            detail=row.came_from or "",
        )
        for row in session.execute(query)
    ]
