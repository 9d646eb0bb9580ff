"""Receipts, open questions and the inbox of unlinked mail, as pages show them.

Unlinked mail and questions are shown to those alone whose own mailbox holds the mail: it is not the team's yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.linking.shapes import Candidate, Evidence, Outcome, Reason, Rule
from backend.linking.tables import Link, Question, Receipt
from backend.mail.tables import Message
from backend.privacy.shapes import Sight
from backend.privacy.store.sight import is_own, may_see
from backend.records.shapes import RecordKind
from backend.records.store.lookup import names_of
from backend.records.tables import Record

# Mail of people whom nobody knows, and mail that somebody unlinked: the rest is not linked for good reason.
INBOX_REASONS = (Reason.NOBODY_KNOWN, Reason.VETOED)

_KIND_ORDER = {RecordKind.DEAL: 0, RecordKind.CONTACT: 1, RecordKind.COMPANY: 2}


@dataclass(frozen=True, slots=True)
class LinkView:
    """One link that holds, with the rule that made it."""

    record_id: int
    kind: RecordKind
    name: str
    rule: Rule
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class RejectedView:
    """A candidate that lost."""

    name: str
    why: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """Why a mail is linked as it is; without links `reason` says why not."""

    message_id: int
    conversation_id: int
    sender_key: str
    reason: Reason
    links: tuple[LinkView, ...]
    rejected: tuple[RejectedView, ...]
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class UnlinkedMail:
    """A mail of the inbox."""

    message_id: int
    sender_name: str
    sender_email: str
    is_ours: bool
    subject: str
    snippet: str
    sent_at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A conversation that several deals claim alike; `candidates` best first, mail as of its latest message."""

    conversation_id: int
    message_id: int
    subject: str
    sender_name: str
    sent_at: datetime
    candidates: tuple[Candidate, ...]


