"""Mails as other rooms need them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session

from backend.db import read_columns
from backend.mail.shapes import Address, Kind, Participant, Role, StoredMessage
from backend.mail.store.chunks import chunks
from backend.mail.tables import Copy, Message, MessageBody, MessageParticipant


def load_messages(session: Session, workspace_id: int, message_ids: Sequence[int]) -> list[StoredMessage]:
    """Load what linking needs of these mails, in order of time; ids of other workspaces are passed over."""
    rows: list[StoredMessage] = []
    for chunk in chunks(list(message_ids)):
        where: tuple[ColumnElement[bool], ...] = (Message.workspace_id == workspace_id, Message.id.in_(chunk))
        people = participants_of(session, chunk)
        open_ones = _ids_with_open_copy(session, chunk)
        query = select(
            Message.id,
            Message.conversation_id,
            Message.kind,
            Message.subject,
            Message.sent_at,
            Message.is_ours,
            Message.sender_key,
            Message.list_key,
        ).where(*where)
        rows += [
            StoredMessage(
                id=r.id,
                conversation_id=r.conversation_id,
                kind=Kind(r.kind),
                subject=r.subject,
                sent_at=r.sent_at,
                is_ours=r.is_ours,
                sender_key=r.sender_key,
                participants=tuple(people[r.id]),
                list_key=r.list_key,
                is_private=r.id not in open_ones,
            )
            for r in session.execute(query)
        ]
    return sorted(rows, key=lambda m: (m.sent_at, m.id))


def participants_of(session: Session, message_ids: Sequence[int]) -> dict[int, list[Participant]]:
    """Everybody in the address headers, by mail, in the order of the headers."""
    people: dict[int, list[Participant]] = defaultdict(list)
    for message_id, role, key, email, name in read_columns(session, _participants_of(), {"ids": list(message_ids)}):
        people[message_id].append(Participant(Role(role), Address(key, email, name)))
    return people


@cache  # asked for every card
def _participants_of() -> Select[int, str, str, str, str]:
    p = MessageParticipant
    wanted = p.message_id.in_(bindparam("ids", expanding=True))
    return select(p.message_id, p.role, p.address_key, p.email, p.name).where(wanted).order_by(p.message_id, p.position)


def _ids_with_open_copy(session: Session, message_ids: Sequence[int]) -> set[int]:
    query = select(Copy.message_id).where(Copy.message_id.in_(message_ids), ~Copy.is_private)
    return set(session.scalars(query))


def text_of(session: Session, workspace_id: int, message_id: int) -> str | None:
    """A mail's whole plain text; None where the workspace has no such mail."""
    query = (
        select(MessageBody.text)
        .join(Message, Message.id == MessageBody.message_id)
        .where(Message.workspace_id == workspace_id, Message.id == message_id)
    )
    return session.scalar(query)


def latest_at(session: Session, workspace_id: int, conversation_id: int) -> datetime | None:
    """When the latest mail of a conversation was sent."""
    where = (Message.workspace_id == workspace_id, Message.conversation_id == conversation_id)
    return session.scalar(select(func.max(Message.sent_at)).where(*where))
