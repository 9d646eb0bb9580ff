"""What mail and records say of people on the way: asked for many of one workspace at once, by statements built once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, bindparam, literal, select, union_all
from sqlalchemy.orm import Session

from backend.accounts.tables import Mailbox, MailboxAlias, User
from backend.activities.tables import Activity, ActivityRecord
from backend.db import among, beside, one_of, read_columns, table_of
from backend.mail.addresses import domain_of, is_free_mail, registrable_domain
from backend.mail.shapes import Kind
from backend.mail.tables import Copy, Message, MessageBody, MessageParticipant
from backend.outbox.tables import OutboxRow
from backend.records.tables import Contact, ContactAddress, Deal, Record, Stage
from backend.sequences.shapes import Arrival, Circumstances
from backend.sequences.tables import Absence, Enrolment

People = Sequence[Enrolment]
Addresses = set[tuple[int, str]]

_NOTHING = (None, None, None, "")
_TELLING = (Kind.PERSON.value, Kind.CALENDAR.value, Kind.AUTO_REPLY.value)
_COLLEAGUES = (Kind.PERSON.value, Kind.CALENDAR.value)  # that a colleague is away says nothing of the person
_m, _p, _c = table_of(Message).c, table_of(MessageParticipant).c, table_of(Copy).c
_o = table_of(OutboxRow).c
_COLLEAGUE, _OUTSIDE, _IN_THREAD = range(3)  # what stands later outweighs what stands before it
_HOW = ("colleague", "outside", "in_thread")
_ARRIVED = (_m.id, _m.kind, _m.sent_at, _m.subject)


def company_domain(address_key: str) -> str:
    """The domain by which colleagues are known; "": a free mail provider's, whose customers are strangers."""
    domain = registrable_domain(domain_of(address_key))
    return "" if is_free_mail(domain) else domain


# Mail


def arrivals_of(session: Session, people: People, addresses: Addresses) -> dict[int, list[Arrival]]:
    """Mail that came since each one's enrolment, oldest first: from them, into our threads, from their company.

    By the enrolment's id; `addresses` are theirs, of `addresses_of`. Only what can mean something is read: bulk mail
    only in our threads; texts only of automatic replies.
    """
    found: dict[int, dict[int, Arrival]] = {person.id: {} for person in people}
    by_id, by_key, by_domain = {p.id: p for p in people}, _by_key(people, addresses), _by_domain(people)
    wanted = {
        "workspace_id": people[0].workspace_id,
        "since": min(person.started_at for person in people),
        "ids": list(by_id),
        "keys": list(by_key),
        "domains": [domain for _, domain in by_domain if domain],
        "mailbox_ids": [mailbox_id for mailbox_id, _ in by_domain],
    }
    for how, about, key, message_id, kind, sent_at, subject in sorted(read_columns(session, _arrived(), wanted)):
        concerned = {_COLLEAGUE: by_domain.get((about, key), ()), _OUTSIDE: by_key.get(key, ())}
        for person in concerned.get(how) or ([by_id[about]] if how == _IN_THREAD else ()):
            if sent_at >= person.started_at:
                found[person.id][message_id] = Arrival(message_id, kind, sent_at, _HOW[how], subject, "")
    _read_texts(session, found.values())
    return {key: sorted(mails.values(), key=lambda m: (m.sent_at, m.message_id)) for key, mails in found.items()}


def _by_key(people: People, addresses: Addresses) -> dict[str, list[Enrolment]]:
    """Who is behind an address: the one written to, and every other one of the same contact."""
    by_contact = defaultdict(list)
    found: dict[str, list[Enrolment]] = defaultdict(list)
    for person in people:
        by_contact[person.contact_id].append(person)
        found[person.address_key].append(person)
    for contact_id, key in addresses:
        found[key] += [person for person in by_contact[contact_id] if person.address_key != key]
    return found


def _by_domain(people: People) -> dict[tuple[int, str], list[Enrolment]]:
    """Whose company's mail is looked for in which mailbox."""
    found: dict[tuple[int, str], list[Enrolment]] = defaultdict(list)
    for person in people:
        found[person.mailbox_id, company_domain(person.address_key)].append(person)
    return found


def _read_texts(session: Session, found: Iterable[dict[int, Arrival]]) -> None:
    """Fetch what automatic replies say: the day of the return stands in it."""
    places = [(mails, mail) for mails in found for mail in mails.values() if mail.kind == Kind.AUTO_REPLY]
    if not places:
        return
    texts = dict(read_columns(session, _texts(), {"ids": [m.message_id for _, m in places]}).all())
    for mails, mail in places:
        text = texts.get(mail.message_id, "")
        mails[mail.message_id] = Arrival(mail.message_id, mail.kind, mail.sent_at, mail.how, mail.subject, text)


def addresses_of(session: Session, people: People) -> Addresses:
    """All addresses of these people: (contact, key)."""
    return {(row[0], row[1]) for row in read_columns(session, _addresses(), {"ids": [p.contact_id for p in people]})}


