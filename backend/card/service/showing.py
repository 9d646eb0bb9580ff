"""Actions that only show: a person, a deal, a receipt, a search, a form. Each pushes a card or renews the top one."""

from __future__ import annotations

from backend.accounts.shapes import MailboxStatus, Role
from backend.accounts.store import mailboxes
from backend.card import facts, form_facts
from backend.card.cards import context_card, forms
from backend.card.cards import deal as deal_card
from backend.card.cards import receipt as receipt_card
from backend.card.cards import search as search_card
from backend.card.cards import settings as settings_card
from backend.card.seals import read_id
from backend.card.service.asked import Asked, beside, mail_of, needed_mail, stranger_of
from backend.card.service.context import person_subject, root_card
from backend.card.service.deals import find_deal
from backend.card.service.finding import likely, search
from backend.card.service.links import link_of
from backend.card.service.people import known
from backend.card.service.receipts import whole_receipt_of
from backend.card.service.visit import Visit
from backend.card.service.writing import call_outcomes
from backend.card.shapes import Outcome, PopTo
from backend.card.store.records import contacts_by_address, contacts_by_id
from backend.kit.errors import NotFoundError
from backend.records.service import require
from backend.records.tables import Record


def refresh(visit: Visit, asked: Asked) -> Outcome:
    """Show the mail's card, or home, anew."""
    return Outcome(pop=PopTo.ROOT, update=root_card(visit, beside(visit, asked)))


def open_person(visit: Visit, asked: Asked) -> Outcome:
    """Push the card of somebody in the mail."""
    mail = needed_mail(visit, asked)
    person = asked.parameters.get("person", "")
    contacts = contacts_by_address(visit.session, visit.workspace_id, {a.key for a in mail.others})
    key = next((k for k, c in contacts.items() if str(c.id) == person), "")
    if key:
        return Outcome(push=context_card(person_subject(visit, mail, key, contacts), visit.words))
    if person.isdecimal():
        contact = contacts_by_id(visit.session, visit.workspace_id, [read_id(person)]).get(read_id(person))
        if contact is None:
            raise NotFoundError("That contact is not here; it may have been deleted or merged.")
        return Outcome(push=context_card(known(visit, mail, contact), visit.words))
    key = stranger_of(visit, asked).key
    if key not in {a.key for a in mail.others}:
        raise NotFoundError("That person is not in this mail; open the mail again.")
    return Outcome(push=context_card(person_subject(visit, mail, key, contacts), visit.words))


def open_deal(visit: Visit, asked: Asked) -> Outcome:
    """Push a deal's card."""
    mail = mail_of(visit, asked)
    deal = find_deal(visit, asked.id("deal"), mail)
    return Outcome(push=deal_card.card(deal, mail.fact if mail else None, visit.words))


def why(visit: Visit, asked: Asked) -> Outcome:
    """Push the receipt of a link."""
    mail = needed_mail(visit, asked)
    receipt = whole_receipt_of(visit, mail, link_of(visit, mail, asked))
    return Outcome(push=receipt_card.card(receipt, mail.fact, visit.words))


def link_existing(visit: Visit, asked: Asked) -> Outcome:
    """Push the search, with the records that the person's company suggests."""
    mail, person = needed_mail(visit, asked), asked.parameters.get("person", "")
    found = likely(visit, person)
    return Outcome(push=search_card.card("", found, mail.fact, visit.words, person=person))


def search_records(visit: Visit, asked: Asked) -> Outcome:
    """Update the search with what was found."""
    mail, person, query = needed_mail(visit, asked), asked.parameters.get("person", ""), asked.input("query")
    found = search(visit, query) if query else likely(visit, person)
    return Outcome(update=search_card.card(query, found, mail.fact, visit.words, person=person))


def settings(visit: Visit, _asked: Asked) -> Outcome:
    """Push what the reader's card rests on."""
    _, actor = visit.words.gettext, visit.actor
    states = {
        MailboxStatus.ACTIVE: _("is being read"),
        MailboxStatus.PAUSED: _("paused"),
        MailboxStatus.RECONNECT_NEEDED: _("has to be connected again"),
    }
    boxes = mailboxes(visit.session, visit.workspace_id, user_id=actor.user_id)
    shown = tuple((box.address, states[s]) for box in boxes if (s := MailboxStatus(box.status)) in states)
    roles = {Role.REP: _("Rep"), Role.MANAGER: _("Manager"), Role.ADMIN: _("Admin")}
    own = form_facts.Settings(
        reader=f"{actor.name} · {actor.email}" if actor.name else actor.email,
        role=roles[actor.role],
        mailboxes=shown,
        mailboxes_url=visit.url("/settings/mailboxes"),
        templates_url=visit.url("/templates"),
        crm_url=visit.url("/"),
    )
    return Outcome(push=settings_card.card(own, visit.words))


def new_note(visit: Visit, asked: Asked) -> Outcome:
    """Push the form of a note."""
    record, mail = _record(visit, asked), _fact(visit, asked)
    return Outcome(push=forms.note_card(str(record.id), record.name, mail, visit.words))


def new_task(visit: Visit, asked: Asked) -> Outcome:
    """Push the form of a task."""
    record, mail = _record(visit, asked), _fact(visit, asked)
    return Outcome(push=forms.task_card(str(record.id), record.name, mail, visit.words))


def new_call(visit: Visit, asked: Asked) -> Outcome:
    """Push the form of a call."""
    record, mail = _record(visit, asked), _fact(visit, asked)
    outcomes = tuple(call_outcomes(visit.words).items())
    return Outcome(push=forms.call_card(str(record.id), record.name, outcomes, mail, visit.words))


def _record(visit: Visit, asked: Asked) -> Record:
    return require(visit.session, visit.workspace_id, asked.id("record"), Record)


def _fact(visit: Visit, asked: Asked) -> facts.Mail | None:
    mail = mail_of(visit, asked)
    return mail.fact if mail else None
