"""What templates' fields are filled from, for many people at once: names, titles and employers, and who writes."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from backend.accounts.tables import User
from backend.db import among, beside, read_columns, table_of
from backend.records.tables import Contact, Record


class Name(NamedTuple):
    """A contact as letters address them; `company` "": none known."""

    first_name: str
    name: str
    title: str
    company: str


class Writer(NamedTuple):
    """Who writes, and in which language amounts are written."""

    name: str
    email: str
    locale: str


def names_of(session: Session, workspace_id: int, contact_ids: Collection[int]) -> dict[int, Name]:
    """Living contacts by id."""
    wanted = {"workspace_id": workspace_id, "ids": list(contact_ids)}
    rows = read_columns(session, _names(), wanted)
    return {key: Name(first_name, name, title, company or "") for key, first_name, name, title, company in rows}


@cache  # asked for each mail that is written, as what follows
def _names() -> Select[*tuple[Any, ...]]:
    contact, person, employer = table_of(Contact), table_of(Record), table_of(Record).alias("employer")
    return (
        select(contact.c.id, contact.c.first_name, person.c.name, contact.c.title, employer.c.name)
        .join(person, person.c.id == contact.c.id)
        .outerjoin(employer, employer.c.id == contact.c.company_id)
        .where(among(contact.c.id, "ids"), person.c.deleted_at.is_(None))
        .where(beside(person.c.workspace_id) == bindparam("workspace_id"))
    )


def writers_of(session: Session, workspace_id: int, user_ids: Collection[int]) -> dict[int, Writer]:
    """Users by id."""
    wanted = {"workspace_id": workspace_id, "ids": list(user_ids)}
    rows = read_columns(session, _writers(), wanted)
    return {key: Writer(name, email, locale) for key, name, email, locale in rows}


@cache
def _writers() -> Select[*tuple[Any, ...]]:
    is_one = (among(User.id, "ids"), beside(User.workspace_id) == bindparam("workspace_id"))
    return select(User.id, User.name, User.email, User.locale).where(*is_one)
