"""Records as pages, lists and cards show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.accounts.tables import User
from backend.db import beside
from backend.records.shapes import (
    CompanyView,
    ContactView,
    DealView,
    Outcome,
    RecordKind,
    RecordView,
    StageView,
)
from backend.records.store.order import After, Sort, beyond, order
from backend.records.tables import (
    RECORD_SEARCH,
    Company,
    CompanyDomain,
    Contact,
    ContactAddress,
    Deal,
    DealPerson,
    DealReference,
    Pipeline,
    Record,
    Stage,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records a list shows.

    `words` searches, ids and `is_open` filter; a page begins at `offset`, or behind the row at `after` (see `order`).
    """

    words: str = ""
    owner_id: int | None = None
    stage_id: int | None = None
    pipeline_id: int | None = None
    company_id: int | None = None
    is_open: bool | None = None
    sort: Sort = "name"
    after: After | None = None
    offset: int = 0
    limit: int = 50


def list_contacts(session: Session, workspace_id: int, wanted: Wanted) -> list[ContactView]:
    """Contacts, one page."""
    query = _page(_contacts(), Contact, workspace_id, wanted, session)
    if wanted.company_id is not None:
        query = query.where(Contact.company_id == wanted.company_id)
    return _contact_views(session, query)


def get_contact(session: Session, workspace_id: int, contact_id: int) -> ContactView | None:
    """One living contact of the workspace."""
    query = _contacts().where(*_alive(Contact, workspace_id), Contact.id == contact_id)
    return next(iter(_contact_views(session, query)), None)


def get_contacts(session: Session, workspace_id: int, contact_ids: Sequence[int]) -> list[ContactView]:
    """Living contacts by id."""
    return _contact_views(session, _contacts().where(*_alive(Contact, workspace_id), Contact.id.in_(contact_ids)))


def _contacts() -> Select[*tuple[Any, ...]]:
    employer = aliased(Record, flat=True)
    return (
        select(Contact, User.name.label("owner_name"), employer.name.label("company_name"))
        .outerjoin(User, User.id == Contact.owner_id)
        .outerjoin(employer, employer.id == Contact.company_id)
    )


def _contact_views(session: Session, query: Select[*tuple[Any, ...]]) -> list[ContactView]:
    rows = session.execute(query).all()
    emails = _emails(session, [r.Contact.id for r in rows])
    return [
        ContactView(
            record=_record_view(r.Contact, r.owner_name),
            first_name=r.Contact.first_name,
            last_name=r.Contact.last_name,
            title=r.Contact.title,
            phone=r.Contact.phone,
            country=r.Contact.country,
            emails=tuple(emails[r.Contact.id]),
            company_id=r.Contact.company_id,
            company_name=r.company_name or "",
        )
        for r in rows
    ]


def _emails(session: Session, contact_ids: Sequence[int]) -> dict[int, list[str]]:
    emails: dict[int, list[str]] = defaultdict(list)
    query = (
        select(ContactAddress.contact_id, ContactAddress.email)
        .where(ContactAddress.contact_id.in_(contact_ids))
        .order_by(ContactAddress.is_primary.desc(), ContactAddress.id)
    )
    for contact_id, email in session.execute(query):
        emails[contact_id].append(email)
    return emails


def list_companies(session: Session, workspace_id: int, wanted: Wanted) -> list[CompanyView]:
    """Companies, one page."""
    return _company_views(session, _page(_companies(), Company, workspace_id, wanted, session))


def get_company(session: Session, workspace_id: int, company_id: int) -> CompanyView | None:
    """One living company of the workspace."""
    query = _companies().where(*_alive(Company, workspace_id), Company.id == company_id)
    return next(iter(_company_views(session, query)), None)


def _companies() -> Select[*tuple[Any, ...]]:
    return select(Company, User.name.label("owner_name")).outerjoin(User, User.id == Company.owner_id)


