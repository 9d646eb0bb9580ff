"""Rows made and changed; the verbs that decide what to write stand in `service.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Delete, Table, bindparam, delete, exists, select, update
from sqlalchemy.orm import Session

from backend.db import among, insert_ignoring, insert_returning, insert_rows, table_of, write_columns
from backend.records.shapes import NewCompany, NewContact, Outcome, RecordKind
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

_NUMBER = re.compile(r"(\d+)$")
_Named = ContactAddress | CompanyDomain
# Where the names stand that mail knows records by, and the record's id beside them.
_NAMES = {ContactAddress: ("address_key", "contact_id"), CompanyDomain: ("domain", "company_id")}


def insert_contact(session: Session, workspace_id: int, new: NewContact, now: datetime) -> Contact:
    """Insert a contact with its addresses, searchable. Addresses that are somebody else's stay theirs."""
    (contact_id,) = insert_contacts(session, workspace_id, [new], now)
    return session.get_one(Contact, contact_id)


def insert_contacts(session: Session, workspace_id: int, news: Sequence[NewContact], now: datetime) -> list[int]:
    """Insert contacts as `insert_contact` does, in a fixed number of statements; returns their ids in order."""
    ids = insert_returning(session, Record, [_record_row(workspace_id, new, now) for new in news])
    insert_rows(session, Contact, [{"id": i, **_contact_row(new)} for i, new in zip(ids, news, strict=True)])
    _release(session, ContactAddress, workspace_id, [key for new in news for key, _ in new.addresses])
    rows = [row for i, new in zip(ids, news, strict=True) for row in _address_rows(workspace_id, i, new.addresses)]
    insert_ignoring(session, ContactAddress, rows)
    documents = [contact_document(new.name, [email for _, email in new.addresses]) for new in news]
    RECORD_SEARCH.add(session, list(zip(ids, documents, strict=True)))
    return ids


