"""What a rehearsal takes along of the real database, which it only reads, and where the stage's time goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from backend.accounts.tables import Mailbox, MailboxAlias, User, Workspace
from backend.activities.tables import Activity, ActivityRecord
from backend.db import read_columns
from backend.mail.addresses import domain_of, is_free_mail, registrable_domain
from backend.mail.shapes import Kind
from backend.mail.tables import Copy, Message, MessageBody, MessageParticipant
from backend.outbox.shapes import State
from backend.outbox.tables import OutboxRow, OutboxSender, Suppression
from backend.privacy.tables import Exclusion, Policy
from backend.records.tables import Company, Contact, ContactAddress, Deal, Pipeline, Record, Stage, StageChange
from backend.sequences.authoring.definitions import LONGEST_WAIT_DAYS
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.shapes import EventKind
from backend.sequences.simulation.shapes import Person, Sender
from backend.sequences.tables import Absence, Enrolment, EnrolmentEvent, SequenceVersion, Template
from backend.sequences.tables import Sequence as SequenceRow
from backend.sync.tables import SyncState

DAY = timedelta(days=1)
_CHUNK = 500
_SECRETS = {"password_hash", "grant_ciphertext"}


_THE_TEAMS = (
    User, Mailbox, MailboxAlias, Pipeline, Stage, Exclusion, Policy, Suppression, Template, Absence, SequenceRow,
    SequenceVersion, OutboxSender,
)  # fmt: skip


def senders_on_the_way(session: Session, sequence_id: int, among: Sequence[int]) -> list[int]:
    """Mailboxes from which people are on the way through a sequence; of these, where there are any."""
    where = (Enrolment.sequence_id == sequence_id, Enrolment.ended_at.is_(None))
    found = set(session.scalars(select(Enrolment.mailbox_id).where(*where).distinct()))
    return sorted(found & set(among) if among else found)


def senders(session: Session, workspace_id: int, mailbox_ids: Sequence[int]) -> list[Sender]:
    """The workspace's active mailboxes; of these ids, where there are any."""
    query = (
        select(Mailbox.id, Mailbox.user_id, Mailbox.address, User.name, User.timezone)
        .join(User, User.id == Mailbox.user_id)
        .where(Mailbox.workspace_id == workspace_id, Mailbox.status == "active")
        .order_by(Mailbox.id)
    )
    if mailbox_ids:
        query = query.where(Mailbox.id.in_(mailbox_ids))
    return [Sender(*row) for row in session.execute(query)]


def running(session: Session, mailbox_ids: Sequence[int]) -> list[Enrolment]:
    """Everybody on the way through any sequence from these mailboxes: they share its pace."""
    where = (Enrolment.mailbox_id.in_(mailbox_ids), Enrolment.ended_at.is_(None))
    return list(session.scalars(select(Enrolment).where(*where).order_by(Enrolment.id)))


def copy_team(real: Session, stage: Session, workspace_id: int) -> None:
    """Take the team along, with its mailboxes, rules and texts."""
    for model in _THE_TEAMS:
        table = model.__table__
        _copy(real, stage, table, table.c.workspace_id == workspace_id)
    _copy(real, stage, Workspace.__table__, Workspace.id == workspace_id)
    stage.execute(update(OutboxSender).values(lease_until=None))


def copy_people(
    real: Session, stage: Session, workspace_id: int, mailbox_ids: Sequence[int], contact_ids: Sequence[int],
    now: datetime,
) -> None:  # fmt: skip
    """Take along who is on the way from these mailboxes and those contacts, and what judging them needs."""
    enrolments = running(real, mailbox_ids)
    people = sorted({*contact_ids, *(one.contact_id for one in enrolments)})
    for table, which in (*_records(people, enrolments), *_way(enrolments), *_orders(mailbox_ids, people, now)):
        _copy(real, stage, table, which)
    since = min([now - timedelta(days=LONGEST_WAIT_DAYS), *(one.started_at for one in enrolments)])
    keys = real.scalars(select(ContactAddress.address_key).where(ContactAddress.contact_id.in_(people)))
    addresses = {*keys, *(one.address_key for one in enrolments)}
    for table, which in _mail(workspace_id, sorted(addresses), mailbox_ids, since, now):
        _copy(real, stage, table, which)
    _begin_anew(stage)


_Part = tuple[Any, ColumnElement[bool]]


def _records(people: Sequence[int], enrolments: Sequence[Enrolment]) -> Iterator[_Part]:
    deals = sorted({one.deal_id for one in enrolments if one.deal_id is not None})
    employers = select(Contact.company_id).where(Contact.id.in_(people))
    buyers = select(Deal.company_id).where(Deal.id.in_(deals))
    companies = or_(Record.id.in_(employers), Record.id.in_(buyers))
    yield Record.__table__, or_(Record.id.in_([*people, *deals]), companies)
    yield Contact.__table__, Contact.__table__.c.id.in_(people)
    yield Company.__table__, or_(Company.__table__.c.id.in_(employers), Company.__table__.c.id.in_(buyers))
    yield Deal.__table__, Deal.__table__.c.id.in_(deals)
    yield StageChange.__table__, StageChange.deal_id.in_(deals)
    yield ContactAddress.__table__, ContactAddress.contact_id.in_(people)
    about = select(ActivityRecord.activity_id).where(ActivityRecord.record_id.in_([*people, *deals]))
    yield Activity.__table__, Activity.id.in_(about)
    yield ActivityRecord.__table__, ActivityRecord.record_id.in_([*people, *deals])


