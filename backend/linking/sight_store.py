"""Who may see why a mail is linked, change that, and answer what linking asks."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor, Sharing
from backend.accounts.tables import Mailbox
from backend.linking.shapes import Outcome
from backend.linking.tables import Question, Receipt
from backend.mail.tables import Copy, Message


def may_open(session: Session, actor: Actor, message_id: int) -> bool:
    """Whether a mail is the actor's own, or a colleague's that is linked and whose subject is shared.

    Mail that belongs to no record is not the team's, whatever its owner shares.
    """
    is_linked = exists().where(Receipt.message_id == Message.id, Receipt.outcome == Outcome.LINKED.value)
    is_shared = and_(Mailbox.sharing.in_((Sharing.EVERYTHING, Sharing.SUBJECT)), ~Copy.is_private)
    is_own = _has_live_copy(Mailbox.user_id == actor.user_id)
    query = select(Message.id).where(
        Message.workspace_id == actor.workspace_id,
        Message.id == message_id,
        or_(is_own, and_(_has_live_copy(is_shared), is_linked)),
    )
    return session.scalar(query) is not None


def is_asked(session: Session, actor: Actor, conversation_id: int) -> bool:
    """Whether there is a question, open or answered, about a conversation that a mailbox of the actor's holds."""
    query = (
        select(Question.id)
        .join(Message, Message.conversation_id == Question.conversation_id)
        .where(
            Question.workspace_id == actor.workspace_id,
            Question.conversation_id == conversation_id,
            _has_live_copy(Mailbox.user_id == actor.user_id),
        )
    )
    return session.scalar(query.limit(1)) is not None


def _has_live_copy(in_mailbox: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Copy.message_id == Message.id, Copy.is_live, Mailbox.id == Copy.mailbox_id, in_mailbox)
