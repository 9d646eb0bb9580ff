"""Answers to our mails, found among the copies that sync stored: a few statements for hundreds of mails."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend.db import insert_ignoring, upsert
from backend.mail.shapes import Kind
from backend.mail.tables import Copy, Message
from backend.outbox.tables import OutboxRow, OutboxSender
from backend.records.tables import ContactAddress
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.results.shapes import REPLY_DAYS, Came, Ours
from backend.sequences.shapes import EnrolmentState
from backend.sequences.tables import Answer, AnswerMark, Enrolment

_ANSWERS = (Kind.PERSON.value, Kind.BULK.value)
_READ = func.coalesce(AnswerMark.read_id, 0)


@dataclass(frozen=True, slots=True)
class Unread:
    """Mail of a mailbox that was not searched yet: what may answer, and up to which copy it goes."""

    workspace_id: int
    mailbox_id: int
    last_id: int
    came: tuple[Came, ...]


def senders_with_news(session: Session) -> list[tuple[int, int, int]]:
    """Mailboxes that send and hold mail that was not searched: (workspace, mailbox, last copy searched)."""
    news = select(Copy.id).where(Copy.mailbox_id == OutboxSender.mailbox_id, Copy.id > _READ).exists()
    query = (
        select(OutboxSender.workspace_id, OutboxSender.mailbox_id, _READ)
        .outerjoin(AnswerMark, AnswerMark.mailbox_id == OutboxSender.mailbox_id)
        .where(OutboxSender.first_sent_at.is_not(None), news)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def unread(session: Session, workspace_id: int, mailbox_id: int, after_id: int, limit: int) -> Unread:
    """The next copies of a mailbox; of them only what may answer is told."""
    query = (
        select(
            Copy.id, Copy.message_id, Copy.gmail_thread_id, Message.sender_key, Message.sent_at, Message.kind,
            Message.is_ours,
        )
        .join(Message, Message.id == Copy.message_id)
        .where(Copy.mailbox_id == mailbox_id, Copy.id > after_id)
        .order_by(Copy.id)
        .limit(limit)
    )  # fmt: skip
    rows = session.execute(query).all()
    came = tuple(
        Came(row.message_id, row.gmail_thread_id, row.sender_key, row.sent_at, row.kind == Kind.PERSON)
        for row in rows
        if not row.is_ours and row.kind in _ANSWERS
    )
    return Unread(workspace_id, mailbox_id, rows[-1].id if rows else after_id, came)


def in_threads(session: Session, mailbox_id: int, thread_ids: Collection[str]) -> dict[str, list[Ours]]:
    """Our mails in these threads of a mailbox, by thread."""
    where = (OutboxRow.mailbox_id == mailbox_id, OutboxRow.thread_id.in_(thread_ids), OutboxRow.sent_at.is_not(None))
    query = select(OutboxRow.id, OutboxRow.thread_id, OutboxRow.address_key, OutboxRow.sent_at).where(*where)
    return _grouped(session, query, lambda mail: mail.thread_id)


def to_people(
    session: Session, workspace_id: int, sender_keys: Collection[str], since: datetime
) -> dict[str, list[Ours]]:
    """Our mails to those who write from these addresses, whichever of theirs they went to, by the address."""
    since -= timedelta(days=REPLY_DAYS)
    o, a = OutboxRow, ContactAddress
    sent = (o.workspace_id == workspace_id, o.sent_at >= since)
    straight = select(o.id, o.thread_id, o.address_key, o.sent_at).where(*sent, o.address_key.in_(sender_keys))
    theirs = (a.workspace_id == workspace_id, a.address_key.in_(sender_keys))
    other = select(o.id, o.thread_id, a.address_key, o.sent_at).join(a, a.contact_id == o.contact_id)
    return _grouped(session, straight.union(other.where(*sent, *theirs)), lambda mail: mail.sender_key)


def _grouped(session: Session, query: Any, key: Callable[[Ours], str]) -> dict[str, list[Ours]]:
    found: dict[str, list[Ours]] = defaultdict(list)
    for row in session.execute(query):
        mail = Ours(*row)
        found[key(mail)].append(mail)
    return found


def book(session: Session, news: Unread, answers: Iterable[tuple[int, Came, str]]) -> None:
    """Write answers down, the first of each mail, and how far the mailbox was searched."""
    found = list(answers)
    rows = [
        {"outbox_id": i, "workspace_id": news.workspace_id, "message_id": came.message_id, "how": how, "at": came.at}
        for i, came, how in found
    ]
    insert_ignoring(session, Answer, rows)
    for i, came, _how in found:
        _wake(session, i, came.at)
    mark = {"mailbox_id": news.mailbox_id, "read_id": news.last_id}
    upsert(session, AnswerMark, [mark], key=("mailbox_id",), change=("read_id",))


def _wake(session: Session, outbox_id: int, at: datetime) -> None:
    """Have who answered looked at in the next tick, though nothing of theirs is due for days."""
    asked = select(OutboxRow.source_id).where(OutboxRow.id == outbox_id, OutboxRow.source == SOURCE)
    waits = (Enrolment.state == EnrolmentState.ACTIVE.value, Enrolment.due_at > at)
    waking = update(Enrolment).where(Enrolment.id.in_(asked), *waits).values(due_at=at)
    session.execute(waking.execution_options(synchronize_session=False))
