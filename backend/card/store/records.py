"""People, deals and tasks as cards show them; each function is one statement, built once.

Building a statement takes Python longer than answering it takes the database: values come in when it is executed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, case, func, or_, select, union
from sqlalchemy.orm import Session, aliased

from backend.accounts.tables import User
from backend.activities.tables import Activity, ActivityRecord
from backend.card.facts import Stage as StageFact
from backend.db import json_rows, read_columns
from backend.records.shapes import Outcome, RecordKind
from backend.records.tables import Contact, ContactAddress, Deal, DealPerson, DealReference, Record, Stage

MOST_DEALS = 20
_NOBODY = 0  # no id: comparing with None would find the deals of no company
_WORKSPACE: BindParameter[int] = bindparam("workspace_id")


def _several(name: str) -> BindParameter[Any]:
    """A list that is given when the statement is executed."""
    return bindparam(name, expanding=True)


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact as a card shows one; `address` is the one that was asked for, or the primary one."""

    id: int
    name: str
    first_name: str
    title: str
    address: str
    company_id: int | None
    company_name: str


@dataclass(frozen=True, slots=True)
class DealRow:
    """A deal as a card shows one; `stages` are those of its pipeline, in order."""

    id: int
    name: str
    pipeline_id: int
    stage_id: int
    amount_minor: int | None
    currency: str
    closes_on: date | None
    company_id: int | None
    company_name: str
    owner_name: str
    reference: str
    stages: tuple[StageFact, ...]


@dataclass(frozen=True, slots=True)
class TaskRow:
    """The most pressing open task about a record."""

    id: int
    text: str
    due_at: datetime | None
    record_id: int
    record_kind: RecordKind
    record_name: str


def contacts_by_address(session: Session, workspace_id: int, keys: Collection[str]) -> dict[str, ContactRow]:
    """Living contacts by address key."""
    wanted = {"workspace_id": workspace_id, "keys": sorted(keys)}
    return {key: ContactRow(*facts) for key, *facts in read_columns(session, _contacts_by_address(), wanted)}


def contacts_by_id(session: Session, workspace_id: int, contact_ids: Collection[int]) -> dict[int, ContactRow]:
    """Living contacts by id, each with the primary address; "" where there is none."""
    wanted = {"workspace_id": workspace_id, "ids": sorted(contact_ids)}
    found = [ContactRow(*facts) for _key, *facts in read_columns(session, _contacts_by_id(), wanted)]
    return {contact.id: contact for contact in found}


@cache
def _contacts_by_address() -> Select[*tuple[Any, ...]]:
    return _contacts(ContactAddress.contact_id == Contact.__table__.c.id).where(
        ContactAddress.workspace_id == _WORKSPACE, ContactAddress.address_key.in_(_several("keys"))
    )


@cache
def _contacts_by_id() -> Select[*tuple[Any, ...]]:
    primary = and_(ContactAddress.contact_id == Contact.__table__.c.id, ContactAddress.is_primary)
    return _contacts(primary).where(Contact.__table__.c.id.in_(_several("ids")))


def _contacts(address: Any) -> Select[*tuple[Any, ...]]:
    record, contact = Record.__table__.c, Contact.__table__.c
    employer = aliased(Record.__table__)
    return (
        select(
            ContactAddress.address_key, contact.id, record.name, contact.first_name, contact.title,
            func.coalesce(ContactAddress.email, ""), contact.company_id, func.coalesce(employer.c.name, ""),
        )
        .select_from(Record.__table__)
        .join(Contact.__table__, contact.id == record.id)
        .outerjoin(ContactAddress, address)
        .outerjoin(employer, and_(employer.c.id == contact.company_id, employer.c.deleted_at.is_(None)))
        .where(record.workspace_id == _WORKSPACE, record.deleted_at.is_(None))
    )  # fmt: skip


def deals_for(
    session: Session, workspace_id: int, linked_ids: Collection[int], contact_id: int | None, company_id: int | None
) -> list[DealRow]:
    """Those deals, and the open ones of a contact or of a company: in this order, the latest move first."""
    near = {"contact_id": contact_id or _NOBODY, "company_id": company_id or _NOBODY, "linked": sorted(linked_ids)}
    rows = read_columns(session, _deals_for(), {"workspace_id": workspace_id, **near})
    return [_deal_row(*row) for row in rows]


def deals_by_id(session: Session, workspace_id: int, deal_ids: Collection[int]) -> list[DealRow]:
    """Living deals by id, in no order."""
    wanted = {"workspace_id": workspace_id, "ids": sorted(deal_ids)}
    return [_deal_row(*row) for row in read_columns(session, _deals_by_id(), wanted)]


