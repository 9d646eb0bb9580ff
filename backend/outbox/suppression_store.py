"""The addresses to which nothing is sent: asked for by those who send, and as a list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, select
from sqlalchemy.orm import Session

from backend.db import among, insert_ignoring, read_columns
from backend.outbox.tables import Suppression

_AT_ONCE = 1000


def suppressed(session: Session, workspace_id: int, address_key: str) -> Suppression | None:
    """Why nothing is sent to an address; None where nothing forbids it."""
    where = (Suppression.workspace_id == workspace_id, Suppression.address_key == address_key)
    return session.scalars(select(Suppression).where(*where)).first()


def suppressed_among(session: Session, workspace_id: int, address_keys: Collection[str]) -> dict[str, tuple[str, str]]:
    """Why nothing is sent to some of these addresses: (ground, evidence) by key."""
    wanted = {"workspace_id": workspace_id, "keys": list(address_keys)}
    return {key: (ground, evidence) for key, ground, evidence in read_columns(session, _suppressed(), wanted)}


@cache
def _suppressed() -> Select[*tuple[Any, ...]]:
    s = Suppression
    is_among = (s.workspace_id == bindparam("workspace_id"), among(s.address_key, "keys"))
    return select(s.address_key, s.ground, s.evidence).where(*is_among)


def suppress(session: Session, workspace_id: int, address_key: str, **values: Any) -> None:
    """Note that nothing is sent to an address; the first reason stands."""
    insert_ignoring(session, Suppression, [{"workspace_id": workspace_id, "address_key": address_key, **values}])


def list_suppressions(
    session: Session, workspace_id: int, *, words: str = "", ground: str = "", before_id: int | None = None,
    limit: int = 50,
) -> list[Suppression]:  # fmt: skip
    """The latest first; `words` stand in the address or in the evidence."""
    query = select(Suppression).where(Suppression.workspace_id == workspace_id)
    if words:
        is_in_address = Suppression.address_key.icontains(words, autoescape=True)
        query = query.where(is_in_address | Suppression.evidence.icontains(words, autoescape=True))
    if ground:
        query = query.where(Suppression.ground == ground)
    if before_id is not None:
        query = query.where(Suppression.id < before_id)
    return list(session.scalars(query.order_by(Suppression.id.desc()).limit(limit)))


def count_by_ground(session: Session, workspace_id: int) -> dict[str, int]:
    """How many there are for each reason."""
    query = select(Suppression.ground, func.count()).where(Suppression.workspace_id == workspace_id)
    return {row[0]: row[1] for row in session.execute(query.group_by(Suppression.ground))}


def find_suppression(session: Session, workspace_id: int, suppression_id: int) -> Suppression | None:
    """One of the workspace's."""
    where = (Suppression.workspace_id == workspace_id, Suppression.id == suppression_id)
    return session.scalars(select(Suppression).where(*where)).first()


def add_suppressions(
    session: Session, workspace_id: int, address_keys: Sequence[str], *, ground: str, evidence: str, at: datetime
) -> int:
    """Note many; what stands there already stays as it is. Returns how many were new."""
    before = _count(session, workspace_id)
    values = {"workspace_id": workspace_id, "ground": ground, "evidence": evidence, "at": at}
    for n in range(0, len(address_keys), _AT_ONCE):
        rows = [{"address_key": key, **values} for key in address_keys[n : n + _AT_ONCE]]
        insert_ignoring(session, Suppression, rows)
    return _count(session, workspace_id) - before


def _count(session: Session, workspace_id: int) -> int:
    return session.scalar(select(func.count()).where(Suppression.workspace_id == workspace_id)) or 0


def remove_suppression(session: Session, suppression_id: int) -> None:
    """Take one off the list."""
    session.execute(delete(Suppression).where(Suppression.id == suppression_id))
