"""The values of a template's fields for one person, their company and deal, and the one who writes."""

from __future__ import annotations

from collections.abc import Sequence

from babel.numbers import format_currency, get_currency_precision
from sqlalchemy.orm import Session

from backend.records.shapes import DealView
from backend.records.store.reading import get_deals
from backend.sequences.tables import Enrolment
from backend.sequences.texts.field_store import Name, Writer, names_of, writers_of


def values_for(session: Session, enrolment: Enrolment) -> dict[str, str]:
    """Fields by name; what is not known is left out or empty, and what is only white space is empty."""
    return values_of(session, [enrolment])[enrolment.id]


def values_of(session: Session, enrolments: Sequence[Enrolment]) -> dict[int, dict[str, str]]:
    """The same for several of one team, by the enrolment's id."""
    workspace_id = enrolments[0].workspace_id
    writers = writers_of(session, workspace_id, {each.user_id for each in enrolments})
    names = names_of(session, workspace_id, {each.contact_id for each in enrolments})
    deal_ids = [each.deal_id for each in enrolments if each.deal_id is not None]
    deals = {d.record.id: d for d in get_deals(session, workspace_id, deal_ids)} if deal_ids else {}
    return {
        each.id: _values(each, writers[each.user_id], names.get(each.contact_id), deals.get(each.deal_id or 0))
        for each in enrolments
    }


def _values(enrolment: Enrolment, writer: Writer, name: Name | None, deal: DealView | None) -> dict[str, str]:
    known = {"sender.name": writer.name, "sender.email": writer.email}
    if name is not None:
        known |= {
            "contact.first_name": name.first_name,
            "contact.name": name.name,
            "contact.title": name.title,
            "contact.email": enrolment.email,
            "company.name": name.company,
        }
    known |= _of_deal(deal, writer.locale) if deal is not None else {}
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
