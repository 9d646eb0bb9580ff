"""Records by what a mail knows of them: addresses, domains, deal references."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, distinct, func, or_, select, union
from sqlalchemy.orm import Session, aliased

from backend.db import among, read_columns, table_of
from backend.records.shapes import CompanyRef, Concerned, ContactRef, DealRef, Outcome, StageEntry
from backend.records.tables import (
    Company,
    CompanyDomain,
    Contact,
    ContactAddress,
    Deal,
    DealPerson,
    DealReference,
    Record,
    Stage,
    StageChange,
)


def contacts_by_address(session: Session, workspace_id: int, keys: Collection[str]) -> dict[str, ContactRef]:
    """Living contacts by address key."""
    if not keys:
        return {}
    found = read_columns(session, _by_address(), {"workspace_id": workspace_id, "keys": sorted(keys)})
    return {key: ContactRef(i, name, company_id) for key, i, name, company_id in found}


@cache  # asked for every batch of mail
def _by_address() -> Select[str, int, str, int | None]:
    addresses, contacts, records = table_of(ContactAddress), table_of(Contact), table_of(Record)
    a = addresses.c
    wanted = (a.workspace_id == bindparam("workspace_id"), among(a.address_key, "keys"))
    return (
        select(a.address_key, contacts.c.id, records.c.name, contacts.c.company_id)
        .join(contacts, contacts.c.id == a.contact_id)
        .join(records, records.c.id == contacts.c.id)
        .where(*wanted, records.c.deleted_at.is_(None))
    )


def addresses_taken(session: Session, workspace_id: int, keys: Collection[str]) -> set[str]:
    """Those addresses that are a contact's, also of a deleted one: what somebody deleted, no rule makes again."""
    if not keys:
        return set()
    wanted = {"workspace_id": workspace_id, "keys": sorted(keys)}
    return set(read_columns(session, _addresses_taken(), wanted).scalars())


@cache  # asked for every batch of mail
def _addresses_taken() -> Select[str]:
    a = table_of(ContactAddress).c
    wanted = (a.workspace_id == bindparam("workspace_id"), among(a.address_key, "keys"))
    return select(a.address_key).where(*wanted)


def companies_by_domain(session: Session, workspace_id: int, domains: Collection[str]) -> dict[str, CompanyRef]:
    """Living companies by registrable domain."""
    if not domains:
        return {}
    found = read_columns(session, _by_domain(), {"workspace_id": workspace_id, "domains": sorted(domains)})
    return {domain: CompanyRef(i, name) for domain, i, name in found}


@cache  # asked for every batch of mail
def _by_domain() -> Select[str, int, str]:
    d, records = table_of(CompanyDomain).c, table_of(Record)
    wanted = (d.workspace_id == bindparam("workspace_id"), among(d.domain, "domains"))
    return (
        select(d.domain, records.c.id, records.c.name)
        .join(records, records.c.id == d.company_id)
        .where(*wanted, records.c.deleted_at.is_(None))
    )


def correspondents(session: Session, workspace_id: int, limit: int) -> list[str]:
    """Domains of living companies, and addresses of contacts who have no company; the newest `limit` of each."""
    domains = (
        select(CompanyDomain.domain)
        .join(Record.__table__, Record.__table__.c.id == CompanyDomain.company_id)
        .where(CompanyDomain.workspace_id == workspace_id, Record.__table__.c.deleted_at.is_(None))
        .order_by(CompanyDomain.company_id.desc(), CompanyDomain.domain)
    )
    addresses = (
        select(ContactAddress.address_key)
        .join(Contact.__table__, ContactAddress.contact_id == Contact.__table__.c.id)
        .join(Record.__table__, Record.__table__.c.id == Contact.__table__.c.id)
        .where(
            ContactAddress.workspace_id == workspace_id,
            Contact.__table__.c.company_id.is_(None),
            Record.__table__.c.deleted_at.is_(None),
        )
        .order_by(ContactAddress.contact_id.desc(), ContactAddress.address_key)
    )
    return [name for query in (domains, addresses) for name in session.scalars(query.limit(limit))]