@cache
def _addresses() -> Select[*tuple[Any, ...]]:
    a = ContactAddress
    return select(a.contact_id, a.address_key).where(among(a.contact_id, "ids"))


@cache
def _arrived() -> CompoundSelect[*tuple[Any, ...]]:
    """(how, mailbox or enrolment, address or domain, the mail): one question, each part of it read from its index."""
    outside = (
        select(literal(_OUTSIDE), literal(0), _p.address_key, *_ARRIVED)
        .join(table_of(Message), _m.id == _p.message_id)
        .where(*_sent_by(), among(_p.address_key, "keys"), *_is_theirs(), one_of(_m.kind, *_TELLING))
    )
    of_colleagues = (
        select(literal(_COLLEAGUE), _c.mailbox_id, _p.domain, *_ARRIVED)
        .join(table_of(Message), _m.id == _p.message_id)
        .join(table_of(Copy), _c.message_id == _m.id)
        .where(*_sent_by(), among(_p.domain, "domains"), *_is_theirs(), one_of(_m.kind, *_COLLEAGUES))
        .where(among(_c.mailbox_id, "mailbox_ids"))
    )
    in_threads = (
        select(literal(_IN_THREAD), _o.source_id, literal(""), *_ARRIVED)
        .join(table_of(Copy), (_c.mailbox_id == _o.mailbox_id) & (_c.gmail_thread_id == _o.thread_id))
        .join(table_of(Message), _m.id == _c.message_id)
        .where(_o.source == "enrolment", among(_o.source_id, "ids"), _o.thread_id != "", *_is_theirs())
    )
    return union_all(outside, of_colleagues, in_threads)


def _sent_by() -> tuple[ColumnElement[bool], ...]:
    return (_p.workspace_id == bindparam("workspace_id"), one_of(_p.role, "from", "sender"))


def _is_theirs() -> tuple[ColumnElement[bool], ...]:
    return (beside(_m.workspace_id) == bindparam("workspace_id"), ~_m.is_ours, _m.sent_at >= bindparam("since"))


@cache
def _texts() -> Select[*tuple[Any, ...]]:
    return select(MessageBody.message_id, MessageBody.text).where(among(MessageBody.message_id, "ids"))


# Records


def circumstances_of(session: Session, people: People, addresses: Addresses) -> dict[int, Circumstances]:
    """What the records say of each one and of the deal now, by the enrolment's id."""
    workspace_id = people[0].workspace_id
    ids = {"workspace_id": workspace_id, "ids": [person.contact_id for person in people]}
    records = {key: rest for key, *rest in read_columns(session, _records(), ids)}
    deals, meetings = _deals(session, people), _meetings(session, people)
    return {
        person.id: _circumstances(person, records.get(person.contact_id), addresses, deals, meetings)
        for person in people
    }


def _circumstances(
    person: Enrolment, record: Sequence[Any] | None, addresses: Addresses,
    deals: Mapping[int, tuple[int, bool]], meetings: Mapping[int, int],
) -> Circumstances:  # fmt: skip
    deleted_at, merged_into_id, owner_id, country = record or _NOTHING
    stage_id, is_open = deals.get(person.deal_id or 0, (None, False))
    return Circumstances(
        is_living=record is not None and deleted_at is None,
        merged_into_id=merged_into_id,
        has_address=(person.contact_id, person.address_key) in addresses,
        owner_id=owner_id,
        stage_id=stage_id,
        is_deal_open=is_open,
        meeting_id=meetings.get(person.id),
        country=country or "",
    )


def _deals(session: Session, people: People) -> dict[int, tuple[int, bool]]:
    ids = [person.deal_id for person in people if person.deal_id is not None]
    if not ids:
        return {}
    wanted = {"workspace_id": people[0].workspace_id, "ids": ids}
    return {key: (stage_id, outcome == "open") for key, stage_id, outcome in read_columns(session, _stages(), wanted)}


def _meetings(session: Session, people: People) -> dict[int, int]:
    """The first meeting since each one's enrolment."""
    wanted = {"workspace_id": people[0].workspace_id, "since": min(person.started_at for person in people)}
    rows = list(read_columns(session, _met(), {**wanted, "ids": [person.contact_id for person in people]}))
    return {
        p.id: key for p in people for contact_id, key, at in rows if contact_id == p.contact_id and at >= p.started_at
    }


@cache
def _records() -> Select[*tuple[Any, ...]]:
    r, c = table_of(Record).c, table_of(Contact)
    return (
        select(r.id, r.deleted_at, r.merged_into_id, r.owner_id, c.c.country)
        .outerjoin(c, c.c.id == r.id)
        .where(beside(r.workspace_id) == bindparam("workspace_id"), among(r.id, "ids"))
    )


@cache
def _stages() -> Select[*tuple[Any, ...]]:
    return (
        select(Deal.id, Deal.stage_id, Stage.outcome)
        .join(Stage, Stage.id == Deal.stage_id)
        .where(among(Deal.id, "ids"), beside(Deal.workspace_id) == bindparam("workspace_id"))
        .where(Deal.deleted_at.is_(None))
    )


