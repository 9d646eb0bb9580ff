"""Campaigns in the database: one by one, and in the list, with what became of their people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.accounts.tables import User
from backend.db import insert_rows
from backend.outbox.tables import OutboxRow
from backend.records.tables import Record
from backend.sequences.campaigns import rules
from backend.sequences.campaigns.shapes import Audience, CampaignView, LeftOutView, Out, Text
from backend.sequences.tables import Campaign, Enrolment, LeftOut
from backend.sequences.tables import Sequence as SequenceRow

MOST_SHOWN = 200


def campaigns(session: Session, actor: Actor, *, before_id: int | None = None, limit: int = 50) -> list[CampaignView]:
    """A rep's own, or everybody's for managers, the youngest first."""
    query = _visible(actor).order_by(SequenceRow.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(SequenceRow.id < before_id)
    return _views(session, session.execute(query).all())


def find_campaign(session: Session, actor: Actor, campaign_id: int) -> CampaignView | None:
    """One that the actor may see."""
    found = session.execute(_visible(actor).where(SequenceRow.id == campaign_id)).all()
    return next(iter(_views(session, found)), None)


def row_of(session: Session, campaign_id: int) -> Campaign:
    """Its row, held against others until the end of the transaction."""
    return session.scalars(select(Campaign).where(Campaign.sequence_id == campaign_id).with_for_update()).one()


def _visible(actor: Actor) -> Select[*tuple[Any, ...]]:
    query = (
        select(Campaign, SequenceRow, User.name.label("user_name"))
        .join(SequenceRow, SequenceRow.id == Campaign.sequence_id)
        .join(User, User.id == SequenceRow.user_id)
        .where(Campaign.workspace_id == actor.workspace_id)
        .execution_options(populate_existing=True)
    )
    return query if actor.sees_all else query.where(SequenceRow.user_id == actor.user_id)


def _views(session: Session, rows: Sequence[Any]) -> list[CampaignView]:
    ids = [row.Campaign.sequence_id for row in rows if row.Campaign.started_at is not None]
    people = _counts(session, select(Enrolment.sequence_id, func.count()), Enrolment.sequence_id, ids)
    left = select(Enrolment.sequence_id, func.count()).where(Enrolment.state.in_(("active", "paused")))
    still = _counts(session, left, Enrolment.sequence_id, ids)
    gone = select(OutboxRow.group_id, func.count()).where(OutboxRow.sent_at.is_not(None))
    sent = _counts(session, gone, OutboxRow.group_id, ids)
    out = _counts(session, select(LeftOut.sequence_id, func.count()), LeftOut.sequence_id, ids)
    return [_view(row, people, still, sent, out) for row in rows]


def _counts(session: Session, query: Select[*tuple[Any, ...]], by: Any, ids: Sequence[int]) -> dict[int, int]:
    if not ids:
        return {}
    return {row[0]: row[1] for row in session.execute(query.where(by.in_(ids)).group_by(by))}


def _view(
    row: Any, people: Mapping[int, int], still: Mapping[int, int], sent: Mapping[int, int], out: Mapping[int, int]
) -> CampaignView:
    campaign, sequence = row.Campaign, row.Sequence
    i = campaign.sequence_id
    left = still.get(i, 0)
    return CampaignView(
        id=i,
        name=sequence.name,
        user_id=sequence.user_id,
        user_name=row.user_name,
        stand=rules.stand_of(campaign.started_at, campaign.paused_at, campaign.stopped_at, left),
        text=Text(campaign.subject, campaign.body, campaign.is_html, campaign.template_id),
        audience=read_audience(campaign.audience),
        version=campaign.version,
        created_at=sequence.created_at,
        started_at=campaign.started_at,
        people=people.get(i, 0),
        left=left,
        sent=sent.get(i, 0),
        left_out=out.get(i, 0),
    )


def read_audience(kept: Mapping[str, Any]) -> Audience:
    """An audience as its row keeps it."""
    ids = kept.get("contact_ids")
    return Audience(
        words=kept.get("words", ""),
        owner_id=kept.get("owner_id"),
        company_id=kept.get("company_id"),
        contact_ids=None if ids is None else tuple(ids),
        unknown=tuple(kept.get("unknown", ())),
        is_bold=kept.get("is_bold", False),
    )


def write_audience(audience: Audience) -> dict[str, Any]:
    """An audience as JSON."""
    return asdict(audience)


def note_left_out(session: Session, campaign: Campaign, out: Sequence[Out]) -> None:
    """Write down who gets nothing, and why."""
    common = {"workspace_id": campaign.workspace_id, "sequence_id": campaign.sequence_id, "at": campaign.started_at}
    rows = [
        {**common, "contact_id": each.person.contact_id, "reason": each.reason, "evidence": each.evidence[:500]}
        for each in out
    ]
    insert_rows(session, LeftOut, rows)


def left_out(session: Session, campaign_id: int, limit: int = MOST_SHOWN) -> list[LeftOutView]:
    """Who was left out when it started, by reason."""
    r = Record.__table__.c
    query = (
        select(LeftOut.contact_id, r.name, LeftOut.reason, LeftOut.evidence)
        .outerjoin(Record.__table__, (r.id == LeftOut.contact_id) & r.deleted_at.is_(None))
        .where(LeftOut.sequence_id == campaign_id)
        .order_by(LeftOut.reason, LeftOut.id)
        .limit(limit)
    )
    return [LeftOutView(row[0], row[1] or "", row[2], row[3]) for row in session.execute(query)]
