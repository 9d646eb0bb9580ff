"""The card beside a mail, and the one where no mail is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from backend.accounts.store import mailboxes
from backend.activities.shapes import Task
from backend.activities.store import open_tasks_of_owner
from backend.card import facts
from backend.card.cards import context_card, home
from backend.card.cards import deal as deal_card
from backend.card.cards.alarm import with_alarm
from backend.card.cards.contact import MAX_OTHERS
from backend.card.rules import Kind, kind_of_card, most_relevant_first
from backend.card.service.alarms import alarm_of
from backend.card.service.deals import deal_facts
from backend.card.service.keeping import locked
from backend.card.service.open_mail import LockedMail, OpenMail
from backend.card.service.people import contact_fact, known, stranger_fact, unknown
from backend.card.service.visit import Visit
from backend.card.shapes import Card
from backend.card.store.records import ContactRow, contacts_by_address, contacts_by_id, deals_by_id
from backend.linking import words as say
from backend.linking.receipt_store import count_unlinked_mail
from backend.mail.addresses import key_of
from backend.mail.shapes import Address
from backend.privacy.shapes import RequestState
from backend.privacy.store.threads import requests_to
from backend.records.shapes import RecordKind
from backend.timeline.shapes import Entry
from backend.timeline.store import replies_owed
from backend.timeline.store.cold import cold_deals

REPLIES_WITHIN = timedelta(days=30)
COLD_AFTER = timedelta(days=14)

Contacts = Mapping[str, ContactRow]


def root_card(visit: Visit, mail: OpenMail | LockedMail | None, notice: facts.Notice | None = None) -> Card:
    """The card at the bottom of the pile: the mail's, or home where none is open; `notice` says what was just done.

    On top stands an alarm where mail of the reader's own mailboxes is missing.
    """
    return with_alarm(_root_card(visit, mail, notice), alarm_of(visit), visit.words)


def _root_card(visit: Visit, mail: OpenMail | LockedMail | None, notice: facts.Notice | None) -> Card:
    if mail is None:
        return home.card(_home(visit, notice), visit.words)
    if isinstance(mail, LockedMail):
        return context_card(locked(visit, mail, notice), visit.words)
    keys = {address.key for address in mail.others}
    contacts = contacts_by_address(visit.session, visit.workspace_id, keys)
    sender = mail.sender.key if mail.sender else ""
    order = [address.key for address in mail.others]
    match kind_of_card(mail.reason, sender, order, set(contacts), is_linked=bool(mail.links)):
        case Kind.SET_ASIDE:
            return context_card(_set_aside(visit, mail, contacts, notice), visit.words)
        case Kind.INTERNAL:
            return _internal_card(visit, mail, notice)
        case Kind.PERSON:
            key = sender if sender in contacts else order[0]
            return context_card(person_subject(visit, mail, key, contacts, notice), visit.words)
        case Kind.PEOPLE:
            return context_card(_several(visit, mail, contacts, notice), visit.words)


def person_subject(
    visit: Visit, mail: OpenMail, key: str, contacts: Contacts, notice: facts.Notice | None = None
) -> facts.Known | facts.Unknown:
    """Somebody outside the team, by address key, with the others of the mail below."""
    if key not in contacts:
        address = next(a for a in mail.others if a.key == key)
        return unknown(visit, mail, address, notice)
    contact = contacts[key]
    rest = [a for a in mail.others if a.key not in contacts or contacts[a.key].id != contact.id]
    listed = tuple(_person(visit, address, contacts) for address in rest[:MAX_OTHERS])
    return replace(known(visit, mail, contact, listed, notice), more_others=len(rest) - len(listed))


def _person(visit: Visit, address: Address, contacts: Contacts) -> facts.Person:
    contact = contacts.get(address.key)
    return contact_fact(visit, contact) if contact else stranger_fact(visit, address)


def _several(visit: Visit, mail: OpenMail, contacts: Contacts, notice: facts.Notice | None) -> facts.Several:
    by_key = {address.key: address for address in mail.others}
    sender = mail.sender.key if mail.sender else ""
    people = [_person(visit, by_key[k], contacts) for k in most_relevant_first(sender, list(by_key), set(contacts))]
    once = {person.id: person for person in people}
    return facts.Several(mail.fact, tuple(once.values()), _deals_of(visit, mail), notice)


def _deals_of(visit: Visit, mail: OpenMail) -> tuple[facts.Deal, ...]:
    linked = [link.record_id for link in mail.links if link.kind is RecordKind.DEAL]
    return deal_facts(visit, deals_by_id(visit.session, visit.workspace_id, linked), mail) if linked else ()


def _set_aside(visit: Visit, mail: OpenMail, contacts: Contacts, notice: facts.Notice | None) -> facts.Unlinked:
    person = _person(visit, mail.others[0], contacts) if mail.others else None
    reason = say.reason_sentence(mail.reason, visit.words.gettext)
    return facts.Unlinked(mail.fact, reason, person, notice=notice)


def _internal_card(visit: Visit, mail: OpenMail, notice: facts.Notice | None) -> Card:
    """Internal mail, unless a hand has linked it to a deal or a person: then theirs."""
    deals = _deals_of(visit, mail)
    if deals:
        return deal_card.card(deals[0], mail.fact, visit.words, notice)
    linked = [link.record_id for link in mail.links if link.kind is RecordKind.CONTACT]
    contact = next(iter(contacts_by_id(visit.session, visit.workspace_id, linked).values()), None) if linked else None
    if contact:
        return context_card(known(visit, mail, contact, notice=notice), visit.words)
    return context_card(facts.Internal(mail.fact, _is_own(visit, mail), notice), visit.words)


def _is_own(visit: Visit, mail: OpenMail) -> bool:
    """Whether nobody but the reader is in it."""
    own = {box.address_key for box in mailboxes(visit.session, visit.workspace_id, user_id=visit.actor.user_id)}
    return {p.address.key for p in mail.message.participants} <= own | {key_of(visit.actor.email)}


def _home(visit: Visit, notice: facts.Notice | None) -> facts.Home:
    session, actor = visit.session, visit.actor
    tasks = open_tasks_of_owner(session, actor.workspace_id, actor.user_id)
    waiting = replies_owed(session, actor, visit.now - REPLIES_WITHIN)
    cold = cold_deals(session, actor, visit.now - COLD_AFTER)
    return facts.Home(
        reader=actor.name or actor.email,
        tasks=tuple(_own_task(visit, task) for task in tasks),
        waiting=tuple(_waiting(entry) for entry in waiting),
        requests=tuple(
            facts.ReadRequest(str(r.id), r.asker, r.subject, r.asked_at)
            for r in requests_to(session, actor, [RequestState.ASKED])
        ),
        cold=tuple(facts.ColdDeal(str(d.id), d.name, (visit.now - d.quiet_since).days, d.stage) for d in cold),
        more_url=visit.url("/"),
        notice=notice,
        unlinked_count=count_unlinked_mail(session, actor),
        unlinked_url=visit.url("/unlinked"),
    )


def _own_task(visit: Visit, task: Task) -> facts.Task:
    about = task.records[0] if task.records else None
    return facts.Task(
        id=str(task.id),
        title=task.text,
        due_on=task.due_at.astimezone(visit.words.zone).date() if task.due_at else None,
        record=about[2] if about else "",
        url=visit.record_url(about[1], about[0]) if about else "",
    )


def _waiting(entry: Entry) -> facts.Waiting:
    return facts.Waiting(entry.who, entry.title or "", entry.at, entry.gmail_url)