def _company_views(session: Session, query: Select[*tuple[Any, ...]]) -> list[CompanyView]:
    rows = session.execute(query).all()
    domains: dict[int, list[str]] = defaultdict(list)
    of_these = CompanyDomain.company_id.in_([r.Company.id for r in rows])
    for company_id, domain in session.execute(
        select(CompanyDomain.company_id, CompanyDomain.domain).where(of_these).order_by(CompanyDomain.id)
    ):
        domains[company_id].append(domain)
    return [
        CompanyView(
            record=_record_view(r.Company, r.owner_name),
            industry=r.Company.industry,
            city=r.Company.city,
            country=r.Company.country,
            employees=r.Company.employees,
            domains=tuple(domains[r.Company.id]),
        )
        for r in rows
    ]


def list_deals(session: Session, workspace_id: int, wanted: Wanted) -> list[DealView]:
    """Deals, one page."""
    query = _page(_deals(), Deal, workspace_id, wanted, session)
    if wanted.stage_id is not None:
        query = query.where(Deal.stage_id == wanted.stage_id)
    if wanted.pipeline_id is not None:
        query = query.where(Deal.pipeline_id == wanted.pipeline_id)
    if wanted.company_id is not None:
        query = query.where(Deal.company_id == wanted.company_id)
    if wanted.is_open is not None:
        query = query.where((Stage.outcome == Outcome.OPEN) == wanted.is_open)
    return _deal_views(session, query)


def get_deal(session: Session, workspace_id: int, deal_id: int) -> DealView | None:
    """One living deal of the workspace."""
    return next(iter(get_deals(session, workspace_id, [deal_id])), None)


def get_deals(session: Session, workspace_id: int, deal_ids: Sequence[int]) -> list[DealView]:
    """Living deals by id."""
    return _deal_views(session, _deals().where(*_alive(Deal, workspace_id), Deal.id.in_(deal_ids)))


def deals_of_contact(session: Session, workspace_id: int, contact_id: int) -> list[DealView]:
    """Deals in which a contact takes part, or which their company has; open ones first, latest first."""
    part = select(DealPerson.deal_id).where(DealPerson.contact_id == contact_id)
    employer = select(Contact.__table__.c.company_id).where(Contact.__table__.c.id == contact_id).scalar_subquery()
    is_there = (beside(Deal.workspace_id) == workspace_id, Deal.deleted_at.is_(None))  # the deals are named
    query = _deals().where(*is_there, or_(Deal.id.in_(part), Deal.company_id == employer))
    order = (Stage.outcome != Outcome.OPEN, Deal.stage_entered_at.desc(), Deal.id)
    return _deal_views(session, query.order_by(*order))


def _deals() -> Select[*tuple[Any, ...]]:
    buyer = aliased(Record, flat=True)
    return (
        select(Deal, Stage, DealReference.reference, User.name.label("owner_name"), buyer.name.label("company_name"))
        .join(Stage, Stage.id == Deal.stage_id)
        .join(DealReference, DealReference.deal_id == Deal.id)
        .outerjoin(User, User.id == Deal.owner_id)
        .outerjoin(buyer, buyer.id == Deal.company_id)
    )


def _deal_views(session: Session, query: Select[*tuple[Any, ...]]) -> list[DealView]:
    rows = session.execute(query).all()
    people = _people(session, [r.Deal.id for r in rows])
    return [
        DealView(
            record=_record_view(r.Deal, r.owner_name),
            reference=r.reference,
            pipeline_id=r.Deal.pipeline_id,
            stage=stage_view(r.Stage),
            stage_entered_at=r.Deal.stage_entered_at,
            company_id=r.Deal.company_id,
            company_name=r.company_name or "",
            amount_minor=r.Deal.amount_minor,
            currency=r.Deal.currency,
            expected_close=r.Deal.expected_close,
            closed_at=r.Deal.closed_at,
            lost_reason=r.Deal.lost_reason,
            source=r.Deal.source,
            products=tuple(r.Deal.products),
            people=tuple(people[r.Deal.id]),
        )
        for r in rows
    ]


