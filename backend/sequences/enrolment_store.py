"""Sequences, versions, enrolments and their ledgers in the database, and what mail and records say of a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backend.accounts.store import team_addresses
from backend.accounts.tables import Mailbox, User
from backend.activities.tables import Activity, ActivityRecord
from backend.mail.addresses import domain_of, is_free_mail, registrable_domain
from backend.mail.tables import Copy, Message, MessageBody, MessageParticipant
from backend.outbox.tables import OutboxRow
from backend.records.tables import ContactAddress, Deal, Record, Stage
from backend.sequences.shapes import Arrival, Circumstances, EventKind
from backend.sequences.tables import Enrolment, EnrolmentEvent, Sequence, SequenceVersion

_MOST_ARRIVALS = 50


def find_sequence(session: Session, workspace_id: int, sequence_id: int) -> Sequence | None:
    """A sequence of the workspace."""
    where = (Sequence.workspace_id == workspace_id, Sequence.id == sequence_id)
    return session.scalars(select(Sequence).where(*where)).first()


def sequence_named(session: Session, workspace_id: int, name: str) -> Sequence | None:
    """A sequence by its name."""
    where = (Sequence.workspace_id == workspace_id, Sequence.name == name)
    return session.scalars(select(Sequence).where(*where)).first()


def current_version(session: Session, sequence: Sequence) -> SequenceVersion | None:
    """The version that new enrolments get; None before the first was published."""
    where = (SequenceVersion.sequence_id == sequence.id, SequenceVersion.number == sequence.number)
    return session.scalars(select(SequenceVersion).where(*where)).first()


def claim_due(session: Session, now: datetime, limit: int) -> list[Enrolment]:
    """Enrolments with something to do, longest waiting first; two workers never get the same ones."""
    query = (
        select(Enrolment)
        .where(Enrolment.due_at <= now)
        .order_by(Enrolment.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(query))


def last_run(session: Session, sequence_id: int, contact_id: int) -> int:
    """How often a person was enrolled in a sequence."""
    where = (Enrolment.sequence_id == sequence_id, Enrolment.contact_id == contact_id)
    return session.scalar(select(func.max(Enrolment.run)).where(*where)) or 0


def is_running(session: Session, sequence_id: int, contact_id: int) -> bool:
    """Whether a person is on the way through a sequence now."""
    where = (Enrolment.sequence_id == sequence_id, Enrolment.contact_id == contact_id, Enrolment.ended_at.is_(None))
    return session.scalar(select(Enrolment.id).where(*where)) is not None


def note(session: Session, enrolment: Enrolment, at: datetime, kind: EventKind, reason: str, evidence: str) -> None:
    """Add a line to the ledger; the same wait twice in a row is one line."""
    if kind is EventKind.HELD and _last_event(session, enrolment.id) == (kind.value, enrolment.step, reason):
        return
    session.add(
        EnrolmentEvent(
            workspace_id=enrolment.workspace_id,
            enrolment_id=enrolment.id,
            at=at,
            kind=kind.value,
            step=enrolment.step,
            reason=reason,
            evidence=evidence[:500],
        )
    )


def _last_event(session: Session, enrolment_id: int) -> tuple[str, int, str] | None:
    e = EnrolmentEvent
    query = select(e.kind, e.step, e.reason).where(e.enrolment_id == enrolment_id).order_by(e.id.desc()).limit(1)
    row = session.execute(query).first()
    return None if row is None else (row[0], row[1], row[2])


def ledger(session: Session, enrolment_id: int) -> list[EnrolmentEvent]:
    """Everything that was done or left for a person, in its order."""
    query = select(EnrolmentEvent).where(EnrolmentEvent.enrolment_id == enrolment_id).order_by(EnrolmentEvent.id)
    return list(session.scalars(query))


def sender_zone(session: Session, mailbox_id: int) -> str:
    """The time zone in which the mailbox's owner plans."""
    query = select(User.timezone).join(Mailbox, Mailbox.user_id == User.id).where(Mailbox.id == mailbox_id)
    return session.scalar(query) or "UTC"


def arrivals(session: Session, enrolment: Enrolment) -> list[Arrival]:
    """Mail that came since the enrolment began from the person, into our threads, or from the person's company."""
    by_person = _from(session, enrolment, MessageParticipant.address_key.in_(_keys_of(enrolment)), "outside")
    in_thread = _into_threads(session, enrolment)
    domain = registrable_domain(domain_of(enrolment.address_key))
    by_company: dict[int, Arrival] = {}
    if domain and not is_free_mail(domain):
        ours = select(Copy.message_id).where(Copy.mailbox_id == enrolment.mailbox_id)
        in_this_mailbox = (MessageParticipant.domain == domain) & MessageParticipant.message_id.in_(ours)
        by_company = _from(session, enrolment, in_this_mailbox, "colleague")
    return sorted((by_company | by_person | in_thread).values(), key=lambda mail: (mail.sent_at, mail.message_id))


def _keys_of(enrolment: Enrolment) -> Any:
    """The address written to, and every other one of the same contact."""
    own = select(ContactAddress.address_key).where(ContactAddress.contact_id == enrolment.contact_id)
    return own.union(select(Enrolment.address_key).where(Enrolment.id == enrolment.id))


