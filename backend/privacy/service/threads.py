"""Keeping a conversation to oneself, asking to read a colleague's, and answering. Nothing here commits."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.audit.service import record
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import NotFoundError, UserError
from backend.privacy.shapes import RequestState, Sight
from backend.privacy.store import threads as store
from backend.privacy.store.sight import Holder, seen_copies
from backend.privacy.tables import AccessRequest


def keep_private(session: Session, clock: Clock, actor: Actor, conversation_id: int) -> None:
    """Show colleagues a locked line where this conversation is in the actor's mailboxes; who was let in is out again.

    Raises `NotFoundError` where none of the actor's mailboxes holds a mail of it.
    """
    mailboxes = _own_mailboxes(session, actor, conversation_id)
    store.keep(session, actor, conversation_id, mailboxes, clock.now())
    store.drop_requests(session, conversation_id, mailboxes)
    record(session, clock, actor, "thread.keep_private", Subject("conversation", conversation_id))


def share_again(session: Session, clock: Clock, actor: Actor, conversation_id: int) -> None:
    """Let the mailbox's sharing decide again. Raises `NotFoundError` as `keep_private` does."""
    store.release(session, conversation_id, _own_mailboxes(session, actor, conversation_id))
    record(session, clock, actor, "thread.share_again", Subject("conversation", conversation_id))


def _own_mailboxes(session: Session, actor: Actor, conversation_id: int) -> list[int]:
    mailboxes = store.own_mailboxes_with(session, actor, conversation_id)
    if not mailboxes:
        raise NotFoundError("That conversation is not in a mailbox of yours.")
    return mailboxes


def ask_to_read(session: Session, clock: Clock, actor: Actor, conversation_id: int) -> list[AccessRequest]:
    """Ask the owners of a conversation, of whom the actor may know, to let them read it; asking twice is asking once.

    Who was refused may ask again. Raises `NotFoundError` where the actor may not know of it, `UserError` where they
    may read it already.
    """
    holders = _hiding(session, actor, conversation_id)
    return [_ask(session, clock, actor, conversation_id, mailbox_id) for mailbox_id in sorted(holders)]


def _hiding(session: Session, actor: Actor, conversation_id: int) -> dict[int, Holder]:
    """The colleagues' mailboxes that hide something of the conversation, of those that the actor may know of."""
    message_ids = store.message_ids_of(session, actor, conversation_id)
    seen = seen_copies(session, actor, message_ids).values()
    if not any(s.holders for s in seen):
        raise NotFoundError("That conversation is not here, or its owner does not share it.")
    hidden = [s for s in seen if s.holders and s.opened is not Sight.EVERYTHING]
    if not hidden:
        raise UserError("You can read that conversation already.")
    return {h.mailbox_id: h for s in hidden for h in s.holders}


def _ask(session: Session, clock: Clock, actor: Actor, conversation_id: int, mailbox_id: int) -> AccessRequest:
    request = store.find_request(session, conversation_id, mailbox_id, actor.user_id)
    if request is None:
        request = AccessRequest(
            workspace_id=actor.workspace_id,
            conversation_id=conversation_id,
            mailbox_id=mailbox_id,
            asker_id=actor.user_id,
        )
        session.add(request)
    request.state, request.asked_at, request.answered_at = RequestState.ASKED.value, clock.now(), None
    session.flush()
    record(session, clock, actor, "access.ask", _subject(request), details=_about(request))
    return request


def answer_request(session: Session, clock: Clock, actor: Actor, request_id: int, state: RequestState) -> AccessRequest:
    """Let a colleague read a conversation of the actor's, or not (any more). Raises `NotFoundError`."""
    request = store.request_of_owner(session, actor, request_id)
    if request is None or state is RequestState.ASKED:
        raise NotFoundError("That request is not there any more.")
    request.state, request.answered_at = state.value, clock.now()
    record(session, clock, actor, f"access.{state.value}", _subject(request), details=_about(request))
    return request


def reopen_request(session: Session, clock: Clock, actor: Actor, request_id: int) -> None:
    """Take an answer back: the question waits again. Raises `NotFoundError`."""
    request = store.request_of_owner(session, actor, request_id)
    if request is None:
        raise NotFoundError("That request is not there any more.")
    request.state, request.answered_at = RequestState.ASKED.value, None
    record(session, clock, actor, "access.reopen", _subject(request), details=_about(request))


def _subject(request: AccessRequest) -> Subject:
    return Subject("access_request", request.id)


def _about(request: AccessRequest) -> dict[str, int]:
    return {"conversation_id": request.conversation_id, "asker_id": request.asker_id}
