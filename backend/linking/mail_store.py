"""Stored mail as linking asks for it, a batch at a time; what every batch asks is built once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.orm import Session

from backend.db import among, read_columns, table_of
from backend.linking.tables import Link
from backend.mail.shapes import Kind
from backend.mail.store import chunks
from backend.mail.tables import MESSAGE_SEARCH, Message, MessageParticipant
from backend.records.tables import ContactAddress, Record


def link_rows_of_conversations(session: Session, ids: Collection[int]) -> Iterator[Any]:
    """Every link row of these conversations' mails: conversation, message and record id, kind, rule, undone by whom.

    Those that a conversation handed on count too; one that was undone, or whose record is deleted, does not `hold`.
    """
    for chunk in chunks(sorted(ids)):
        yield from read_columns(session, _link_rows(), {"ids": chunk}).all()


@cache
def _link_rows() -> Select[*tuple[Any, ...]]:
    links, messages, records = table_of(Link), table_of(Message), table_of(Record)
    holds = links.c.undone_at.is_(None) & records.c.deleted_at.is_(None)
    return (
        select(
            messages.c.conversation_id,
            links.c.message_id,
            links.c.record_id,
            records.c.kind,
            links.c.rule,
            holds.label("holds"),
            links.c.undone_by,
        )
        .join(links, links.c.message_id == messages.c.id)
        .join(records, records.c.id == links.c.record_id)
        .where(among(messages.c.conversation_id, "ids"))
        .order_by(links.c.id)
    )


def conversations_with_ours(session: Session, ids: Collection[int]) -> set[int]:
    """Those conversations that hold a mail of the team's."""
    found: set[int] = set()
    for chunk in chunks(sorted(ids)):
        found.update(read_columns(session, _with_ours(), {"ids": chunk}).scalars())
    return found


@cache
def _with_ours() -> Select[int]:
    m = table_of(Message).c
    return select(m.conversation_id).where(among(m.conversation_id, "ids"), m.is_ours).distinct()


def mails_of_strangers(session: Session, workspace_id: int, conversation_ids: Collection[int]) -> list[int]:
    """Mails in these conversations whose sender is outside the team and no contact yet."""
    found: list[int] = []
    for chunk in chunks(sorted(conversation_ids)):
        found += read_columns(session, _of_strangers(), {"workspace_id": workspace_id, "ids": chunk}).scalars()
    return found


@cache
def _of_strangers() -> Select[int]:
    m, addresses = table_of(Message).c, table_of(ContactAddress).c
    own = addresses.workspace_id == bindparam("workspace_id")
    is_contact = exists().where(own, addresses.address_key == m.sender_key)
    is_correspondence = m.kind.in_((Kind.PERSON.value, Kind.CALENDAR.value))
    return select(m.id).where(among(m.conversation_id, "ids"), ~m.is_ours, is_correspondence, ~is_contact)


def list_addresses(session: Session, workspace_id: int, keys: Collection[str]) -> set[str]:
    """Those addresses that are mailing lists, as their own mail says."""
    found: set[str] = set()
    for chunk in chunks(sorted(k for k in keys if k)):
        found.update(read_columns(session, _lists(), {"workspace_id": workspace_id, "keys": chunk}).scalars())
    return found


@cache
def _lists() -> Select[str]:
    m = table_of(Message).c
    wanted = (m.workspace_id == bindparam("workspace_id"), among(m.list_key, "keys"))
    return select(m.list_key).where(*wanted, m.list_key != "").distinct()


def message_ids_of_conversations(session: Session, ids: Collection[int]) -> list[int]:
    """Every mail of these conversations."""
    found: list[int] = []
    for chunk in chunks(sorted(ids)):
        found += read_columns(session, _of_conversations(), {"ids": chunk}).scalars()
    return found


@cache
def _of_conversations() -> Select[int]:
    m = table_of(Message).c
    return select(m.id).where(among(m.conversation_id, "ids"))


def message_ids_concerning(
    session: Session, workspace_id: int, keys: Collection[str] = (), domains: Collection[str] = ()
) -> list[int]:
    """Every mail in which one of these addresses, or an address at one of these domains, takes part."""
    found: set[int] = set()
    for column, values in (("address_key", keys), ("domain", domains)):
        for chunk in chunks(sorted(values)):
            wanted = {"workspace_id": workspace_id, "values": chunk}
            found.update(read_columns(session, _with_people(column), wanted).scalars())
    return sorted(found)


@cache
def _with_people(column: str) -> Select[int]:
    p = table_of(MessageParticipant).c
    return select(p.message_id).where(p.workspace_id == bindparam("workspace_id"), among(p[column], "values"))


def message_ids_referring_to(session: Session, workspace_id: int, references: Collection[str]) -> list[int]:
    """Every mail in whose subject one of these references may stand."""
    found: set[int] = set()
    for reference in references:
        naming = MESSAGE_SEARCH.matching(session, reference)
        if naming is not None:
            where = (Message.workspace_id == workspace_id, Message.subject.icontains(reference, autoescape=True))
            found.update(session.scalars(select(Message.id).where(*where, Message.id.in_(naming))))
    return sorted(found)


def message_ids_linked_to(session: Session, record_ids: Collection[int]) -> list[int]:
    """Every mail with a present link to one of these records."""
    query = select(Link.message_id).where(Link.record_id.in_(sorted(record_ids)), Link.undone_at.is_(None)).distinct()
    return sorted(session.scalars(query))
