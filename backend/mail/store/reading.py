"""Mails as other rooms need them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from backend.db import among, read_columns, table_of
from backend.mail.shapes import Address, Kind, Participant, Role, StoredMessage
from backend.mail.store.chunks import chunks
from backend.mail.tables import Copy, Message, MessageBody, MessageParticipant


def load_messages(session: Session, workspace_id: int, message_ids: Sequence[int]) -> list[StoredMessage]:
    """Load what linking needs of these mails, in order of time; ids of other workspaces are passed over."""
    rows: list[StoredMessage] = []
    for chunk in chunks(list(message_ids)):
        people = participants_of(session, chunk)
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
                is_private=not r.is_open,
            )
            for r in read_columns(session, _messages(), {"ids": chunk})
            if r.workspace_id == workspace_id
        ]
    return sorted(rows, key=lambda m: (m.sent_at, m.id))


@cache  # asked for every card, and several times for every batch of mail
def _messages() -> Select[Any]:
    """By their ids alone: asked for a workspace's as well, SQLite goes through all of its mail."""
    m, copies = table_of(Message).c, table_of(Copy).c
    is_open = exists().where(copies.message_id == m.id, ~copies.is_private).label("is_open")
    columns = (m.id, m.conversation_id, m.kind, m.subject, m.sent_at, m.is_ours, m.sender_key, m.list_key)
    return select(*columns, m.workspace_id, is_open).where(among(m.id, "ids"))


def participants_of(session: Session, message_ids: Sequence[int]) -> dict[int, list[Participant]]:
    """Everybody in the address headers, by mail, in the order of the headers."""
    people: dict[int, list[Participant]] = defaultdict(list)
    for message_id, role, key, email, name in read_columns(session, _participants_of(), {"ids": list(message_ids)}):
        people[message_id].append(Participant(Role(role), Address(key, email, name)))
    return people


@cache  # asked for every card
def _participants_of() -> Select[Any]:
    p = table_of(MessageParticipant).c
    wanted = among(p.message_id, "ids")
    return select(p.message_id, p.role, p.address_key, p.email, p.name).where(wanted).order_by(p.message_id, p.position)


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
