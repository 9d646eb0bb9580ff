"""The versions of a sequence in the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.sequences.tables import SequenceVersion


def definitions_of(session: Session, sequence_id: int) -> list[dict[str, Any]]:
    """What all versions of a sequence say, the oldest first."""
    query = select(SequenceVersion.definition).where(SequenceVersion.sequence_id == sequence_id)
    return list(session.scalars(query.order_by(SequenceVersion.number)))