def _people(session: Session, deal_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    people: dict[int, list[tuple[int, str]]] = defaultdict(list)
    query = (
        select(DealPerson.deal_id, Record.id, Record.name)
        .join(Record, Record.id == DealPerson.contact_id)
        .where(DealPerson.deal_id.in_(deal_ids), Record.deleted_at.is_(None))
        .order_by(Record.name)
    )
    for deal_id, contact_id, name in session.execute(query):
        people[deal_id].append((contact_id, name))
    return people


def list_pipelines(session: Session, workspace_id: int) -> list[tuple[int, str, tuple[StageView, ...]]]:
    """Pipelines (id, name, stages in order)."""
    stages: dict[int, list[StageView]] = defaultdict(list)
    for stage in session.scalars(select(Stage).where(Stage.workspace_id == workspace_id).order_by(Stage.position)):
        stages[stage.pipeline_id].append(stage_view(stage))
    query = select(Pipeline).where(Pipeline.workspace_id == workspace_id).order_by(Pipeline.position)
    return [(p.id, p.name, tuple(stages[p.id])) for p in session.scalars(query)]


def stage_view(stage: Stage) -> StageView:
    """A stage's row as a shape."""
    return StageView(stage.id, stage.pipeline_id, stage.name, stage.position, Outcome(stage.outcome), stage.probability)


def search_records(
    session: Session, workspace_id: int, words: str, limit: int = 20, after: tuple[datetime, int] | None = None
) -> list[RecordView]:
    """Records of any kind whose name, address, domain or reference holds all words, latest change first."""
    matching = RECORD_SEARCH.matching(session, words)
    if matching is None:
        return []
    query = (
        select(Record, User.name.label("owner_name"))
        .outerjoin(User, User.id == Record.owner_id)
        .where(Record.workspace_id == workspace_id, Record.deleted_at.is_(None), Record.id.in_(matching))
        .order_by(Record.updated_at.desc(), Record.id)
        .limit(limit)
    )
    if after is not None:
        moment, record_id = after
        tied = and_(Record.updated_at == moment, Record.id > record_id)
        query = query.where(or_(Record.updated_at < moment, tied))
    return [_record_view(r.Record, r.owner_name) for r in session.execute(query)]


def count_records(session: Session, workspace_id: int) -> dict[RecordKind, int]:
    """Living records by kind."""
    query = (
        select(Record.__table__.c.kind, func.count())
        .where(Record.__table__.c.workspace_id == workspace_id, Record.__table__.c.deleted_at.is_(None))
        .group_by(Record.__table__.c.kind)
    )
    found = {RecordKind(kind): n for kind, n in session.execute(query)}
    return {kind: found.get(kind, 0) for kind in RecordKind}


def _page(
    query: Select[*tuple[Any, ...]], model: Any, workspace_id: int, wanted: Wanted, session: Session
) -> Select[Any]:
    query = query.where(*_alive(model, workspace_id))
    matching = RECORD_SEARCH.matching(session, wanted.words)
    if matching is not None:
        query = query.where(model.id.in_(matching))
    else:  # the table says it already, and the index by name or change begins with it
        query = query.where(model.kind == model.__mapper__.polymorphic_identity)
    if wanted.owner_id is not None:
        query = query.where(model.owner_id == wanted.owner_id)
    if wanted.after is not None:
        query = query.where(beyond(model, wanted.sort, wanted.after))
    return query.order_by(*order(model, wanted.sort)).offset(wanted.offset).limit(wanted.limit)


def _alive(model: Any, workspace_id: int) -> tuple[ColumnElement[bool], ...]:
    return (model.workspace_id == workspace_id, model.deleted_at.is_(None))


def _record_view(record: Record, owner_name: str | None) -> RecordView:
    return RecordView(
        id=record.id,
        kind=RecordKind(record.kind),
        name=record.name,
        owner_id=record.owner_id,
        owner_name=owner_name or "",
        version=record.version,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )
