"""Thousands of contacts with their companies, made a thousand at a time."""

from __future__ import annotations

from backend.records.shapes import NewCompany, NewContact, Origin
from backend.records.store.writing import insert_companies, insert_contacts
from tests.cast import Office

_AT_ONCE = 1_000
COLLEAGUES = 4


def address(number: int) -> str:
    """Four people work at each company."""
    return f"p{number}@firm{number // COLLEAGUES}.example"


def make_people(office: Office, number: int) -> list[int]:
    """Make so many contacts, who belong to nobody; returns their ids."""
    ids: list[int] = []
    for begin in range(0, number, _AT_ONCE):
        numbers = range(begin, min(begin + _AT_ONCE, number))
        with office.db.write() as session:
            now, firms = office.clock.now(), sorted({each // COLLEAGUES for each in numbers})
            made = insert_companies(session, office.workspace_id, [_firm(each) for each in firms], now)
            company_of = dict(zip(firms, made, strict=True))
            people = [_person(each, company_of[each // COLLEAGUES]) for each in numbers]
            ids += insert_contacts(session, office.workspace_id, people, now)
    return ids


def _firm(number: int) -> NewCompany:
    return NewCompany(f"Firm {number}", (f"firm{number}.example",))


def _person(number: int, company_id: int) -> NewContact:
    email = address(number)
    return NewContact(
        name=f"Person {number}", addresses=((email, email),), first_name="Person", last_name=str(number),
        company_id=company_id, origin=Origin.IMPORT,
    )  # fmt: skip
