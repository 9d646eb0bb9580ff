"""Finding, making and joining the conversations of a batch of new mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session

from backend.db import among, insert_ignoring, insert_returning, read_columns, table_of
from backend.mail.conversations import Forest, base_subject, keys_of
from backend.mail.store.chunks import chunks
from backend.mail.store.facts import Incoming, MailboxFacts
from backend.mail.tables import MESSAGE_ID_LENGTH, Conversation, ConversationKey, Copy, Message


@dataclass(frozen=True, slots=True)
class Placed:
    """The conversation of each item, and the stored conversations that were joined: lost id → kept id."""

    conversations: list[int]
    joined: dict[int, int]


def place(session: Session, mailbox: MailboxFacts, items: Sequence[Incoming]) -> Placed:
    """Find or make the conversation of each item, and join stored ones that the items connect."""
    keys = [_keys(item) for item in items]
    bearers = _subjects_by_message_id(session, mailbox.workspace_id, [i.mail.message_id for i in items])
    keys = [_without_borrowed_id(k, i, bearers) for k, i in zip(keys, items, strict=True)]
    forest = Forest(_known_conversations(session, mailbox.workspace_id, {k for ks in keys for k in ks}))
    threads = _conversations_by_thread(session, mailbox.mailbox_id, items)
    placed: list[int] = []
    for item, own_keys in zip(items, keys, strict=True):
        thread = (item.gmail.thread_id, base_subject(item.mail.subject))
        hint = None if item.mail.references else threads.get(thread)
        conversation = forest.place(own_keys, hint)
        threads.setdefault(thread, conversation)
        placed.append(conversation)
    _merge_conversations(session, forest)
    made = _insert_conversations(session, mailbox.workspace_id, [forest.root(c) for c in placed], items)
    rows = [
        {"workspace_id": mailbox.workspace_id, "rfc_id": key, "conversation_id": _stored(forest, made, c)}
        for key, c in forest.added.items()
    ]
    insert_ignoring(session, ConversationKey, rows)
    joined = {lost: forest.root(lost) for lost in forest.merges if lost > 0}
    return Placed([_stored(forest, made, c) for c in placed], joined)


def _stored(forest: Forest, made: dict[int, int], conversation: int) -> int:
    root = forest.root(conversation)
    return made.get(root, root)


def _keys(item: Incoming) -> tuple[str, ...]:
    return tuple(k[:MESSAGE_ID_LENGTH] for k in keys_of(item.mail.message_id, item.mail.references))


def _without_borrowed_id(keys: tuple[str, ...], item: Incoming, bearers: dict[str, set[str]]) -> tuple[str, ...]:
    """Leave out a Message-ID that another mail bears already under another subject: it connects nothing."""
    own = item.mail.message_id[:MESSAGE_ID_LENGTH]
    subjects = bearers.setdefault(own, set())
    subject = base_subject(item.mail.subject)
    borrowed = bool(own) and bool(subjects) and subject not in subjects
    subjects.add(subject)
    return tuple(k for k in keys if k != own) if borrowed else keys


def _subjects_by_message_id(session: Session, workspace_id: int, ids: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for chunk in chunks([i[:MESSAGE_ID_LENGTH] for i in ids if i]):
        wanted = {"workspace_id": workspace_id, "rfc_ids": chunk}
        for message_id, subject in read_columns(session, _bearers(), wanted):
            found[message_id].add(base_subject(subject))
    return found


@cache  # asked for every batch of mail
def _bearers() -> Select[str, str]:
    m = table_of(Message).c
    wanted = (m.workspace_id == bindparam("workspace_id"), among(m.rfc_message_id, "rfc_ids"))
    return select(m.rfc_message_id, m.subject).where(*wanted)


def _known_conversations(session: Session, workspace_id: int, keys: Collection[str]) -> dict[str, int]:
    known: dict[str, int] = {}
    for chunk in chunks(sorted(keys)):
        wanted = {"workspace_id": workspace_id, "rfc_ids": chunk}
        known.update((key, conversation) for key, conversation in read_columns(session, _by_key(), wanted))
    return known


@cache  # asked for every batch of mail
def _by_key() -> Select[str, int]:
    k = table_of(ConversationKey).c
    wanted = (k.workspace_id == bindparam("workspace_id"), among(k.rfc_id, "rfc_ids"))
    return select(k.rfc_id, k.conversation_id).where(*wanted)


def _conversations_by_thread(
    session: Session, mailbox_id: int, items: Sequence[Incoming]
) -> dict[tuple[str, str], int]:
    """Conversations by (Gmail thread, subject), for mail that refers to nothing."""
    found: dict[tuple[str, str], int] = {}
    for chunk in chunks(sorted({i.gmail.thread_id for i in items if not i.mail.references})):
        wanted = {"mailbox_id": mailbox_id, "thread_ids": chunk}
        for thread_id, subject, conversation_id in read_columns(session, _by_thread(), wanted):
            found[thread_id, base_subject(subject)] = conversation_id
    return found


@cache  # asked for every batch of mail
def _by_thread() -> Select[str, str, int]:
    c, messages = table_of(Copy).c, table_of(Message)
    wanted = (c.mailbox_id == bindparam("mailbox_id"), among(c.gmail_thread_id, "thread_ids"))
    columns = (c.gmail_thread_id, messages.c.subject, messages.c.conversation_id)
    return select(*columns).join(messages, messages.c.id == c.message_id).where(*wanted)


def _merge_conversations(session: Session, forest: Forest) -> None:
    for lost in [c for c in forest.merges if c > 0]:
        kept = forest.root(lost)
        for table in (Message, ConversationKey):
            column = table.conversation_id
            session.execute(update(table).where(column == lost).values(conversation_id=kept))


def _insert_conversations(
    session: Session, workspace_id: int, roots: Sequence[int], items: Sequence[Incoming]
) -> dict[int, int]:
    subjects: dict[int, str] = {}
    for root, item in zip(roots, items, strict=True):
        if root < 0:
            subjects.setdefault(root, item.mail.subject)
    rows = [{"workspace_id": workspace_id, "subject": subject} for subject in subjects.values()]
    return dict(zip(subjects, insert_returning(session, Conversation, rows), strict=True))
