"""The values of a template's fields for one person, their company and deal, and the one who writes."""

from __future__ import annotations

from collections.abc import Sequence

from babel.numbers import format_currency, get_currency_precision
from sqlalchemy.orm import Session

from backend.accounts.store import get_user
from backend.accounts.tables import User
from backend.records.shapes import ContactView, DealView
from backend.records.store.reading import get_contacts, get_deals
from backend.sequences.tables import Enrolment


def values_for(session: Session, enrolment: Enrolment) -> dict[str, str]:
    """Fields by name; what is not known is left out or empty, and what is only white space is empty."""
    return values_of(session, [enrolment])[enrolment.id]


def values_of(session: Session, enrolments: Sequence[Enrolment]) -> dict[int, dict[str, str]]:
    """The same for several of one team, by the enrolment's id."""
    workspace_id = enrolments[0].workspace_id
    users = {key: get_user(session, workspace_id, key) for key in {each.user_id for each in enrolments}}
    contacts = {c.record.id: c for c in get_contacts(session, workspace_id, [each.contact_id for each in enrolments])}
    deal_ids = [each.deal_id for each in enrolments if each.deal_id is not None]
    deals = {d.record.id: d for d in get_deals(session, workspace_id, deal_ids)} if deal_ids else {}
    found = {}
    for each in enrolments:
        contact, deal = contacts.get(each.contact_id), deals.get(each.deal_id or 0)
        found[each.id] = _values(each, users[each.user_id], contact, deal)
    return found


def _values(enrolment: Enrolment, user: User, contact: ContactView | None, deal: DealView | None) -> dict[str, str]:
    known = {"sender.name": user.name, "sender.email": user.email}
    if contact is not None:
        known |= {
            "contact.first_name": contact.first_name,
            "contact.name": contact.record.name,
            "contact.title": contact.title,
            "contact.email": enrolment.email,
            "company.name": contact.company_name,
        }
    known |= _of_deal(deal, user.locale) if deal is not None else {}
    return {name: value.strip() for name, value in known.items()}


def _of_deal(deal: DealView, locale: str) -> dict[str, str]:
    amount = ""
    if deal.amount_minor is not None:
        units = deal.amount_minor / 10 ** get_currency_precision(deal.currency)
        amount = format_currency(units, deal.currency, locale=locale)
    return {
        "deal.name": deal.record.name,
        "deal.reference": deal.reference,
        "deal.stage": deal.stage.name,
        "deal.amount": amount,
    }
