"""Sums for the pipeline's board."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.records.tables import Deal


@dataclass(frozen=True, slots=True)
class StageTotal:
    """What stands in a stage: how many deals, and their amounts in minor units by currency, largest first."""

    count: int = 0
    amounts: list[tuple[str, int]] = field(default_factory=list)


def stage_totals(session: Session, workspace_id: int, owner_id: int | None = None) -> dict[int, StageTotal]:
    """Totals by stage, of everybody's living deals or of one owner's; empty stages are left out."""
    query = (
        select(Deal.stage_id, Deal.currency, func.count(), func.coalesce(func.sum(Deal.amount_minor), 0))
        .where(Deal.workspace_id == workspace_id, Deal.deleted_at.is_(None))
        .group_by(Deal.stage_id, Deal.currency)
    )
    if owner_id is not None:
        query = query.where(Deal.owner_id == owner_id)
    counts: dict[int, int] = defaultdict(int)
    amounts: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for stage_id, currency, count, minor in session.execute(query):
        counts[stage_id] += count
        if minor:
            amounts[stage_id].append((currency, int(minor)))
    return {i: StageTotal(n, sorted(amounts[i], key=lambda pair: -pair[1])) for i, n in counts.items()}
