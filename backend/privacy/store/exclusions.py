"""Exclusions in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.privacy.shapes import ExclusionKind
from backend.privacy.tables import Exclusion


def find_exclusion(
    session: Session, workspace_id: int, kind: ExclusionKind, value: str, mailbox_id: int | None = None
) -> Exclusion | None:
    """The team's, or a mailbox's, exclusion of exactly this."""
    whose = Exclusion.mailbox_id.is_(None) if mailbox_id is None else Exclusion.mailbox_id == mailbox_id
    where = (Exclusion.workspace_id == workspace_id, whose)
    query = select(Exclusion).where(*where, Exclusion.kind == kind.value, Exclusion.value == value)
    return session.scalars(query.limit(1)).first()


def exclusions_of(session: Session, workspace_id: int, mailbox_ids: Sequence[int] | None) -> Sequence[Exclusion]:
    """The exclusions of these mailboxes; None: the team's. In the order of their names."""
    whose = Exclusion.mailbox_id.is_(None) if mailbox_ids is None else Exclusion.mailbox_id.in_(mailbox_ids)
    query = select(Exclusion).where(Exclusion.workspace_id == workspace_id, whose)
    return session.scalars(query.order_by(Exclusion.value, Exclusion.id)).all()


def find_exclusion_by_id(session: Session, workspace_id: int, exclusion_id: int) -> Exclusion | None:
    """An exclusion of the workspace."""
    query = select(Exclusion).where(Exclusion.workspace_id == workspace_id, Exclusion.id == exclusion_id)
    return session.scalars(query).first()
