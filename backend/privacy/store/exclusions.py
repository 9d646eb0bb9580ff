"""Exclusions in the database."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.privacy.shapes import ExclusionKind
from backend.privacy.tables import Exclusion


def find_exclusion(session: Session, workspace_id: int, kind: ExclusionKind, value: str) -> Exclusion | None:
    """The team's exclusion of exactly this."""
    where = (Exclusion.workspace_id == workspace_id, Exclusion.mailbox_id.is_(None))
    query = select(Exclusion).where(*where, Exclusion.kind == kind.value, Exclusion.value == value)
    return session.scalars(query.limit(1)).first()


def find_exclusion_by_id(session: Session, workspace_id: int, exclusion_id: int) -> Exclusion | None:
    """An exclusion of the workspace."""
    query = select(Exclusion).where(Exclusion.workspace_id == workspace_id, Exclusion.id == exclusion_id)
    return session.scalars(query).first()
