"""Open deals in which nothing happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.activities.tables import Activity, ActivityRecord
from backend.linking.tables import Link
from backend.records.shapes import Outcome
from backend.records.tables import Deal, Stage


@dataclass(frozen=True, slots=True)
class ColdDeal:
    """An open deal with neither mail, activity nor move since `quiet_since`."""

    id: int
    name: str
    stage: str
    amount_minor: int | None
    currency: str
    quiet_since: datetime


def cold_deals(session: Session, workspace_id: int, owner_id: int, before: datetime, limit: int = 20) -> list[ColdDeal]:
    """Open deals of an owner in which nothing has happened since `before`, the longest silence first."""
    mail = select(func.max(Link.sent_at)).where(Link.record_id == Deal.id, Link.undone_at.is_(None))
    activity = (
        select(func.max(Activity.at))
        .join(ActivityRecord, ActivityRecord.activity_id == Activity.id)
        .where(ActivityRecord.record_id == Deal.id)
    )
    query = (
        select(
            Deal.id, Deal.name, Deal.amount_minor, Deal.currency, Deal.stage_entered_at, Stage.name.label("stage"),
            mail.correlate(Deal).scalar_subquery().label("mail_at"),
            activity.correlate(Deal).scalar_subquery().label("activity_at"),
        )
        .join(Stage, Stage.id == Deal.stage_id)
        .where(
            Deal.workspace_id == workspace_id, Deal.owner_id == owner_id, Deal.deleted_at.is_(None),
            Stage.outcome == Outcome.OPEN, Deal.stage_entered_at < before,
        )
    )  # fmt: skip
    found = [
        ColdDeal(r.id, r.name, r.stage, r.amount_minor, r.currency,
                 max(m for m in (r.stage_entered_at, r.mail_at, r.activity_at) if m is not None))
        for r in session.execute(query)
    ]  # fmt: skip
    silent = sorted((d for d in found if d.quiet_since < before), key=lambda deal: (deal.quiet_since, deal.id))
    return silent[:limit]