def _deal_row(*columns: Any) -> DealRow:
    stages = tuple(StageFact(str(i), name) for _, i, name in sorted(columns[-1]))
    return DealRow(*(*columns[:-1], stages))


@cache
def _deals_for() -> Select[*tuple[Any, ...]]:
    deal, given = Deal.__table__.c, _several("linked")
    part = select(DealPerson.deal_id).where(DealPerson.contact_id == bindparam("contact_id"))
    bought = select(deal.id).where(deal.company_id == bindparam("company_id"))
    near = union(select(deal.id).where(deal.id.in_(given)), part, bought).subquery()
    rank = case((deal.id.in_(given), 0), (deal.id.in_(part), 1), else_=2)
    return (
        _deals()
        .join(near, near.c[0] == deal.id)
        .where(or_(deal.id.in_(given), Stage.outcome == Outcome.OPEN.value))
        .order_by(rank, deal.stage_entered_at.desc(), deal.id)
        .limit(MOST_DEALS)
    )


@cache
def _deals_by_id() -> Select[*tuple[Any, ...]]:
    return _deals().where(Deal.__table__.c.id.in_(_several("ids")))


def _deals() -> Select[*tuple[Any, ...]]:
    record, deal = Record.__table__.c, Deal.__table__.c
    buyer = aliased(Record.__table__)
    references = select(func.min(DealReference.reference)).where(DealReference.deal_id == deal.id)
    reference = references.correlate(Deal.__table__).scalar_subquery()
    return (
        select(
            deal.id, record.name, deal.pipeline_id, deal.stage_id,
            deal.amount_minor, deal.currency, deal.expected_close, deal.company_id,
            func.coalesce(buyer.c.name, ""), func.coalesce(func.nullif(User.name, ""), User.email, ""),
            func.coalesce(reference, ""), json_rows(_stages_of_its_pipeline()),
        )
        .select_from(Deal.__table__)
        .join(Record.__table__, record.id == deal.id)
        .join(Stage, Stage.id == deal.stage_id)
        .outerjoin(User, User.id == record.owner_id)
        .outerjoin(buyer, and_(buyer.c.id == deal.company_id, buyer.c.deleted_at.is_(None)))
        .where(record.workspace_id == _WORKSPACE, record.deleted_at.is_(None))
    )  # fmt: skip


def _stages_of_its_pipeline() -> Select[*tuple[Any, ...]]:
    other = aliased(Stage)
    its = other.pipeline_id == Deal.__table__.c.pipeline_id
    return select(other.position, other.id, other.name).where(its).correlate(Deal.__table__)


def next_tasks(session: Session, workspace_id: int, record_ids: Collection[int]) -> dict[int, TaskRow]:
    """The most pressing open task about each of these records, by record; tasks without a deadline come last."""
    wanted = {"workspace_id": workspace_id, "ids": sorted(record_ids)}
    rows = [TaskRow(i, text, due, about, RecordKind(kind), name) for i, text, due, about, kind, name in
            read_columns(session, _next_tasks(), wanted)]  # fmt: skip
    return {task.record_id: task for task in rows}


@cache
def _next_tasks() -> Select[*tuple[Any, ...]]:
    pressing = (Activity.due_at.is_(None), Activity.due_at, Activity.id)
    record = Record.__table__.c
    ranked = (
        select(
            Activity.id, Activity.text, Activity.due_at, ActivityRecord.record_id,
            func.row_number().over(partition_by=ActivityRecord.record_id, order_by=pressing).label("rank"),
        )
        .join(ActivityRecord, ActivityRecord.activity_id == Activity.id)
        .where(
            ActivityRecord.record_id.in_(_several("ids")),
            Activity.kind == "task", Activity.done_at.is_(None),
        )
        .subquery()
    )  # fmt: skip
    return (
        select(ranked.c.id, ranked.c.text, ranked.c.due_at, record.id, record.kind, record.name)
        .join(Record.__table__, record.id == ranked.c.record_id)
        .where(ranked.c.rank == 1, record.workspace_id == _WORKSPACE)
    )


def is_company_in_use(session: Session, company_id: int) -> bool:
    """Whether somebody works there or a deal is with them."""
    record = Record.__table__.c
    ties = (select(table.c.id).where(table.c.company_id == company_id) for table in (Contact.__table__, Deal.__table__))
    query = select(record.id).where(record.id.in_(union(*ties)), record.deleted_at.is_(None)).limit(1)
    return session.scalar(query) is not None