def _way(enrolments: Sequence[Enrolment]) -> Iterator[_Part]:
    ids = [one.id for one in enrolments]
    yield Enrolment.__table__, Enrolment.id.in_(ids)
    yield EnrolmentEvent.__table__, EnrolmentEvent.enrolment_id.in_(ids)


def _orders(mailbox_ids: Sequence[int], people: Sequence[int], now: datetime) -> Iterator[_Part]:
    """Open orders of sequences, what counts against today's caps, and what these people had before."""
    is_open = and_(OutboxRow.source == SOURCE, OutboxRow.state.in_(State.open()))
    ours = and_(OutboxRow.mailbox_id.in_(mailbox_ids), or_(is_open, OutboxRow.sent_at > now - DAY))
    ended = and_(OutboxRow.contact_id.in_(people), OutboxRow.state.not_in(State.open()))
    yield OutboxRow.__table__, or_(ours, ended)


def _mail(
    workspace_id: int, keys: Sequence[str], mailbox_ids: Sequence[int], since: datetime, now: datetime
) -> Iterator[_Part]:
    """Mail with these people and their companies, and what the reps wrote in the last day; of texts only notices'."""
    firms = sorted({firm_of(key) for key in keys} - set(keys))
    p = MessageParticipant
    theirs = select(p.message_id).where(
        p.workspace_id == workspace_id, or_(p.address_key.in_(keys), p.domain.in_(firms))
    )
    own = select(Mailbox.address_key).where(Mailbox.id.in_(mailbox_ids))
    concerned = and_(
        Message.workspace_id == workspace_id,
        Message.sent_at >= since,
        or_(Message.id.in_(theirs), and_(Message.sender_key.in_(own), Message.sent_at > now - DAY)),
    )
    ids = select(Message.id).where(concerned)
    yield Message.__table__, concerned
    yield p.__table__, p.message_id.in_(ids)
    yield Copy.__table__, Copy.message_id.in_(ids)
    notices = select(Message.id).where(concerned, Message.kind == Kind.AUTO_REPLY.value)
    yield MessageBody.__table__, MessageBody.message_id.in_(notices)


def _copy(real: Session, stage: Session, table: Any, which: ColumnElement[bool]) -> None:
    assert isinstance(table, Table)
    result = real.execute(select(table).where(which).execution_options(yield_per=_CHUNK))
    for rows in result.mappings().partitions():
        stage.execute(insert(table), [{**row, **dict.fromkeys(_SECRETS & row.keys())} for row in rows])


def _begin_anew(stage: Session) -> None:
    """Drafts lie in the real mailbox, and none on the stage: orders that were begun are begun again there."""
    begun = (State.DRAFTED.value, State.SENDING.value)
    anew = {"state": State.CLAIMED.value, "draft_id": "", "thread_id": "", "reason": "", "attempts": 0}
    stage.execute(update(OutboxRow).where(OutboxRow.state.in_(begun)).values(**anew))
    newest_id = stage.scalar(select(func.max(Copy.id))) or 0  # copies that come on the stage are counted on from here
    stage.execute(update(OutboxSender).values(reports_read_id=newest_id))


_PEOPLE_DUE = select(func.min(Enrolment.due_at))
_MAIL_DUE = (
    select(OutboxSender.mailbox_id, OutboxSender.next_at)
    .join(Mailbox, Mailbox.id == OutboxSender.mailbox_id)
    .where(Mailbox.status == "active", OutboxSender.next_at.is_not(None))
    .order_by(OutboxSender.next_at)
)


@dataclass(frozen=True, slots=True)
class Due:
    """When somebody is next to be taken on (None: never), and when each mailbox has something to do, soonest first."""

    people_at: datetime | None
    mail_at: Mapping[int, datetime]

    @property
    def moments(self) -> list[datetime]:
        """All of them."""
        return [*([self.people_at] if self.people_at else ()), *self.mail_at.values()]


def next_due(session: Session) -> Due:
    """What is due next, and when."""
    people_at = read_columns(session, _PEOPLE_DUE, {}).scalar()
    return Due(people_at, dict(read_columns(session, _MAIL_DUE, {}).all()))


def note_fresh(session: Session, mailbox_id: int, until: datetime) -> None:
    """Note that all a mailbox holds until then is in the store."""
    session.execute(update(SyncState).where(SyncState.mailbox_id == mailbox_id).values(last_success_at=until))


