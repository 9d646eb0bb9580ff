"""Forms of contacts and deals: shown filled in, saved with an undo that puts the fields back."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from backend.card import facts, form_facts
from backend.card.cards import forms
from backend.card.service.asked import Asked, Changed, Done, mail_of, stranger_of
from backend.card.service.making import contact_of, deal_for, deal_name, editor
from backend.card.service.open_mail import OpenMail
from backend.card.service.visit import Visit
from backend.card.shapes import Outcome
from backend.card.store.records import deals_for
from backend.kit.errors import UserError
from backend.mail.conversations import bare_subject
from backend.records.service import require
from backend.records.tables import Contact, Deal, Record

LONGEST_NAME, LONGEST_FIELD = 200, {"title": 200, "phone": 50}


def new_contact(visit: Visit, asked: Asked) -> Outcome:
    """Push the form of a contact to be made of a stranger."""
    address = stranger_of(visit, asked)
    form = form_facts.PersonForm(asked.parameters["person"], address.name or address.email, is_new=True)
    return Outcome(push=forms.person_card(form, _fact(mail_of(visit, asked)), visit.words))


def edit_contact(visit: Visit, asked: Asked) -> Outcome:
    """Push the form of a contact."""
    contact = require(visit.session, visit.workspace_id, asked.id("record"), Contact)
    form = form_facts.PersonForm(str(contact.id), contact.name, contact.title, contact.phone)
    return Outcome(push=forms.person_card(form, _fact(mail_of(visit, asked)), visit.words))


def new_deal(visit: Visit, asked: Asked) -> Outcome:
    """Push the form of a deal with a contact, named after the company and the mail."""
    contact, mail = require(visit.session, visit.workspace_id, asked.id("record"), Contact), mail_of(visit, asked)
    name = deal_name(visit, contact, bare_subject(mail.message.subject) if mail else "")
    form = form_facts.DealForm(str(contact.id), contact.name, name, is_new=True)
    return Outcome(push=forms.deal_card(form, _fact(mail), visit.words))


def edit_deal(visit: Visit, asked: Asked) -> Outcome:
    """Push the form of a deal."""
    deal = require(visit.session, visit.workspace_id, asked.id("deal"), Deal)
    amount = visit.words.written_amount(deal.amount_minor, deal.currency)
    form = form_facts.DealForm(str(deal.id), "", deal.name, amount, deal.currency, deal.expected_close)
    return Outcome(push=forms.deal_card(form, _fact(mail_of(visit, asked)), visit.words))


def save_new_contact(visit: Visit, asked: Asked) -> Done:
    """Make a stranger a contact with what was typed. Somebody who is one by now is changed instead."""
    contact, made = contact_of(visit, stranger_of(visit, asked))
    if not made:
        return _change(visit, contact, _person_fields(visit, asked))
    editor(visit).change(contact, _person_fields(visit, asked))
    return Done(visit.words.gettext("%(name)s is a contact now.", name=contact.name), (Changed.RECORDS, made))


def save_contact(visit: Visit, asked: Asked) -> Done:
    """Change a contact."""
    contact = require(visit.session, visit.workspace_id, asked.id("record"), Contact)
    return _change(visit, contact, _person_fields(visit, asked))


def save_new_deal(visit: Visit, asked: Asked) -> Done:
    """Make a deal with a contact. A deal of this name that is open already is taken for the first try."""
    contact = require(visit.session, visit.workspace_id, asked.id("record"), Contact, will_change=True)
    fields = _deal_fields(visit, asked, "EUR")
    open_ones = deals_for(visit.session, visit.workspace_id, (), contact.id, None)
    if any(deal.name == fields["name"] for deal in open_ones):
        return Done(visit.words.gettext("%(deal)s is open already.", deal=fields["name"]))
    deal = deal_for(visit, contact, **fields)
    return Done(visit.words.gettext("%(deal)s was added.", deal=deal.name), (Changed.RECORDS, (deal.id,)))


def save_deal(visit: Visit, asked: Asked) -> Done:
    """Change a deal."""
    deal = require(visit.session, visit.workspace_id, asked.id("deal"), Deal)
    return _change(visit, deal, _deal_fields(visit, asked, deal.currency))


def _change(visit: Visit, record: Record, fields: dict[str, Any]) -> Done:
    before = {name: getattr(record, name) for name, value in fields.items() if getattr(record, name) != value}
    text = visit.words.gettext("%(name)s is saved.", name=fields["name"])
    if not before:
        return Done(text)
    editor(visit).change(record, {name: fields[name] for name in before})
    return Done(text, (Changed.FIELDS, (record.id, record.version, json.dumps(before, default=str))))


def _person_fields(visit: Visit, asked: Asked) -> dict[str, str]:
    name = _name(visit, asked)
    first, _, last = name.partition(" ")
    rest = {field: asked.input(field)[:longest] for field, longest in LONGEST_FIELD.items()}
    return {"name": name, "first_name": first, "last_name": last, **rest}


def _deal_fields(visit: Visit, asked: Asked, currency: str) -> dict[str, Any]:
    _, typed, day = visit.words.gettext, asked.input("amount"), asked.input("closes")
    try:
        amount = visit.words.read_amount(typed, currency)
    except (ValueError, ArithmeticError) as error:
        example = visit.words.written_amount(123_450, currency)
        raise UserError(
            _("“%(text)s” is not an amount; write it as %(example)s.", text=typed, example=example)
        ) from error
    try:
        closes = date.fromisoformat(day) if day else None
    except ValueError as error:
        raise UserError(_("That is not a date; write it as 2026-12-31.")) from error
    return {"name": _name(visit, asked), "amount_minor": amount, "expected_close": closes}


def _name(visit: Visit, asked: Asked) -> str:
    name = " ".join(asked.input("name").split())[:LONGEST_NAME]
    if not name:
        raise UserError(visit.words.gettext("Give it a name."))
    return name


def _fact(mail: OpenMail | None) -> facts.Mail | None:
    return mail.fact if mail else None
