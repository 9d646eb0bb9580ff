"""A mail that is being written: what can be put into it, and putting it in. Nothing is stored, nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence

from backend.card import form_facts
from backend.card.cards import compose as compose_card
from backend.card.service.asked import Asked
from backend.card.service.deals import deal_facts
from backend.card.service.visit import Visit
from backend.card.shapes import Insert, Outcome
from backend.card.store.records import (
    ContactRow,
    DealRow,
    contacts_by_address,
    contacts_by_id,
    deals_by_id,
    deals_for,
)
from backend.kit.errors import NotFoundError
from backend.mail.address_lists import addresses_in
from backend.mail.headers import LONGEST_VALUE
from backend.mail.shapes import Address
from backend.sequences.shapes import TemplateView
from backend.sequences.texts import rules
from backend.sequences.texts.service import ready_template
from backend.sequences.texts.store import templates

MOST_RECIPIENTS = 50


def compose(visit: Visit, asked: Asked) -> Outcome:
    """Push what can be put into a draft to these recipients; the first whom the team knows fills in the fields."""
    recipients = addresses_in(asked.input("to")[:LONGEST_VALUE])[0][:MOST_RECIPIENTS]
    known = contacts_by_address(visit.session, visit.workspace_id, {address.key for address in recipients})
    contact = next((known[a.key] for a in recipients if a.key in known), None)
    rows = _deals_of(visit, contact)
    values = _values(visit, contact, rows[0] if rows else None)
    draft = form_facts.Draft(
        recipients=tuple(_name(address, known.get(address.key)) for address in recipients),
        person=str(contact.id) if contact else "",
        person_name=contact.name if contact else "",
        deal=str(rows[0].id) if rows else "",
        templates=tuple(_template(each, values) for each in templates(visit.session, visit.actor)),
        deals=deal_facts(visit, rows, None),
        templates_url=visit.url("/templates"),
    )
    return Outcome(push=compose_card.card(draft, visit.words))


def insert_template(visit: Visit, asked: Asked) -> Outcome:
    """Write a template's text at the cursor; with `part` whole, its subject too."""
    template = ready_template(visit.session, visit.actor, asked.id("template"))
    values = _values(visit, _contact(visit, asked), _deal(visit, asked))
    html = rules.as_html(rules.fill(template.body, values).text)
    subject = rules.one_line(rules.fill(template.subject, values).text)
    return Outcome(insert=Insert(html, subject if asked.parameters.get("part") == "whole" else ""))


def insert_reference(visit: Visit, asked: Asked) -> Outcome:
    """Write the draft's subject: what was typed, or the deal's name, and the reference that ties the mail to it."""
    deal = _deal(visit, asked)
    if deal is None or not deal.reference:
        raise NotFoundError("That deal is not here; it may have been deleted or merged.")
    subject = rules.one_line(asked.input("subject") or deal.name)
    mark = f"[{deal.reference}]"
    return Outcome(insert=Insert(subject=subject if mark in subject else f"{mark} {subject}"))


def _deals_of(visit: Visit, contact: ContactRow | None) -> Sequence[DealRow]:
    return deals_for(visit.session, visit.workspace_id, (), contact.id, contact.company_id) if contact else ()


def _name(address: Address, contact: ContactRow | None) -> str:
    return contact.name if contact else address.name or address.email


def _template(template: TemplateView, values: dict[str, str]) -> form_facts.Template:
    subject, body = rules.fill(template.subject, values), rules.fill(template.body, values)
    missing = tuple(dict.fromkeys((*subject.missing, *body.missing)))
    return form_facts.Template(str(template.id), template.name, rules.one_line(subject.text), missing)


def _contact(visit: Visit, asked: Asked) -> ContactRow | None:
    person = asked.find_id("person")
    return contacts_by_id(visit.session, visit.workspace_id, [person]).get(person) if person is not None else None


def _deal(visit: Visit, asked: Asked) -> DealRow | None:
    deal_id = asked.find_id("deal")
    rows = deals_by_id(visit.session, visit.workspace_id, [deal_id]) if deal_id is not None else []
    return rows[0] if rows else None


def _values(visit: Visit, contact: ContactRow | None, deal: DealRow | None) -> dict[str, str]:
    """The fields of a template by name; what is not known is left out."""
    stages = deal_facts(visit, [deal], None)[0].stages if deal else ()
    known = {"sender.name": visit.actor.name, "sender.email": visit.actor.email}
    if contact:
        first_name = contact.first_name or contact.name.partition(" ")[0]
        known |= {"contact.first_name": first_name, "contact.name": contact.name, "contact.title": contact.title}
        known |= {"contact.email": contact.address, "company.name": contact.company_name}
    if deal:
        amount = visit.words.money(deal.amount_minor, deal.currency) if deal.amount_minor is not None else ""
        stage = next((stage.name for stage in stages if stage.id == str(deal.stage_id)), "")
        known |= {"deal.name": deal.name, "deal.reference": deal.reference, "deal.stage": stage, "deal.amount": amount}
    return known
