"""Who is to be put into a sequence, asked for by the thousand: name, address, owner, and whether they were in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from backend.db import among, planned_anew, read_columns, table_of
from backend.records.tables import Contact, ContactAddress, Deal, Record
from backend.sequences.tables import Enrolment


@dataclass(frozen=True, slots=True)
class Candidate:
    """A living contact. `email` "": none known; `runs`: how often they were in the sequence."""

    id: int
    name: str
    owner_id: int | None
    email: str
    runs: int
    is_running: bool


def candidates_of(
    session: Session, workspace_id: int, sequence_id: int, contact_ids: Sequence[int]
) -> dict[int, Candidate]:
    """Contacts of the workspace by id; who was deleted or merged is not among them."""
    wanted = {"workspace_id": workspace_id, "sequence_id": sequence_id, "ids": list(contact_ids)}
    with planned_anew(session):  # the sequence may have been empty a moment ago
        runs = {key: (run, bool(running)) for key, run, running in read_columns(session, _runs(), wanted)}
    return {
        key: Candidate(key, name, owner_id, email or "", *runs.get(key, _NEVER))
        for key, name, owner_id, email in read_columns(session, _contacts(), wanted)
    }


_NEVER = (0, False)


@cache
def _contacts() -> Select[*tuple[Any, ...]]:
    """With the address that we write to: the primary one, else the first."""
    r, c, a = table_of(Record).c, table_of(Contact).c, table_of(ContactAddress)
    each = a.alias("each").c
    in_order = select(each.id).where(each.contact_id == r.id).order_by(each.is_primary.desc(), each.id)
    is_there = (r.workspace_id == bindparam("workspace_id"), r.deleted_at.is_(None), r.merged_into_id.is_(None))
    return (
        select(r.id, r.name, r.owner_id, a.c.email)
        .join(table_of(Contact), c.id == r.id)
        .outerjoin(a, a.c.id == in_order.limit(1).scalar_subquery())
        .where(*is_there, among(r.id, "ids"))
    )


@cache
def _runs() -> Select[*tuple[Any, ...]]:
    e = table_of(Enrolment).c
    running = func.count(e.id).filter(e.ended_at.is_(None))
    where = (e.sequence_id == bindparam("sequence_id"), among(e.contact_id, "ids"))
    return select(e.contact_id, func.max(e.run), running).where(*where).group_by(e.contact_id)


def stages_of(session: Session, workspace_id: int, deal_ids: Iterable[int]) -> dict[int, int]:
    """The stages in which living deals stand, by deal."""
    return dict(read_columns(session, _stages(), {"workspace_id": workspace_id, "ids": list(deal_ids)}).all())


@cache
def _stages() -> Select[int, int]:
    d, r = table_of(Deal).c, table_of(Record).c
    is_there = (r.workspace_id == bindparam("workspace_id"), r.deleted_at.is_(None), among(r.id, "ids"))
    return select(d.id, d.stage_id).join(table_of(Record), r.id == d.id).where(*is_there)
