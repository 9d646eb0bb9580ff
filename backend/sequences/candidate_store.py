"""Who is to be put into a sequence, asked for by the thousand: name, address, owner, and whether they were in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, select
from sqlalchemy.orm import Session

from backend.db import read_columns, table_of
from backend.records.tables import Contact, ContactAddress, Record
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
    ids = {"ids": list(contact_ids)}
    emails = {key: email for key, email in read_columns(session, _emails(), ids)}  # noqa: C416 - the primary is last
    runs = {
        key: (run, bool(running)) for key, run, running in read_columns(session, _runs(), {"of": sequence_id, **ids})
    }
    rows = read_columns(session, _contacts(), {"workspace_id": workspace_id, **ids})
    return {
        key: Candidate(key, name, owner_id, emails.get(key, ""), *runs.get(key, (0, False)))
        for key, name, owner_id in rows
    }


@cache
def _contacts() -> Select[*tuple[Any, ...]]:
    r, c = table_of(Record).c, table_of(Contact)
    is_there = (r.workspace_id == bindparam("workspace_id"), r.deleted_at.is_(None), r.merged_into_id.is_(None))
    return select(r.id, r.name, r.owner_id).join(c, c.c.id == r.id).where(*is_there, r.id.in_(_ids()))


@cache
def _emails() -> Select[*tuple[Any, ...]]:
    a = ContactAddress
    return select(a.contact_id, a.email).where(a.contact_id.in_(_ids())).order_by(a.is_primary, a.id.desc())


@cache
def _runs() -> Select[*tuple[Any, ...]]:
    e = Enrolment
    running = func.count(e.id).filter(e.ended_at.is_(None))
    where = (e.sequence_id == bindparam("of"), e.contact_id.in_(_ids()))
    return select(e.contact_id, func.max(e.run), running).where(*where).group_by(e.contact_id)


def _ids() -> BindParameter[Any]:
    return bindparam("ids", expanding=True)