def receipt_of(session: Session, workspace_id: int, message_id: int) -> ReceiptView | None:
    """The receipt of a mail; None where there is no such mail or nothing was decided about it yet."""
    query = (
        select(Receipt, Message.conversation_id, Message.sender_key)
        .join(Message, Message.id == Receipt.message_id)
        .where(Receipt.workspace_id == workspace_id, Receipt.message_id == message_id)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    receipt: Receipt = row.Receipt
    return ReceiptView(
        message_id=message_id,
        conversation_id=row.conversation_id,
        sender_key=row.sender_key,
        reason=Reason(receipt.reason),
        links=tuple(_links_of(session, message_id)),
        rejected=tuple(_rejected(session, workspace_id, receipt.rejected)),
        decided_at=receipt.decided_at,
    )


def _links_of(session: Session, message_id: int) -> list[LinkView]:
    record = Record.__table__
    query = (
        select(Link.record_id, record.c.kind, record.c.name, Link.rule, Link.evidence)
        .join(record, record.c.id == Link.record_id)
        .where(Link.message_id == message_id, Link.undone_at.is_(None), record.c.deleted_at.is_(None))
    )
    links = [LinkView(i, RecordKind(k), n, Rule(rule), evidence) for i, k, n, rule, evidence in session.execute(query)]
    return sorted(links, key=lambda link: (_KIND_ORDER[link.kind], link.name))


def _rejected(session: Session, workspace_id: int, rejected: Sequence[Mapping[str, Any]]) -> list[RejectedView]:
    names = names_of(session, workspace_id, [r["record_id"] for r in rejected])
    return [RejectedView(names[r["record_id"]], r["why"], r["evidence"]) for r in rejected if r["record_id"] in names]


def unlinked_mail(
    session: Session, actor: Actor, *, before: tuple[datetime, int] | None, limit: int
) -> list[UnlinkedMail]:
    """The inbox of unlinked mail, newest first, from before a (time, id) mark."""
    query = (
        _inbox(actor)
        .with_only_columns(
            Message.id, Message.sender_name, Message.sender_email, Message.is_ours, Message.subject, Message.snippet,
            Receipt.sent_at, Receipt.reason,
        )
        .order_by(Receipt.sent_at.desc(), Message.id.desc())
        .limit(limit)
    )  # fmt: skip
    if before is not None:
        query = query.where(_earlier_than(*before))
    return [
        UnlinkedMail(r.id, r.sender_name, r.sender_email, r.is_ours, r.subject, r.snippet, r.sent_at, Reason(r.reason))
        for r in session.execute(query)
    ]


def count_unlinked_mail(session: Session, actor: Actor) -> int:
    """How many mails the inbox holds."""
    return session.scalar(_inbox(actor).with_only_columns(func.count())) or 0


def _inbox(actor: Actor) -> Select[Any]:
    return (
        select(Message.id)
        .select_from(Receipt)
        .join(Message, Message.id == Receipt.message_id)
        .where(
            Receipt.workspace_id == actor.workspace_id,
            Receipt.outcome == Outcome.UNLINKED.value,
            Receipt.reason.in_([reason.value for reason in INBOX_REASONS]),
            is_own(actor),
        )
    )


def _earlier_than(moment: datetime, message_id: int) -> ColumnElement[bool]:
    return or_(Receipt.sent_at < moment, and_(Receipt.sent_at == moment, Message.id < message_id))


def open_questions(session: Session, actor: Actor, limit: int = 50) -> list[OpenQuestion]:
    """Questions about the actor's own conversations, latest first."""
    query = (
        select(Question.conversation_id, Question.candidates)
        .where(Question.workspace_id == actor.workspace_id, Question.answered_at.is_(None))
        .where(exists().where(Message.conversation_id == Question.conversation_id, is_own(actor)))
        .order_by(Question.asked_at.desc(), Question.id.desc())
        .limit(limit)
    )
    candidates = {row.conversation_id: row.candidates for row in session.execute(query)}
    latest = _latest_of(session, actor, candidates)
    return [
        OpenQuestion(i, m.id, m.subject, m.sender_name or m.sender_email, m.sent_at, _candidates(candidates[i]))
        for i, m in latest.items()
    ]


def _latest_of(session: Session, actor: Actor, conversation_ids: Collection[int]) -> dict[int, Message]:
    """The latest own mail of each conversation, in the order of time, latest first."""
    query = (
        select(Message)
        .where(Message.conversation_id.in_(conversation_ids), is_own(actor))
        .order_by(Message.sent_at.desc(), Message.id.desc())
    )
    found: dict[int, list[Message]] = defaultdict(list)
    for message in session.scalars(query):
        found[message.conversation_id].append(message)
    return {conversation_id: messages[0] for conversation_id, messages in found.items()}


def _candidates(stored: Sequence[Mapping[str, Any]]) -> tuple[Candidate, ...]:
    return tuple(Candidate(c["deal_id"], c["score"], c["evidence"]) for c in stored)


def sees_mail(session: Session, actor: Actor, message_id: int) -> bool:
    """Whether the actor may see who wrote a mail and about what."""
    query = select(Message.id).where(Message.workspace_id == actor.workspace_id, Message.id == message_id)
    return session.scalar(query.where(is_open_to(actor, Sight.SUBJECT))) is not None


def is_open_to(actor: Actor, least: Sight = Sight.LOCKED) -> ColumnElement[bool]:
    """Whether the actor may come upon a `Message` by its id: their own, or a linked one that shows them so much.

    Mail that belongs to no record is not the team's, whatever its owner shares.
    """
    is_linked = exists().where(Receipt.message_id == Message.id, Receipt.outcome == Outcome.LINKED.value)
    return or_(is_own(actor), and_(may_see(actor, least), is_linked))


def is_asked(session: Session, actor: Actor, conversation_id: int) -> bool:
    """Whether there is a question, open or answered, about a conversation that a mailbox of the actor's holds."""
    query = (
        select(Question.id)
        .join(Message, Message.conversation_id == Question.conversation_id)
        .where(
            Question.workspace_id == actor.workspace_id,
            Question.conversation_id == conversation_id,
            is_own(actor),
        )
    )
    return session.scalar(query.limit(1)) is not None
