"""The values of a template's fields for one person, their company and deal, and the one who writes."""

from __future__ import annotations

from babel.numbers import format_currency, get_currency_precision
from sqlalchemy.orm import Session

from backend.accounts.store import get_user
from backend.records.shapes import DealView
from backend.records.store.reading import get_contact, get_deal
from backend.sequences.tables import Enrolment


def values_for(session: Session, enrolment: Enrolment) -> dict[str, str]:
    """Fields by name; what is not known is left out or empty, and what is only white space is empty."""
    user = get_user(session, enrolment.workspace_id, enrolment.user_id)
    known = {"sender.name": user.name, "sender.email": user.email}
    contact = get_contact(session, enrolment.workspace_id, enrolment.contact_id)
    if contact is not None:
        known |= {
            "contact.first_name": contact.first_name,
            "contact.name": contact.record.name,
            "contact.title": contact.title,
            "contact.email": enrolment.email,
            "company.name": contact.company_name,
        }
    deal = get_deal(session, enrolment.workspace_id, enrolment.deal_id) if enrolment.deal_id else None
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