@cache
def _met() -> Select[*tuple[Any, ...]]:
    a = Activity
    return (
        select(ActivityRecord.record_id, a.id, a.at)
        .join(a, a.id == ActivityRecord.activity_id)
        .where(among(ActivityRecord.record_id, "ids"), a.kind == "meeting", a.at >= bindparam("since"))
        .where(beside(a.workspace_id) == bindparam("workspace_id"))
        .order_by(a.id.desc())
    )


# Reps


@dataclass(frozen=True, slots=True)
class Rep:
    """Who writes: the zone in which they plan, and when they are away, first and last days."""

    zone: str
    absences: tuple[tuple[date, date], ...]


def reps_of(session: Session, mailbox_ids: Iterable[int], since: date) -> dict[int, Rep]:
    """The owners of mailboxes, by mailbox; of their absences those that did not end before `since`."""
    zones: dict[int, str] = {}
    absences: dict[int, list[tuple[date, date]]] = defaultdict(list)
    wanted = {"ids": list(set(mailbox_ids)), "since": since}
    for mailbox_id, zone, first, last in read_columns(session, _reps(), wanted):
        zones[mailbox_id] = zone
        absences[mailbox_id] += [(first, last)] if first is not None else []
    return {mailbox_id: Rep(zone, tuple(absences[mailbox_id])) for mailbox_id, zone in zones.items()}


@cache
def _reps() -> Select[*tuple[Any, ...]]:
    is_theirs = (Absence.user_id == User.id) & (Absence.last_day >= bindparam("since"))
    return (
        select(Mailbox.id, User.timezone, Absence.first_day, Absence.last_day)
        .join(User, User.id == Mailbox.user_id)
        .outerjoin(Absence, is_theirs)
        .where(among(Mailbox.id, "ids"))
    )


def active_mailboxes_of(session: Session, user_ids: Iterable[int]) -> dict[int, int]:
    """The mailbox from which somebody sends, by user."""
    where = (among(Mailbox.user_id, "ids"), Mailbox.status == "active")
    query = select(Mailbox.user_id, Mailbox.id).where(*where).order_by(Mailbox.id.desc())
    return dict(read_columns(session, query, {"ids": list(set(user_ids))}).all())


# Colleagues


def colleagues_mails(session: Session, people: People, since: Mapping[int, datetime]) -> dict[int, int]:
    """The latest mail of another of the team to each one or their company, not older than `since` (by enrolment).

    Mail from the mailbox itself, or from one that wrote for this enrolment before, is nobody else's.
    """
    domains = {person.id: company_domain(person.address_key) for person in people}
    wanted = {
        "workspace_id": people[0].workspace_id,
        "since": min(since.values()),
        "keys": [person.address_key for person in people],
        "domains": [domain for domain in domains.values() if domain],
    }
    rows = sorted(read_columns(session, _our_mail_to(), wanted), key=lambda row: (row.sent_at, row.id))
    if not rows:
        return {}
    own = _own_addresses(session, {mailbox_id for person in people for mailbox_id in _mailboxes_of(person)})
    found: dict[int, int] = {}
    for person in people:
        own_keys = {key for mailbox_id in _mailboxes_of(person) for key in own[mailbox_id]}
        for key, domain, message_id, sent_at, sender_key in rows:
            is_to_them = key == person.address_key or (domain and domain == domains[person.id])
            if is_to_them and sender_key not in own_keys and sent_at >= since[person.id]:
                found[person.id] = message_id
    return found


def _mailboxes_of(person: Enrolment) -> set[int]:
    return {person.mailbox_id, *person.thread.get("came_from", ())}


def _own_addresses(session: Session, mailbox_ids: Iterable[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for mailbox_id, key in read_columns(session, _mailbox_addresses(), {"ids": list(mailbox_ids)}):
        found[mailbox_id].add(key)
    return found


@cache
def _mailbox_addresses() -> CompoundSelect[*tuple[Any, ...]]:
    own = select(Mailbox.id, Mailbox.address_key).where(among(Mailbox.id, "ids"))
    other = select(MailboxAlias.mailbox_id, MailboxAlias.address_key)
    return own.union(other.where(among(MailboxAlias.mailbox_id, "ids")))


@cache
def _our_mail_to() -> CompoundSelect[*tuple[Any, ...]]:
    """Two halves, so that each is read from its index."""
    to_person, to_company = (
        select(_p.address_key, _p.domain, _m.id, _m.sent_at, _m.sender_key)
        .join(table_of(Message), _m.id == _p.message_id)
        .where(_p.workspace_id == bindparam("workspace_id"), one_of(_p.role, "to", "cc"), whom)
        .where(_m.is_ours, _m.sent_at >= bindparam("since"))
        for whom in (among(_p.address_key, "keys"), among(_p.domain, "domains"))
    )
    return to_person.union(to_company)