def company_with_writers(session: Session, workspace_id: int, domain: str) -> tuple[CompanyRef, int] | None:
    """The company that owns a registrable domain, and how many of its contacts have an address there."""
    company, contact, worker = Record.__table__.c, Contact.__table__.c, aliased(Record.__table__)
    key = ContactAddress.address_key
    writers = (
        select(func.count(distinct(contact.id)))
        .join(ContactAddress, ContactAddress.contact_id == contact.id)
        .join(worker, worker.c.id == contact.id)
        .where(
            contact.company_id == CompanyDomain.company_id,
            worker.c.deleted_at.is_(None),
            or_(key.endswith(f"@{domain}", autoescape=True), key.endswith(f".{domain}", autoescape=True)),
        )
        .correlate(CompanyDomain)
        .scalar_subquery()
    )
    query = (
        select(company.id, company.name, writers)
        .join(CompanyDomain, CompanyDomain.company_id == company.id)
        .where(CompanyDomain.workspace_id == workspace_id, CompanyDomain.domain == domain, company.deleted_at.is_(None))
    )
    row = session.execute(query).first()
    return (CompanyRef(row[0], row[1]), row[2]) if row else None


def deals_by_people(
    session: Session, workspace_id: int, contact_ids: Collection[int], company_ids: Collection[int]
) -> tuple[dict[int, tuple[DealRef, ...]], dict[int, tuple[DealRef, ...]]]:
    """Living deals, open or not, by the contacts who take part and by company."""
    columns = table_of(Deal).c
    of_contacts = select(DealPerson.deal_id).where(DealPerson.contact_id.in_(sorted(contact_ids)))
    of_companies = select(columns.id).where(columns.company_id.in_(sorted(company_ids)))
    ids = set(session.scalars(union(of_contacts, of_companies)))  # with OR, either database reads all deals of the team
    deals = _deal_refs(session, _deals(workspace_id).where(Deal.id.in_(sorted(ids)))) if ids else []
    by_contact: dict[int, list[DealRef]] = defaultdict(list)
    by_company: dict[int, list[DealRef]] = defaultdict(list)
    for deal in deals:
        for contact_id in deal.contact_ids:
            by_contact[contact_id].append(deal)
        if deal.company_id is not None:
            by_company[deal.company_id].append(deal)
    return {k: tuple(v) for k, v in by_contact.items()}, {k: tuple(v) for k, v in by_company.items()}


def deals_by_reference(session: Session, workspace_id: int, references: Collection[str]) -> dict[str, DealRef]:
    """Living deals by their reference."""
    query = _deals(workspace_id).where(DealReference.reference.in_(sorted(references)))
    return {deal.reference: deal for deal in _deal_refs(session, query)}


def has_deals(session: Session, workspace_id: int) -> bool:
    """Whether the team has any deal at all."""
    return read_columns(session, _any_deal(), {"workspace_id": workspace_id}).first() is not None


@cache  # asked for every batch of mail
def _any_deal() -> Select[int]:
    references = table_of(DealReference).c
    return select(references.deal_id).where(references.workspace_id == bindparam("workspace_id")).limit(1)


def _deals(workspace_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Deal.id,
            Deal.name,
            DealReference.reference,
            Stage.outcome,
            Deal.company_id,
            Stage.name.label("stage"),
            Deal.created_at,
        )
        .join(DealReference, DealReference.deal_id == Deal.id)
        .join(Stage, Stage.id == Deal.stage_id)
        .where(Deal.workspace_id == workspace_id, Deal.deleted_at.is_(None))
        .order_by(Deal.id)
    )


