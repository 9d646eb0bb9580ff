"""A campaign's list out of the contacts, and what keeps each of them from being written to; few statements for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend.accounts.store import team_addresses
from backend.accounts.tables import Mailbox
from backend.mail.addresses import is_free_mail
from backend.mail.tables import Message, MessageParticipant
from backend.outbox.suppression_store import suppressed_among
from backend.outbox.tables import OutboxRow
from backend.records.tables import RECORD_SEARCH, Company, Contact, ContactAddress, Record
from backend.sequences.campaigns.shapes import Audience, Obstacles, Person

MOST_PEOPLE = 50_000
_AT_ONCE = 10_000  # ids in one statement: SQLite takes 32,766 parameters
_RECORD, _CONTACT = Record.__table__.c, Contact.__table__.c
_EMPLOYER = Record.__table__.alias("employer")


def people(
    session: Session, workspace_id: int, audience: Audience, *, offset: int = 0, limit: int = MOST_PEOPLE
) -> list[Person]:
    """Those on the list, by name; a contact without an address is on it too."""
    query = _people(workspace_id)
    matching = RECORD_SEARCH.matching(session, audience.words)
    if matching is not None:
        query = query.where(_RECORD.id.in_(matching))
    if audience.owner_id is not None:
        query = query.where(_RECORD.owner_id == audience.owner_id)
    if audience.company_id is not None:
        query = query.where(_CONTACT.company_id == audience.company_id)
    if audience.contact_ids is None:
        return _read(session, query.offset(offset).limit(limit))
    wanted = audience.contact_ids
    several = (wanted[n : n + _AT_ONCE] for n in range(0, len(wanted), _AT_ONCE))
    found = [person for ids in several for person in _read(session, query.where(_RECORD.id.in_(ids)))]
    return found[offset : offset + limit]


def count_people(session: Session, workspace_id: int, audience: Audience) -> int:
    """How many are on the list."""
    return len(people(session, workspace_id, audience, limit=MOST_PEOPLE + 1))


def _people(workspace_id: int) -> Select[*tuple[Any, ...]]:
    """One row a contact, with the address that we write to."""
    a, first = ContactAddress.__table__.c, ContactAddress.__table__.alias("first").c
    in_order = select(first.id).order_by(first.is_primary.desc(), first.id)
    written_to = in_order.where(first.contact_id == _RECORD.id).limit(1).scalar_subquery()
    columns = (_RECORD.id, _RECORD.name, _CONTACT.first_name, _CONTACT.title, _EMPLOYER.c.name, a.email, a.address_key)
    return (
        select(*columns)
        .join(Contact.__table__, _CONTACT.id == _RECORD.id)
        .outerjoin(_EMPLOYER, _EMPLOYER.c.id == _CONTACT.company_id)
        .outerjoin(ContactAddress.__table__, a.id == written_to)
        .where(_RECORD.workspace_id == workspace_id, _RECORD.deleted_at.is_(None))
        .order_by(func.lower(_RECORD.name), _RECORD.id)
    )


def _read(session: Session, query: Select[*tuple[Any, ...]]) -> list[Person]:
    return [_person(*row) for row in session.execute(query)]


def _person(
    contact_id: int, name: str, first_name: str, title: str, company: str | None, email: str | None, key: str | None
) -> Person:
    fields = {
        "contact.name": name,
        "contact.first_name": first_name,
        "contact.title": title,
        "contact.email": email or "",
        "company.name": company or "",
    }
    return Person(contact_id, email or "", key or "", {field: value.strip() for field, value in fields.items()})


def company_choices(session: Session, workspace_id: int, limit: int = 200) -> list[tuple[int, str]]:
    """Companies to choose from, (id, name)."""
    c = Company.__table__.c
    query = (
        select(_RECORD.id, _RECORD.name)
        .join(Company.__table__, c.id == _RECORD.id)
        .where(_RECORD.workspace_id == workspace_id, _RECORD.deleted_at.is_(None))
        .order_by(func.lower(_RECORD.name))
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def known_contacts(session: Session, workspace_id: int, address_keys: Iterable[str]) -> dict[str, int]:
    """Contacts by address key; an address that belongs to nobody is left out."""
    keys = sorted(set(address_keys))
    a, found = ContactAddress.__table__.c, {}
    for n in range(0, len(keys), _AT_ONCE):
        where = (a.workspace_id == workspace_id, a.address_key.in_(keys[n : n + _AT_ONCE]))
        found.update({row[0]: row[1] for row in session.execute(select(a.address_key, a.contact_id).where(*where))})
    return found


def obstacles(
    session: Session, workspace_id: int, listed: Iterable[Person], mailbox_id: int | None, since: datetime
) -> Obstacles:
    """Who of a list is suppressed, and to whom, or where, a colleague of the mailbox's owner wrote since then."""
    suppressed = suppressed_among(session, workspace_id, {person.address_key for person in listed})
    written_to = _colleagues_mail(session, workspace_id, mailbox_id, since)
    at = {domain: mail_id for _, domain, mail_id in written_to if domain and not is_free_mail(domain)}
    return Obstacles(suppressed, {key: mail_id for key, _, mail_id in written_to}, at)


def _colleagues_mail(
    session: Session, workspace_id: int, mailbox_id: int | None, since: datetime
) -> Sequence[tuple[str, str, int]]:
    """(address key, domain, the latest mail to it) of all whom the rest of the team wrote to."""
    p = MessageParticipant
    own = select(Mailbox.address_key).where(Mailbox.id == mailbox_id)
    query = (
        select(p.address_key, p.domain, func.max(Message.id))
        .join(Message, Message.id == p.message_id)
        .where(Message.workspace_id == workspace_id, Message.is_ours, Message.sent_at >= since)
        .where(p.role.in_(("to", "cc")), Message.sender_key.not_in(own))
        .where(Message.sender_key.in_(sorted(team_addresses(session, workspace_id))))
        .group_by(p.address_key, p.domain)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def waiting(session: Session, mailbox_id: int) -> int:
    """Mails that wait to leave the mailbox."""
    is_open = OutboxRow.state.in_(("claimed", "drafted", "sending"))
    return session.scalar(select(func.count()).where(OutboxRow.mailbox_id == mailbox_id, is_open)) or 0