def _record_row(workspace_id: int, new: NewContact | NewCompany, now: datetime) -> dict[str, Any]:
    kind = RecordKind.CONTACT if isinstance(new, NewContact) else RecordKind.COMPANY
    return {
        "workspace_id": workspace_id,
        "kind": kind.value,
        "name": new.name[:500],
        "owner_id": new.owner_id,
        "origin": new.origin.value,
        "fields": {},
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def _contact_row(new: NewContact) -> dict[str, Any]:
    return {
        "first_name": new.first_name[:200],
        "last_name": new.last_name[:200],
        "title": new.title[:200],
        "phone": new.phone[:50],
        "country": new.country,
        "company_id": new.company_id,
    }


def _address_rows(
    workspace_id: int, contact_id: int, addresses: Sequence[tuple[str, str]], *, has_primary: bool = False
) -> Iterator[dict[str, Any]]:
    for position, (key, email) in enumerate(addresses):
        yield {
            "workspace_id": workspace_id,
            "contact_id": contact_id,
            "address_key": key,
            "email": email,
            "is_primary": not has_primary and position == 0,
        }


def add_addresses(session: Session, contact: Contact, addresses: Sequence[tuple[str, str]]) -> None:
    """Add (key, as written) pairs; the first becomes primary where the contact had none."""
    _release(session, ContactAddress, contact.workspace_id, [key for key, _ in addresses])
    has_primary = session.scalar(select(ContactAddress.id).where(ContactAddress.contact_id == contact.id).limit(1))
    rows = _address_rows(contact.workspace_id, contact.id, addresses, has_primary=has_primary is not None)
    insert_ignoring(session, ContactAddress, list(rows))


def insert_company(session: Session, workspace_id: int, new: NewCompany, now: datetime) -> Company:
    """Insert a company with its domains, searchable. Domains that are another company's stay theirs."""
    (company_id,) = insert_companies(session, workspace_id, [new], now)
    return session.get_one(Company, company_id)


def insert_companies(session: Session, workspace_id: int, news: Sequence[NewCompany], now: datetime) -> list[int]:
    """Insert companies as `insert_company` does, in a fixed number of statements; returns their ids in order."""
    ids = insert_returning(session, Record, [_record_row(workspace_id, new, now) for new in news])
    insert_rows(session, Company, [{"id": i, **_company_row(new)} for i, new in zip(ids, news, strict=True)])
    _add_domains(
        session, workspace_id, [(i, domain) for i, new in zip(ids, news, strict=True) for domain in new.domains]
    )
    documents = [(i, company_document(new.name[:500], new.domains)) for i, new in zip(ids, news, strict=True)]
    RECORD_SEARCH.add(session, documents)
    return ids


def _company_row(new: NewCompany) -> dict[str, Any]:
    return {"industry": new.industry, "city": new.city, "country": new.country, "employees": new.employees}


def _add_domains(session: Session, workspace_id: int, domains: Sequence[tuple[int, str]]) -> None:
    """Give companies (by id) domains; those of another living company stay theirs, a deleted one's are free."""
    _release(session, CompanyDomain, workspace_id, [domain for _, domain in domains])
    rows = [{"workspace_id": workspace_id, "company_id": i, "domain": domain} for i, domain in domains]
    insert_ignoring(session, CompanyDomain, rows)


def _release(session: Session, model: type[_Named], workspace_id: int, names: Sequence[str]) -> None:
    """Free addresses or domains that only deleted records still hold."""
    if names:
        write_columns(session, _releasing(model), {"workspace_id": workspace_id, "names": names})


@cache  # done for every batch of mail that brings new people
def _releasing(model: type[_Named]) -> Delete:
    records, table = table_of(Record).c, table_of(model)
    name, record_id = _NAMES[model]
    is_deleted = exists().where(records.id == table.c[record_id], records.deleted_at.is_not(None))
    is_among = among(table.c[name], "names")
    return delete(table).where(table.c.workspace_id == bindparam("workspace_id"), is_among, is_deleted)


def replace_addresses(session: Session, contact: Contact, addresses: Sequence[tuple[str, str]]) -> None:
    """Make (key, as written) pairs the contact's addresses, the first one primary."""
    session.execute(delete(ContactAddress).where(ContactAddress.contact_id == contact.id))
    add_addresses(session, contact, addresses)


def replace_domains(session: Session, company: Company, domains: Sequence[str]) -> None:
    """Make these the company's domains."""
    session.execute(delete(CompanyDomain).where(CompanyDomain.company_id == company.id))
    _add_domains(session, company.workspace_id, [(company.id, domain) for domain in domains])


def replace_people(session: Session, deal: Deal, contact_ids: Sequence[int]) -> None:
    """Let these contacts, and no others, take part in a deal; those who stay keep their roles."""
    gone = DealPerson.contact_id.not_in(contact_ids)
    session.execute(delete(DealPerson).where(DealPerson.deal_id == deal.id, gone))
    rows = [{"deal_id": deal.id, "contact_id": i, "role": ""} for i in dict.fromkeys(contact_ids)]
    insert_ignoring(session, DealPerson, rows)


def leave_company(session: Session, company_id: int) -> None:
    """Let nobody work for, and no deal belong to, a company that goes."""
    for model in (Contact, Deal):
        table = cast("Table", model.__table__)
        session.execute(update(table).where(table.c.company_id == company_id).values(company_id=None))


def document_of(session: Session, record: Record) -> str:
    """What a record is found by now; asked before a change, it is what the search index holds."""
    if isinstance(record, Contact):
        return contact_document(record.name, addresses_of(session, record.id))
    if isinstance(record, Company):
        return company_document(record.name, domains_of(session, record.id))
    assert isinstance(record, Deal)
    return deal_document(record.name, reference_of(session, record))


def addresses_of(session: Session, contact_id: int) -> list[str]:
    """A contact's addresses as written, in the order in which they were given."""
    query = select(ContactAddress.email).where(ContactAddress.contact_id == contact_id).order_by(ContactAddress.id)
    return list(session.scalars(query))


def domains_of(session: Session, company_id: int) -> list[str]:
    """A company's domains, in the order in which they were given."""
    query = select(CompanyDomain.domain).where(CompanyDomain.company_id == company_id).order_by(CompanyDomain.id)
    return list(session.scalars(query))


def contact_document(name: str, emails: Sequence[str]) -> str:
    """What a contact is found by."""
    return f"{name} {' '.join(emails)}"


def company_document(name: str, domains: Sequence[str]) -> str:
    """What a company is found by."""
    return f"{name} {' '.join(domains)}"


def deal_document(name: str, reference: str) -> str:
    """What a deal is found by."""
    return f"{name} {reference}"


def find_record(session: Session, workspace_id: int, record_id: int, *, will_change: bool = False) -> Record | None:
    """A living record of the workspace, with the columns of its kind; held until the end where it will change."""
    record = session.get(Record, record_id, with_for_update={"of": Record} if will_change else None)
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


def is_lost(session: Session, deal: Deal) -> bool:
    """Whether a deal stands in a lost stage."""
    return session.scalar(select(Stage.outcome).where(Stage.id == deal.stage_id)) == Outcome.LOST


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