def _from(session: Session, enrolment: Enrolment, who: Any, how: str) -> dict[int, Arrival]:
    p = MessageParticipant
    ids = select(p.message_id).where(p.workspace_id == enrolment.workspace_id, p.role.in_(("from", "sender")), who)
    return _arrived(session, enrolment, Message.id.in_(ids), how)


def _into_threads(session: Session, enrolment: Enrolment) -> dict[int, Arrival]:
    threads = select(OutboxRow.thread_id).where(
        OutboxRow.source == "enrolment", OutboxRow.source_id == enrolment.id, OutboxRow.thread_id != ""
    )
    same_thread = (Copy.mailbox_id == enrolment.mailbox_id, Copy.gmail_thread_id.in_(threads))
    return _arrived(session, enrolment, Message.id.in_(select(Copy.message_id).where(*same_thread)), "in_thread")


def _arrived(session: Session, enrolment: Enrolment, which: Any, how: str) -> dict[int, Arrival]:
    query = (
        select(Message.id, Message.kind, Message.sent_at, Message.subject, MessageBody.text)
        .outerjoin(MessageBody, MessageBody.message_id == Message.id)
        .where(Message.workspace_id == enrolment.workspace_id, ~Message.is_ours, which)
        .where(Message.sent_at >= enrolment.started_at)
        .order_by(Message.sent_at)
        .limit(_MOST_ARRIVALS)
    )
    return {row[0]: Arrival(row[0], row[1], row[2], how, row[3], row[4] or "") for row in session.execute(query)}


def circumstances(session: Session, enrolment: Enrolment) -> Circumstances:
    """What the records say of the person and the deal now."""
    r = Record.__table__.c
    person = session.execute(
        select(r.deleted_at, r.merged_into_id, r.owner_id).where(
            r.id == enrolment.contact_id, r.workspace_id == enrolment.workspace_id
        )
    ).first()
    stage_id, is_open = _deal(session, enrolment)
    return Circumstances(
        is_living=person is not None and person.deleted_at is None,
        merged_into_id=person.merged_into_id if person else None,
        has_address=_has_address(session, enrolment),
        owner_id=person.owner_id if person else None,
        stage_id=stage_id,
        is_deal_open=is_open,
        meeting_id=_meeting(session, enrolment),
    )


def _has_address(session: Session, enrolment: Enrolment) -> bool:
    where = (ContactAddress.contact_id == enrolment.contact_id, ContactAddress.address_key == enrolment.address_key)
    return session.scalar(select(ContactAddress.id).where(*where)) is not None


def _deal(session: Session, enrolment: Enrolment) -> tuple[int | None, bool]:
    if enrolment.deal_id is None:
        return None, False
    query = (
        select(Deal.stage_id, Stage.outcome)
        .join(Stage, Stage.id == Deal.stage_id)
        .where(Deal.id == enrolment.deal_id, Deal.workspace_id == enrolment.workspace_id, Deal.deleted_at.is_(None))
    )
    row = session.execute(query).first()
    return (None, False) if row is None else (row[0], row[1] == "open")


def _meeting(session: Session, enrolment: Enrolment) -> int | None:
    query = (
        select(Activity.id)
        .join(ActivityRecord, ActivityRecord.activity_id == Activity.id)
        .where(ActivityRecord.record_id == enrolment.contact_id, Activity.kind == "meeting")
        .where(Activity.at >= enrolment.started_at)
        .limit(1)
    )
    return session.scalar(query)


def colleagues_mail(session: Session, enrolment: Enrolment, since: datetime) -> int | None:
    """The latest mail of another of the team to the person or their company; None where there is none so fresh."""
    domain = registrable_domain(domain_of(enrolment.address_key))
    p = MessageParticipant
    to_whom = [p.address_key == enrolment.address_key]
    if domain and not is_free_mail(domain):
        to_whom.append(p.domain == domain)
    to_them = select(p.message_id).where(
        p.workspace_id == enrolment.workspace_id, p.role.in_(("to", "cc")), or_(*to_whom)
    )
    own = select(Mailbox.address_key).where(Mailbox.id == enrolment.mailbox_id)
    query = (
        select(Message.id)
        .where(Message.workspace_id == enrolment.workspace_id, Message.is_ours, Message.sent_at >= since)
        .where(Message.id.in_(to_them), Message.sender_key.not_in(own))
        .where(Message.sender_key.in_(sorted(team_addresses(session, enrolment.workspace_id))))
        .order_by(Message.sent_at.desc())
        .limit(1)
    )
    return session.scalar(query)


def last_sent(session: Session, enrolment_id: int) -> OutboxRow | None:
    """The last mail that left for an enrolment: what a reply refers to."""
    where = (OutboxRow.source == "enrolment", OutboxRow.source_id == enrolment_id, OutboxRow.state == "sent")
    query = select(OutboxRow).where(*where).order_by(OutboxRow.sent_at.desc(), OutboxRow.id.desc()).limit(1)
    return session.scalars(query.execution_options(populate_existing=True)).first()
