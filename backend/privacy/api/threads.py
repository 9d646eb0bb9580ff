"""Keeping a conversation to oneself, and answering who asks to read one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import Made, once
from backend.privacy.api.room import blueprint
from backend.privacy.schemas import AnsweredOut, RequestList, ThreadOut
from backend.privacy.service.threads import answer_request, keep_private, share_again
from backend.privacy.shapes import RequestState
from backend.privacy.store.threads import requests_to
from backend.web.house import house


@blueprint.post("/threads/<int:conversation_id>/keep-private")
@needs()
@blueprint.output(ThreadOut)
@once(ThreadOut, 200)
def keep_thread(session: Session, conversation_id: int) -> Made:
    """Show colleagues a locked line where this conversation of one's own is."""
    keep_private(session, house().clock, current_actor(), conversation_id)
    return {"conversation_id": conversation_id, "is_private": True}, {}


@blueprint.post("/threads/<int:conversation_id>/share-again")
@needs()
@blueprint.output(ThreadOut)
@once(ThreadOut, 200)
def share_thread(session: Session, conversation_id: int) -> Made:
    """Let the mailbox's sharing decide again."""
    share_again(session, house().clock, current_actor(), conversation_id)
    return {"conversation_id": conversation_id, "is_private": False}, {}


@blueprint.get("/mailboxes/requests")
@needs()
@blueprint.output(RequestList)
def list_requests() -> Mapping[str, Any]:
    """Who asks to read a conversation of one's own, and whom one answered; the latest hundred."""
    with house().db.read() as session:
        return {"items": requests_to(session, current_actor(), list(RequestState))}


@blueprint.post("/mailboxes/requests/<int:request_id>/grant")
@needs()
@blueprint.output(AnsweredOut)
@once(AnsweredOut, 200)
def grant_request(session: Session, request_id: int) -> Made:
    """Let a colleague read a conversation; each of their looks is written to the audit log."""
    return answer_request(session, house().clock, current_actor(), request_id, RequestState.GRANTED), {}


@blueprint.post("/mailboxes/requests/<int:request_id>/refuse")
@needs()
@blueprint.output(AnsweredOut)
@once(AnsweredOut, 200)
def refuse_request(session: Session, request_id: int) -> Made:
    """Do not let a colleague read a conversation, or not any more."""
    return answer_request(session, house().clock, current_actor(), request_id, RequestState.REFUSED), {}
