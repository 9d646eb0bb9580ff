"""Conversations that people keep to themselves, and requests to read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.accounts.tables import Mailbox, User
from backend.db import insert_ignoring
from backend.mail.tables import Conversation, Copy, Message
from backend.privacy.shapes import RequestState
from backend.privacy.tables import AccessRequest, PrivateThread


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Somebody asks to read a conversation; `subject` is shown to its owner alone."""

    id: int
    asker: str
    subject: str
    address: str
    conversation_id: int
    asked_at: datetime
    state: RequestState


@dataclass(frozen=True, slots=True)
class KeptThread:
    """A conversation that its owner keeps to themselves."""

    conversation_id: int
    subject: str
    at: datetime


def own_mailboxes_with(session: Session, actor: Actor, conversation_id: int) -> list[int]:
    """The actor's mailboxes, where one of them holds a mail of this conversation; else none."""
    own = select(Mailbox.id).where(Mailbox.workspace_id == actor.workspace_id, Mailbox.user_id == actor.user_id)
    holds = (
        select(Copy.id)
        .join(Message, Message.id == Copy.message_id)
        .where(Message.conversation_id == conversation_id, Copy.mailbox_id.in_(own))
    )
    return list(session.scalars(own)) if session.scalar(holds.limit(1)) is not None else []


def is_kept(session: Session, conversation_id: int, mailbox_ids: Collection[int]) -> bool:
    """Whether the conversation is kept private in one of these mailboxes."""
    where = (PrivateThread.conversation_id == conversation_id, PrivateThread.mailbox_id.in_(mailbox_ids))
    return session.scalar(select(PrivateThread.mailbox_id).where(*where).limit(1)) is not None


def keep(session: Session, actor: Actor, conversation_id: int, mailbox_ids: Collection[int], now: datetime) -> None:
    """Note that the conversation is private in these mailboxes."""
    row = {"conversation_id": conversation_id, "workspace_id": actor.workspace_id, "user_id": actor.user_id, "at": now}
    insert_ignoring(session, PrivateThread, [row | {"mailbox_id": i} for i in mailbox_ids])


def release(session: Session, conversation_id: int, mailbox_ids: Collection[int]) -> None:
    """Forget that the conversation is private in these mailboxes."""
    where = (PrivateThread.conversation_id == conversation_id, PrivateThread.mailbox_id.in_(mailbox_ids))
    session.execute(delete(PrivateThread).where(*where))


def drop_requests(session: Session, conversation_id: int, mailbox_ids: Collection[int]) -> None:
    """Forget who asked for, or was let into, a conversation in these mailboxes."""
    where = (AccessRequest.conversation_id == conversation_id, AccessRequest.mailbox_id.in_(mailbox_ids))
    session.execute(delete(AccessRequest).where(*where))


def kept_threads(session: Session, actor: Actor, limit: int = 100) -> list[KeptThread]:
    """The conversations that the actor keeps to themselves, latest first."""
    query = (
        select(PrivateThread.conversation_id, Conversation.subject, func.min(PrivateThread.at))
        .join(Conversation, Conversation.id == PrivateThread.conversation_id)
        .join(Mailbox, Mailbox.id == PrivateThread.mailbox_id)
        .where(Mailbox.workspace_id == actor.workspace_id, Mailbox.user_id == actor.user_id)
        .group_by(PrivateThread.conversation_id, Conversation.subject)
        .order_by(func.min(PrivateThread.at).desc())
        .limit(limit)
    )
    return [KeptThread(*row) for row in session.execute(query)]


def find_request(session: Session, conversation_id: int, mailbox_id: int, asker_id: int) -> AccessRequest | None:
    """What this person asked about this conversation."""
    query = select(AccessRequest).where(
        AccessRequest.conversation_id == conversation_id,
        AccessRequest.mailbox_id == mailbox_id,
        AccessRequest.asker_id == asker_id,
    )
    return session.scalar(query)


def requests_by(session: Session, asker: Actor, conversation_id: int) -> Sequence[AccessRequest]:
    """What this person asked about a conversation, of each mailbox, latest first."""
    query = select(AccessRequest).where(
        AccessRequest.workspace_id == asker.workspace_id,
        AccessRequest.conversation_id == conversation_id,
        AccessRequest.asker_id == asker.user_id,
    )
    return session.scalars(query.order_by(AccessRequest.asked_at.desc(), AccessRequest.id.desc())).all()


def request_of_owner(session: Session, actor: Actor, request_id: int) -> AccessRequest | None:
    """A request about one of the actor's own mailboxes."""
    query = (
        select(AccessRequest)
        .join(Mailbox, Mailbox.id == AccessRequest.mailbox_id)
        .where(
            AccessRequest.id == request_id,
            Mailbox.workspace_id == actor.workspace_id,
            Mailbox.user_id == actor.user_id,
        )
    )
    return session.scalar(query)


def requests_to(
    session: Session, actor: Actor, states: Collection[RequestState], limit: int = 100
) -> list[OpenRequest]:
    """What colleagues ask, or were answered, about the actor's own mailboxes, latest first."""
    query = (
        select(AccessRequest, User.name, User.email, Conversation.subject, Mailbox.address)
        .join(Mailbox, Mailbox.id == AccessRequest.mailbox_id)
        .join(User, User.id == AccessRequest.asker_id)
        .join(Conversation, Conversation.id == AccessRequest.conversation_id)
        .where(
            Mailbox.workspace_id == actor.workspace_id,
            Mailbox.user_id == actor.user_id,
            AccessRequest.state.in_([s.value for s in states]),
        )
        .order_by(AccessRequest.asked_at.desc(), AccessRequest.id.desc())
        .limit(limit)
    )
    return [
        OpenRequest(r.id, name or email, subject, address, r.conversation_id, r.asked_at, RequestState(r.state))
        for r, name, email, subject, address in session.execute(query)
    ]


def count_open_requests(session: Session, actor: Actor) -> int:
    """How many questions of colleagues wait for the actor."""
    query = (
        select(func.count())
        .select_from(AccessRequest)
        .join(Mailbox, Mailbox.id == AccessRequest.mailbox_id)
        .where(Mailbox.user_id == actor.user_id, AccessRequest.state == RequestState.ASKED.value)
    )
    return session.scalar(query) or 0


def message_ids_of(session: Session, actor: Actor, conversation_id: int) -> Sequence[int]:
    """The mails of a conversation of the workspace."""
    where = (Message.workspace_id == actor.workspace_id, Message.conversation_id == conversation_id)
    return session.scalars(select(Message.id).where(*where)).all()


def follow_joins(session: Session, joined: Mapping[int, int]) -> None:
    """Let privacy follow conversations that were joined, lost id → kept id: what was private stays so.

    Who was let into one part was not let into the other, so grants of the lost one end, and of the kept one too where
    it is private only now.
    """
    for lost, kept in joined.items():
        threads = session.scalars(select(PrivateThread).where(PrivateThread.conversation_id == lost)).all()
        for thread in threads:
            row = {"conversation_id": kept, "mailbox_id": thread.mailbox_id, "workspace_id": thread.workspace_id}
            insert_ignoring(session, PrivateThread, [row | {"user_id": thread.user_id, "at": thread.at}])
            session.delete(thread)
        session.execute(delete(AccessRequest).where(AccessRequest.conversation_id == lost))
        if threads:
            session.execute(delete(AccessRequest).where(AccessRequest.conversation_id == kept))
        session.flush()