def move_cursor(session: Session, mailbox_id: int, history_id: str) -> None:
    """Read a mailbox on from there."""
    session.execute(update(SyncState).where(SyncState.mailbox_id == mailbox_id).values(history_id=history_id))


def firm_of(address_key: str) -> str:
    """What people of one company share: its domain; for free mail the address itself."""
    domain = registrable_domain(domain_of(address_key))
    return address_key if is_free_mail(domain) else domain or address_key


def shared_firms(session: Session) -> set[str]:
    """Companies and addresses to which more than one mailbox writes."""
    query = select(Enrolment.address_key, Enrolment.mailbox_id).where(Enrolment.ended_at.is_(None))
    writers: dict[str, set[int]] = {}
    for address_key, mailbox_id in session.execute(query):
        writers.setdefault(firm_of(address_key), set()).add(mailbox_id)
    return {firm for firm, mailboxes in writers.items() if len(mailboxes) > 1}


@dataclass(frozen=True, slots=True)
class Wait:
    """An enrolment that stands before a step until then; `reason` "": outside the hours in which mail leaves."""

    enrolment_id: int
    step: int
    until: datetime
    reason: str = ""
    evidence: str = ""


_OPEN = (OutboxRow.mailbox_id == bindparam("mailbox_id"), OutboxRow.state.in_(State.open()))
_HELD = select(OutboxRow.source_id, OutboxRow.step, OutboxRow.due_at, OutboxRow.reason, OutboxRow.evidence).where(
    *_OPEN, OutboxRow.reason != "", OutboxRow.due_at > bindparam("now")
)
_QUEUED = select(OutboxRow.source_id, OutboxRow.step).where(
    *_OPEN, OutboxRow.state == State.CLAIMED.value, OutboxRow.due_at <= bindparam("now")
)


def held(session: Session, mailbox_id: int, now: datetime) -> list[Wait]:
    """Orders of a mailbox that were looked at and wait, each for its own reason."""
    return [Wait(*row) for row in session.execute(_HELD, {"mailbox_id": mailbox_id, "now": now})]


def queued(session: Session, mailbox_id: int, now: datetime, long: timedelta) -> list[Wait]:
    """Orders that are due, while the mailbox begins none for a `long` time: its day is full, or it is paused."""
    sender = session.get_one(OutboxSender, mailbox_id, populate_existing=True)
    if sender.next_at is None or sender.next_at - now < long:
        return []
    is_paused = sender.paused_until is not None and sender.paused_until > now
    reason = "mailbox_paused" if is_paused else "daily_cap"
    rows = session.execute(_QUEUED, {"mailbox_id": mailbox_id, "now": now})
    return [Wait(enrolment_id, step, sender.next_at, reason) for enrolment_id, step in rows]


def people(session: Session, sequence_id: int, since: datetime) -> list[Person]:
    """Everybody whom a sequence had on the way since then."""
    e = Enrolment
    query = (
        select(e.id, e.contact_id, Record.name, e.email, e.mailbox_id, e.state, e.reason)
        .outerjoin(Record, Record.id == e.contact_id)
        .where(e.sequence_id == sequence_id, or_(e.ended_at.is_(None), e.ended_at >= since))
        .order_by(e.id)
    )
    return [Person(row[0], row[1], row[2] or "", *row[3:]) for row in session.execute(query)]


def names(session: Session, record_ids: Sequence[int]) -> dict[int, str]:
    """The names of records."""
    query = select(Record.id, Record.name).where(Record.id.in_(record_ids))
    return {row[0]: row[1] for row in session.execute(query)}


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A mail in the books: when it was ordered, when it came to its end (None: it waits), when it left if it did."""

    enrolment_id: int
    mailbox_id: int
    step: int
    token: str
    subject: str
    created_at: datetime
    ended_at: datetime | None
    sent_at: datetime | None


def orders(session: Session, sequence_id: int, since: datetime) -> list[OrderLine]:
    """A sequence's mails that were open at some time since then, in the order in which they left."""
    o = OutboxRow
    query = (
        select(o.source_id, o.mailbox_id, o.step, o.token, o.subject, o.created_at, o.ended_at, o.sent_at)
        .where(o.source == SOURCE, o.group_id == sequence_id, or_(o.ended_at.is_(None), o.ended_at >= since))
        .order_by(o.sent_at, o.id)
    )
    return [OrderLine(*row) for row in session.execute(query)]


def events(session: Session, sequence_id: int, since: datetime, kinds: Sequence[EventKind]) -> list[EnrolmentEvent]:
    """Lines of these kinds in the ledgers of a sequence's people since then."""
    query = (
        select(EnrolmentEvent)
        .join(Enrolment, Enrolment.id == EnrolmentEvent.enrolment_id)
        .where(Enrolment.sequence_id == sequence_id, EnrolmentEvent.at >= since, EnrolmentEvent.kind.in_(kinds))
        .order_by(EnrolmentEvent.id)
    )
    return list(session.scalars(query))