def _deal_refs(session: Session, query: Select[*tuple[Any, ...]]) -> list[DealRef]:
    rows = session.execute(query).all()
    people = contacts_of_deals(session, [r.id for r in rows])
    courses = _courses_of_deals(session, [r.id for r in rows])
    return [
        DealRef(
            id=r.id,
            name=r.name,
            reference=r.reference,
            is_open=r.outcome == Outcome.OPEN,
            company_id=r.company_id,
            contact_ids=frozenset(people.get(r.id, ())),
            stage=r.stage,
            created_at=r.created_at,
            course=tuple(courses.get(r.id, ())),
        )
        for r in rows
    ]


def contacts_of_deals(session: Session, deal_ids: Sequence[int]) -> dict[int, list[int]]:
    """Ids of the contacts who take part, by deal."""
    people: dict[int, list[int]] = defaultdict(list)
    if deal_ids:
        query = select(DealPerson.deal_id, DealPerson.contact_id).where(DealPerson.deal_id.in_(deal_ids))
        for deal_id, contact_id in session.execute(query):
            people[deal_id].append(contact_id)
    return people


def _courses_of_deals(session: Session, deal_ids: Sequence[int]) -> dict[int, list[StageEntry]]:
    """When each deal came to which stages, oldest first."""
    courses: dict[int, list[StageEntry]] = defaultdict(list)
    if deal_ids:
        query = select(StageChange.deal_id, StageChange.at, Stage.outcome).join(
            Stage, Stage.id == StageChange.to_stage_id
        )
        in_order = query.where(StageChange.deal_id.in_(deal_ids)).order_by(StageChange.at, StageChange.id)
        for deal_id, at, outcome in session.execute(in_order):
            courses[deal_id].append(StageEntry(at, outcome == Outcome.OPEN))
    return courses


def concerned_by(session: Session, record: Record) -> Concerned:
    """Which mail hangs on a record: a contact's by address, a company's by domain, a deal's by people and reference."""
    if isinstance(record, Contact):
        keys = session.scalars(select(ContactAddress.address_key).where(ContactAddress.contact_id == record.id))
        return Concerned(address_keys=frozenset(keys), record_ids=frozenset({record.id}))
    if isinstance(record, Company):
        domains = session.scalars(select(CompanyDomain.domain).where(CompanyDomain.company_id == record.id))
        return Concerned(domains=frozenset(domains), record_ids=frozenset({record.id}))
    assert isinstance(record, Deal)
    people = contacts_of_deals(session, [record.id]).get(record.id, [])
    references = session.scalars(select(DealReference.reference).where(DealReference.deal_id == record.id))
    ids = frozenset({record.id, *people, *filter(None, [record.company_id])})
    return Concerned(record_ids=ids, references=frozenset(references))


def merged_into(session: Session, workspace_id: int, record_id: int) -> tuple[str, int] | None:
    """The living record (kind, id) that took a merged one up, however often it was merged on; None for all others."""
    seen: set[int] = set()
    record = session.get(Record, record_id)
    while record and record.workspace_id == workspace_id and record.merged_into_id and record.id not in seen:
        seen.add(record.id)
        record = session.get(Record, record.merged_into_id)
    return (record.kind, record.id) if seen and record and record.deleted_at is None else None


def names_of(session: Session, workspace_id: int, record_ids: Iterable[int]) -> dict[int, str]:
    """Names by record id; ids of other workspaces are passed over."""
    query = select(Record.id, Record.name).where(Record.workspace_id == workspace_id, Record.id.in_(set(record_ids)))
    return {row[0]: row[1] for row in session.execute(query)}


def company_names(session: Session, workspace_id: int, company_ids: Collection[int]) -> dict[int, CompanyRef]:
    """Living companies by id."""
    query = select(Company.id, Company.name).where(
        Company.workspace_id == workspace_id, Company.id.in_(sorted(company_ids)), Company.deleted_at.is_(None)
    )
    return {i: CompanyRef(i, name) for i, name in session.execute(query)}
