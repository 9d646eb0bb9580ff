"""Changes of records: a contact, a contact with a deal, a deal's stage."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from backend.card.seals import read_id
from backend.card.service.asked import Asked, Changed, Done, mail_of, stranger_of
from backend.card.service.visit import Visit
from backend.card.store.records import contacts_by_address, deals_for
from backend.db import serialise
from backend.kit.errors import NotFoundError, UserError
from backend.linking.learning import relink_concerned
from backend.mail.addresses import domain_of, registrable_domain
from backend.mail.conversations import bare_subject
from backend.mail.shapes import Address
from backend.records.editing import Editor
from backend.records.service import contact_from_address, require
from backend.records.shapes import NewDeal, Origin
from backend.records.store import lookup
from backend.records.store.writing import find_stage, first_pipeline
from backend.records.tables import Contact, Deal

_LONGEST_DEAL_NAME = 200


def create_contact(visit: Visit, asked: Asked) -> Done:
    """Make a stranger a contact; all their mail follows. Somebody who is a contact by now stays one."""
    address = stranger_of(visit, asked)
    contact, made = contact_of(visit, address)
    if not made:
        return Done(visit.words.gettext("%(name)s is a contact already.", name=contact.name))
    return Done(visit.words.gettext("%(name)s is a contact now.", name=contact.name), (Changed.RECORDS, made))


def create_contact_and_deal(visit: Visit, asked: Asked) -> Done:
    """Make a stranger a contact with a deal, named after company and subject. Who has an open deal gets no second."""
    address, mail = stranger_of(visit, asked), mail_of(visit, asked)
    contact, made = contact_of(visit, address)
    open_deals = deals_for(visit.session, visit.workspace_id, (), contact.id, None)
    if open_deals:
        text = visit.words.gettext("%(deal)s is open already.", deal=open_deals[0].name)
        return Done(text, (Changed.RECORDS, made) if made else None)
    about = bare_subject(mail.message.subject) if mail else ""
    deal = deal_for(visit, contact, name=deal_name(visit, contact, about))
    text = visit.words.gettext("%(deal)s was added.", deal=deal.name)
    return Done(text, (Changed.RECORDS, (deal.id, *made)))


def contact_of(visit: Visit, address: Address) -> tuple[Contact, tuple[int, ...]]:
    """The contact with this address, and the ids of the records that had to be made: contact, then company."""
    serialise(visit.session, "contacts made on cards", visit.workspace_id)  # a retry must find what the first call made
    known = contacts_by_address(visit.session, visit.workspace_id, {address.key}).get(address.key)
    if known:
        return require(visit.session, visit.workspace_id, known.id, Contact), ()
    domain = registrable_domain(domain_of(address.key))
    had_company = bool(lookup.companies_by_domain(visit.session, visit.workspace_id, {domain}))
    new = contact_from_address(address.email, address.name, Origin.CARD)
    contact, _relinked = editor(visit).add_contact(replace(new, owner_id=visit.actor.user_id))
    new_company = contact.company_id if contact.company_id and not had_company else None
    return contact, (contact.id, *((new_company,) if new_company else ()))


def deal_name(visit: Visit, contact: Contact, about: str) -> str:
    """What a new deal with somebody is called: their company, and what it is about."""
    company = lookup.company_names(visit.session, visit.workspace_id, [contact.company_id or 0])
    whose = next((c.name for c in company.values()), contact.name)
    return f"{whose} – {about}"[:_LONGEST_DEAL_NAME] if about else whose  # noqa: RUF001 - a dash between names


def deal_for(
    visit: Visit, contact: Contact, *, name: str, amount_minor: int | None = None, expected_close: date | None = None
) -> Deal:
    """A new deal with a contact, in the first pipeline. Raises `UserError` where there is none."""
    pipeline = first_pipeline(visit.session, visit.workspace_id)
    if pipeline is None:
        raise UserError(visit.words.gettext("Your team has no pipeline yet; an admin can make one."))
    new = NewDeal(
        name=name,
        pipeline_id=pipeline.id,
        company_id=contact.company_id,
        contact_ids=(contact.id,),
        amount_minor=amount_minor,
        expected_close=expected_close,
        owner_id=visit.actor.user_id,
        origin=Origin.CARD,
    )
    return editor(visit).add_deal(new)[0]


def set_stage(visit: Visit, asked: Asked) -> Done:
    """Move a deal to the stage that was chosen."""
    deal = require(visit.session, visit.workspace_id, asked.id("deal"), Deal)
    stage = find_stage(visit.session, visit.workspace_id, read_id(asked.input("stage")))
    if stage is None or stage.pipeline_id != deal.pipeline_id:
        raise NotFoundError("This deal's pipeline has no such stage; open the mail again.")
    before = deal.stage_id
    if before == stage.id:
        return Done(visit.words.gettext("%(deal)s is in %(stage)s.", deal=deal.name, stage=stage.name))
    editor(visit).change(deal, {"stage_id": stage.id})
    text = visit.words.gettext("%(deal)s moved to %(stage)s.", deal=deal.name, stage=stage.name)
    return Done(text, (Changed.STAGE, (deal.id, before, stage.id)))


def editor(visit: Visit) -> Editor:
    """The reader's hand on records."""
    return Editor(visit.session, visit.clock, visit.actor, relink_concerned)
