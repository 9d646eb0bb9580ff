"""Changes of what a mail hangs on: unlink, choose the deal, link by hand, ignore a sender."""

from __future__ import annotations

from backend.card.service.asked import Asked, Changed, Done, needed_mail, stranger_of
from backend.card.service.open_mail import OpenMail
from backend.card.service.receipts import receipt_of, vetoed_address
from backend.card.service.visit import Visit
from backend.card.store.mails import LinkRow, find_link
from backend.kit.errors import ConflictError, NotFoundError, UserError
from backend.linking.exclusions import ignore
from backend.linking.learning import relink_concerned
from backend.linking.question_store import find_question
from backend.linking.shapes import Scope
from backend.linking.undo import answer_question, link_by_hand
from backend.linking.undo import unlink as undo_link
from backend.mail.addresses import key_of
from backend.mail.shapes import Address
from backend.privacy.shapes import ExclusionKind
from backend.records.editing import Editor
from backend.records.service import require
from backend.records.store.writing import addresses_of
from backend.records.tables import Contact, Record


def link_of(visit: Visit, mail: OpenMail, asked: Asked) -> LinkRow:
    """The link of this very mail that an action names. Raises `NotFoundError`."""
    link = find_link(visit.session, visit.workspace_id, asked.id("link"))
    if link is None or link.message_id != mail.message.id:
        raise NotFoundError("That link is not there any more; open the mail again.")
    return link


def unlink(visit: Visit, asked: Asked) -> Done:
    """Take a link back, as far as the scope reaches."""
    mail = needed_mail(visit, asked)
    link = link_of(visit, mail, asked)
    wanted = asked.parameters.get("scope", "")
    if wanted not in {scope.value for scope in receipt_of(visit, mail, link).scopes}:
        raise NotFoundError("That mail cannot be unlinked so far; open the mail again.")
    scope, address = Scope(wanted), vetoed_address(mail, link)
    undone = undo_link(visit.session, visit.clock, visit.actor, link.message_id, link.record_id, scope, address)
    text = visit.words.ngettext("%(num)s mail unlinked.", "%(num)s mails unlinked.", undone.mails)
    return Done(text, (Changed.VETO, (undone.veto_id,)))


def choose_deal(visit: Visit, asked: Asked) -> Done:
    """Answer the question which deal the conversation is about; without a deal: none of those asked about."""
    mail, deal_id = needed_mail(visit, asked), asked.find_id("deal")
    conversation_id = mail.message.conversation_id
    question = find_question(visit.session, visit.workspace_id, conversation_id) if mail.is_own else None
    if question is None or deal_id not in {None, *(c["deal_id"] for c in question.candidates)}:
        raise NotFoundError("That question is not open any more; open the mail again.")
    answer_question(visit.session, visit.clock, visit.actor, conversation_id, deal_id)
    text = visit.words.gettext("Thank you; the conversation follows your answer.")
    return Done(text, (Changed.ANSWER, (conversation_id,)))


def link_to(visit: Visit, asked: Asked) -> Done:
    """Hang the mail on a record; where it is about a stranger and a contact, give the contact that address."""
    record = require(visit.session, visit.workspace_id, asked.id("record"), Record)
    person = asked.parameters.get("person", "")
    if isinstance(record, Contact) and person and not person.isdecimal():
        return _add_address(visit, record, stranger_of(visit, asked))
    mail = needed_mail(visit, asked)
    if not mail.is_stored:
        raise UserError(visit.words.gettext("Enlace has not read this mail yet; try again in a minute."))
    link_by_hand(visit.session, visit.clock, visit.actor, mail.message.id, record.id)
    text = visit.words.gettext("Linked to %(record)s; its conversation follows.", record=record.name)
    return Done(text, (Changed.HAND_LINK, (mail.message.id, record.id)))


def _add_address(visit: Visit, contact: Contact, address: Address) -> Done:
    _ = visit.words.gettext
    present = [(key_of(email), email) for email in addresses_of(visit.session, contact.id)]
    if address.key in dict(present):
        return Done(_("%(address)s is %(name)s's address already.", address=address.email, name=contact.name))
    editor = Editor(visit.session, visit.clock, visit.actor, relink_concerned)
    try:
        editor.change(contact, {"addresses": [*present, (address.key, address.email)]})
    except ConflictError as error:
        raise ConflictError(_("Somebody made %(address)s a contact meanwhile.", address=address.email)) from error
    text = _("%(address)s is %(name)s's address now.", address=address.email, name=contact.name)
    return Done(text, (Changed.ADDRESS, (contact.id, address.key)))


def ignore_address(visit: Visit, asked: Asked) -> Done:
    """Leave an address's mail out of the CRM, for the whole team."""
    return _ignore(visit, ExclusionKind.ADDRESS, stranger_of(visit, asked).key)


def ignore_domain(visit: Visit, asked: Asked) -> Done:
    """Leave a whole domain's mail out of the CRM, for the whole team."""
    return _ignore(visit, ExclusionKind.DOMAIN, stranger_of(visit, asked).key)


def _ignore(visit: Visit, kind: ExclusionKind, address_key: str) -> Done:
    ignored = ignore(visit.session, visit.clock, visit.actor, kind, address_key)
    text = visit.words.gettext("Mail from %(who)s stays out of the CRM now.", who=ignored.value)
    return Done(text, (Changed.EXCLUSION, (ignored.id,)))
