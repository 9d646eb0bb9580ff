"""The open mail and what it hangs on; each function is one statement, built once for a reader."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, String, and_, bindparam, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from backend.accounts.shapes import Actor
from backend.accounts.tables import Mailbox
from backend.db import json_rows, read_columns
from backend.linking.receipt_store import is_open_to
from backend.linking.shapes import Evidence, Reason, Rule
from backend.linking.tables import Link, Question, Receipt
from backend.mail.shapes import Address, Participant, Role
from backend.mail.tables import Copy, Message, MessageParticipant
from backend.privacy.shapes import Sight
from backend.privacy.store.sight import is_kept_by, is_own, may_see
from backend.records.shapes import RecordKind
from backend.records.tables import Record

READERS = 512  # whose statements are kept


@dataclass(frozen=True, slots=True)
class MailRow:
    """A stored mail that the reader may know of. `reason` None: nothing was decided about it yet.

    `is_own` says that the reader's own mailbox holds it, `is_shown` that lists show them its subject too: else they
    may only know that it is there. `is_kept`: they keep its conversation private. `candidates` are those of an open
    question, `people` everybody in the address headers, `links` those that hold, in the order in which they were made.
    """

    id: int
    conversation_id: int
    kind: str
    subject: str
    sent_at: datetime
    is_ours: bool
    sender_key: str
    list_key: str
    is_own: bool
    is_shown: bool
    is_kept: bool
    reason: Reason | None
    candidates: Sequence[Mapping[str, Any]]
    people: tuple[Participant, ...]
    links: tuple[LinkRow, ...]


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link of a mail that holds."""

    id: int
    message_id: int
    record_id: int
    kind: RecordKind
    name: str
    rule: Rule
    evidence: Evidence
    made_at: datetime


def mail_by_id(session: Session, actor: Actor, message_id: int) -> MailRow | None:
    """A mail by its id, if the reader may know of it."""
    return _mail_row(read_columns(session, _mail_by_id(actor), {"id": message_id}).first())


def mail_by_traces(session: Session, actor: Actor, rfc_id: str, gmail_id: str) -> MailRow | None:
    """The mail that the reader has open, by its Message-ID or by Gmail's id in one of the reader's mailboxes.

    Two mails can bear one Message-ID: then the reader's own copy under that Gmail id decides.
    """
    traces = {"rfc_id": rfc_id, "gmail_id": gmail_id}
    return _mail_row(read_columns(session, _mail_by_traces(actor), traces).first())


@lru_cache(maxsize=READERS)
def _mail_by_id(actor: Actor) -> Select[*tuple[Any, ...]]:
    return _mails(actor).where(Message.id == bindparam("id"))


@lru_cache(maxsize=READERS)
def _mail_by_traces(actor: Actor) -> Select[*tuple[Any, ...]]:
    rfc_id, gmail_id = bindparam("rfc_id", type_=String()), bindparam("gmail_id", type_=String())
    by_copy = (
        select(Copy.message_id.label("id"), literal(0).label("rank"))
        .join(Mailbox, Mailbox.id == Copy.mailbox_id)
        .where(
            Mailbox.workspace_id == actor.workspace_id,
            Mailbox.user_id == actor.user_id,
            Copy.gmail_id == gmail_id,
            gmail_id != "",
        )
    )
    by_rfc_id = select(Message.id, literal(1)).where(
        Message.workspace_id == actor.workspace_id, Message.rfc_message_id == rfc_id, rfc_id != ""
    )
    traces = union_all(by_copy, by_rfc_id).subquery()
    query = _mails(actor).join(traces, traces.c.id == Message.id)
    return query.order_by(traces.c.rank, is_own(actor).desc(), Message.id).limit(1)


def _mails(actor: Actor) -> Select[*tuple[Any, ...]]:
    decided = aliased(Receipt)  # `is_open_to` asks for receipts of its own
    is_open = and_(Question.conversation_id == Message.conversation_id, Question.answered_at.is_(None))
    return (
        select(
            Message.id, Message.conversation_id, Message.kind, Message.subject, Message.sent_at, Message.is_ours,
            Message.sender_key, Message.list_key, is_own(actor).label("is_own"),
            or_(is_own(actor), may_see(actor, Sight.SUBJECT)).label("is_shown"),
            is_kept_by(actor).label("is_kept"), decided.reason, Question.candidates,
            json_rows(_people()).label("people"), json_rows(_links_of_mail()).label("links"),
        )
        .outerjoin(decided, decided.message_id == Message.id)
        .outerjoin(Question, is_open)
        .where(Message.workspace_id == actor.workspace_id, is_open_to(actor))
    )  # fmt: skip


def _mail_row(row: Any) -> MailRow | None:
    if row is None:
        return None
    told = {
        "reason": None if row.reason is None else Reason(row.reason),
        "candidates": row.candidates or (),
        "people": tuple(
            Participant(Role(role), Address(key, email, name)) for _, role, key, email, name in sorted(row.people)
        ),
        "links": tuple(_link(*columns) for columns in sorted(row.links, key=lambda columns: columns[0])),
    }
    return MailRow(**{**row._mapping, **told})  # noqa: SLF001 - SQLAlchemy's own name


def find_link(session: Session, workspace_id: int, link_id: int) -> LinkRow | None:
    """A link that holds or held; whoever asks must be able to see its mail."""
    row = read_columns(session, _link_by_id(), {"workspace_id": workspace_id, "id": link_id}).first()
    return _link(*row) if row else None


def _link(
    i: int, message_id: int, record_id: int, kind: str, name: str, rule: str, evidence: Any, made_at: datetime | str
) -> LinkRow:
    """A link's columns, or the same from JSON."""
    evidence = json.loads(evidence) if isinstance(evidence, str) else evidence
    made_at = datetime.fromisoformat(made_at) if isinstance(made_at, str) else made_at
    at = made_at if made_at.tzinfo else made_at.replace(tzinfo=UTC)
    return LinkRow(i, message_id, record_id, RecordKind(kind), name, Rule(rule), evidence, at)


def _people() -> Select[*tuple[Any, ...]]:
    p = MessageParticipant
    return (
        select(p.position, p.role, p.address_key, p.email, p.name).where(p.message_id == Message.id).correlate(Message)
    )


def _links_of_mail() -> Select[*tuple[Any, ...]]:
    return _links().where(Link.message_id == Message.id, Link.undone_at.is_(None)).correlate(Message)


@cache
def _link_by_id() -> Select[*tuple[Any, ...]]:
    return _links().where(Link.id == bindparam("id"), Link.workspace_id == bindparam("workspace_id"))


def _links() -> Select[*tuple[Any, ...]]:
    record = Record.__table__.c
    return (
        select(
            Link.id, Link.message_id, Link.record_id, record.kind, record.name, Link.rule, Link.evidence,
            Link.created_at,
        )
        .join(Record.__table__, record.id == Link.record_id)
        .where(record.deleted_at.is_(None))
    )  # fmt: skip
