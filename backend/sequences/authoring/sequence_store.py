"""Sequences and their versions in the database."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.db import among, read_columns
from backend.sequences.tables import Sequence, SequenceVersion


def find_sequence(session: Session, workspace_id: int, sequence_id: int) -> Sequence | None:
    """A sequence of the workspace."""
    where = (Sequence.workspace_id == workspace_id, Sequence.id == sequence_id)
    return session.scalars(select(Sequence).where(*where)).first()


def sequence_named(session: Session, workspace_id: int, name: str) -> Sequence | None:
    """A sequence by its name."""
    where = (Sequence.workspace_id == workspace_id, Sequence.name == name)
    return session.scalars(select(Sequence).where(*where)).first()


def current_version(session: Session, sequence: Sequence) -> SequenceVersion | None:
    """The version that new enrolments get; None before the first was published."""
    where = (SequenceVersion.sequence_id == sequence.id, SequenceVersion.number == sequence.number)
    return session.scalars(select(SequenceVersion).where(*where)).first()


def definitions_of(session: Session, sequence_id: int) -> list[dict[str, Any]]:
    """What all versions of a sequence say, the oldest first."""
    query = select(SequenceVersion.definition).where(SequenceVersion.sequence_id == sequence_id)
    return list(session.scalars(query.order_by(SequenceVersion.number)))


def uids_of(session: Session, sequence_ids: Collection[int]) -> dict[int, str]:
    """The names of sequences for ever, by id."""
    return dict(read_columns(session, _uids(), {"ids": list(sequence_ids)}).all())


@cache  # asked for each mail that is ordered
def _uids() -> Select[int, str]:
    return select(Sequence.id, Sequence.uid).where(among(Sequence.id, "ids"))
