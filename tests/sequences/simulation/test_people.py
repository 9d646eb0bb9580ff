"""Whom a rehearsal makes up."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.records.service import Team
from backend.records.tables import Company, Contact, ContactAddress, Deal, DealPerson
from backend.sequences.simulation.people import invent
from tests.cast import open_office


def test_people_are_made_up_three_to_a_company_each_with_a_deal_of_their_own(
    sqlite_db: Database, clock: VirtualClock, emulator: Emulator
) -> None:
    office = open_office(sqlite_db, clock, emulator)
    with office.db.write() as session:
        made = invent(session, Team(office.workspace_id, clock), 7, with_deals=True)
        contacts = [session.get_one(Contact, each.contact_id) for each in made]
        firms = {company.id: company.name for company in session.scalars(select(Company))}
        deals = {row.contact_id: row.deal_id for row in session.scalars(select(DealPerson))}
        about = {deal.id: deal.company_id for deal in session.scalars(select(Deal))}
        emails = set(session.scalars(select(ContactAddress.email)))
    assert [contact.name for contact in contacts[:2]] == ["Ana Abel", "Bruno Abel"]
    assert Counter(firms[contact.company_id or 0] for contact in contacts) == {"Firm 1": 3, "Firm 2": 3, "Firm 3": 1}
    assert {each.contact_id: each.deal_id for each in made} == deals
    assert [about[each.deal_id or 0] for each in made] == [contact.company_id for contact in contacts]
    assert {"ana.abel.1@rehearsal-firm1.example", "greta.abel.7@rehearsal-firm3.example"} <= emails
    assert len(emails) == 7
