"""Rows made and changed; the verbs that decide what to write stand in `service.py`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.db import insert_ignoring
from backend.records.shapes import NewCompany, NewContact
from backend.records.tables import (
    RECORD_SEARCH,
    Company,
    CompanyDomain,
    Contact,
    ContactAddress,
    Deal,
    DealReference,
    Pipeline,
    Record,
    Stage,
)

_NUMBER = re.compile(r"(\d+)$")


def insert_contact(session: Session, workspace_id: int, new: NewContact, now: datetime) -> Contact:
    """Insert a contact with its addresses, searchable. Addresses that are somebody else's stay theirs."""
    contact = Contact(
        workspace_id=workspace_id,
        name=new.name[:500],
        owner_id=new.owner_id,
        origin=new.origin.value,
        fields={},
        created_at=now,
        updated_at=now,
        first_name=new.first_name[:200],
        last_name=new.last_name[:200],
        title=new.title[:200],
        phone=new.phone[:50],
        country=new.country,
        company_id=new.company_id,
    )
    session.add(contact)
    session.flush()
    add_addresses(session, contact, new.addresses)
    RECORD_SEARCH.add(session, [(contact.id, contact_document(contact.name, [e for _, e in new.addresses]))])
    return contact


def add_addresses(session: Session, contact: Contact, addresses: Sequence[tuple[str, str]]) -> None:
    """Add (key, as written) pairs; the first becomes primary where the contact had none."""
    had_any = session.scalar(select(ContactAddress.id).where(ContactAddress.contact_id == contact.id).limit(1))
    rows = [
        {
            "workspace_id": contact.workspace_id,
            "contact_id": contact.id,
            "address_key": key,
            "email": email,
            "is_primary": had_any is None and position == 0,
        }
        for position, (key, email) in enumerate(addresses)
    ]
    insert_ignoring(session, ContactAddress, rows)


def insert_company(session: Session, workspace_id: int, new: NewCompany, now: datetime) -> Company:
    """Insert a company with its domains, searchable. Domains that are another company's stay theirs."""
    company = Company(
        workspace_id=workspace_id,
        name=new.name[:500],
        owner_id=new.owner_id,
        origin=new.origin.value,
        fields={},
        created_at=now,
        updated_at=now,
        industry=new.industry,
        city=new.city,
        country=new.country,
        employees=new.employees,
    )
    session.add(company)
    session.flush()
    rows = [{"workspace_id": workspace_id, "company_id": company.id, "domain": d} for d in new.domains]
    insert_ignoring(session, CompanyDomain, rows)
    RECORD_SEARCH.add(session, [(company.id, company_document(company.name, new.domains))])
    return company


def contact_document(name: str, emails: Sequence[str]) -> str:
    """What a contact is found by."""
    return f"{name} {' '.join(emails)}"


def company_document(name: str, domains: Sequence[str]) -> str:
    """What a company is found by."""
    return f"{name} {' '.join(domains)}"


def deal_document(name: str, reference: str) -> str:
    """What a deal is found by."""
    return f"{name} {reference}"


def find_record(session: Session, workspace_id: int, record_id: int) -> Record | None:
    """A living record of the workspace, with the columns of its kind."""
    record = session.get(Record, record_id)
    if record is None or record.workspace_id != workspace_id or record.deleted_at is not None:
        return None
    return record


def find_stage(session: Session, workspace_id: int, stage_id: int) -> Stage | None:
    """A stage of the workspace."""
    return session.scalar(select(Stage).where(Stage.workspace_id == workspace_id, Stage.id == stage_id))


def first_stage(session: Session, workspace_id: int, pipeline_id: int) -> Stage | None:
    """The stage where a pipeline begins."""
    where = (Stage.workspace_id == workspace_id, Stage.pipeline_id == pipeline_id)
    return session.scalar(select(Stage).where(*where).order_by(Stage.position).limit(1))


def first_pipeline(session: Session, workspace_id: int) -> Pipeline | None:
    """The pipeline that new deals go to."""
    query = select(Pipeline).where(Pipeline.workspace_id == workspace_id).order_by(Pipeline.position).limit(1)
    return session.scalar(query)


def next_reference(session: Session, workspace_id: int, prefix: str) -> str:
    """The next free reference, as D-18 after D-17."""
    taken = session.scalars(
        select(DealReference.reference).where(
            DealReference.workspace_id == workspace_id, DealReference.reference.startswith(f"{prefix}-")
        )
    )
    numbers = [int(m.group()) for r in taken if (m := _NUMBER.search(r))]
    return f"{prefix}-{max(numbers, default=1000) + 1}"


def reference_of(session: Session, deal: Deal) -> str:
    """A deal's reference."""
    return session.scalar(select(DealReference.reference).where(DealReference.deal_id == deal.id).limit(1)) or ""
