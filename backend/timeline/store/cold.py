"""Open deals in which nothing happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.activities.tables import Activity, ActivityRecord
from backend.linking.tables import Link
from backend.mail.tables import Message
from backend.privacy.shapes import Sight
from backend.privacy.store.sight import may_see
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


def cold_deals(session: Session, viewer: Actor, before: datetime, limit: int = 20) -> list[ColdDeal]:
    """The viewer's own open deals in which nothing has happened since `before`, the longest silence first.

    Mail of which they may not know breaks no silence: its time is not theirs to learn.
    """
    mail = (
        select(func.max(Link.sent_at))
        .join(Message, Message.id == Link.message_id)
        .where(Link.record_id == Deal.id, Link.undone_at.is_(None), may_see(viewer, Sight.METADATA))
    )
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
            Deal.workspace_id == viewer.workspace_id, Deal.owner_id == viewer.user_id, Deal.deleted_at.is_(None),
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
