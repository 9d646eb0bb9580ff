"""Records to link to: those that were searched for, and those that are likely before anybody types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backend.card import facts
from backend.card.markup import dotted
from backend.card.seals import read_id
from backend.card.service.people import unsealed_stranger
from backend.card.service.visit import Visit
from backend.card.store.records import ContactRow, DealRow, contacts_by_id, deals_by_id, deals_for
from backend.linking.rules.outsiders import domain
from backend.mail.addresses import is_free_mail
from backend.records.shapes import RecordKind, RecordView
from backend.records.store.lookup import company_with_writers
from backend.records.store.reading import Wanted, list_contacts
from backend.records.store.reading import search_records as search_all

MOST = 10


def search(visit: Visit, query: str) -> tuple[facts.Found, ...]:
    """Records whose name, address, domain or reference holds all words, the latest changed first."""
    records = search_all(visit.session, visit.workspace_id, query, MOST)
    deals = _deals(visit, deals_by_id(visit.session, visit.workspace_id, _ids(records, RecordKind.DEAL)))
    contacts = contacts_by_id(visit.session, visit.workspace_id, _ids(records, RecordKind.CONTACT))
    people = {str(contact.id): _contact(contact) for contact in contacts.values()}
    found = {deal.id: deal for deal in deals} | people
    company = visit.words.gettext("Company")
    return tuple(found.get(str(r.id)) or facts.Found(str(r.id), r.name, company) for r in records)


def _ids(records: Iterable[RecordView], kind: RecordKind) -> list[int]:
    return [r.id for r in records if r.kind is kind]


def likely(visit: Visit, person: str) -> tuple[facts.Found, ...]:
    """Open deals and people of the company that a contact, or a stranger's domain, belongs to."""
    if person.isdecimal():
        contact = contacts_by_id(visit.session, visit.workspace_id, [read_id(person)]).get(read_id(person))
        return _near(visit, contact.id, contact.company_id) if contact else ()
    address = unsealed_stranger(visit, person) if person else None
    own_domain = domain(address.key) if address else ""
    if not own_domain or is_free_mail(own_domain):
        return ()
    found = company_with_writers(visit.session, visit.workspace_id, own_domain)
    return _near(visit, None, found[0].id) if found else ()


def _near(visit: Visit, contact_id: int | None, company_id: int | None) -> tuple[facts.Found, ...]:
    deals = _deals(visit, deals_for(visit.session, visit.workspace_id, (), contact_id, company_id))
    if contact_id is not None or company_id is None:
        return deals[:MOST]
    people = list_contacts(visit.session, visit.workspace_id, Wanted(company_id=company_id, limit=MOST))
    colleagues = tuple(facts.Found(str(p.record.id), p.record.name, dotted(p.title, p.company_name)) for p in people)
    return (*colleagues, *deals)[:MOST]


def _deals(visit: Visit, rows: Sequence[DealRow]) -> tuple[facts.Found, ...]:
    return tuple(
        facts.Found(str(row.id), row.name, dotted(_stage(row), _amount(visit, row)), is_deal=True) for row in rows
    )


def _stage(row: DealRow) -> str:
    return next((stage.name for stage in row.stages if stage.id == str(row.stage_id)), "")


def _amount(visit: Visit, row: DealRow) -> str:
    return visit.words.money(row.amount_minor, row.currency) if row.amount_minor is not None else ""


def _contact(contact: ContactRow) -> facts.Found:
    return facts.Found(str(contact.id), contact.name, dotted(contact.title, contact.company_name) or contact.address)
