"""What linking asks people: which deal a conversation is about, and what to do with mail that belongs to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import Made, once
from backend.kit.errors import NotFoundError
from backend.linking import undo
from backend.linking.api.room import blueprint, seen_receipt
from backend.linking.inbox import adopt_person
from backend.linking.receipt_store import UnlinkedMail, is_asked, open_questions, unlinked_mail
from backend.linking.schemas import AdoptedOut, AdoptIn, AnswerIn, QuestionList, UnlinkedPage
from backend.web.fields import PageQuery
from backend.web.house import house
from backend.web.pagination import Page, cut_page, decode_cursor


@blueprint.get("/links/questions")
@needs()
@blueprint.output(QuestionList)
def list_questions() -> Mapping[str, Any]:
    """List what linking asks about one's own conversations, the latest fifty."""
    with house().db.read() as session:
        return {"items": open_questions(session, current_actor())}


@blueprint.post("/links/questions/<int:conversation_id>/answer")
@needs()
@blueprint.input(AnswerIn)
@blueprint.output(AnswerIn)
@once(AnswerIn, 200)
def answer_question(session: Session, conversation_id: int, json_data: Mapping[str, Any]) -> Made:
    """Say which deal a conversation is about; null: none of those offered."""
    actor = current_actor()
    if not is_asked(session, actor, conversation_id):
        raise NotFoundError("That question is not open any more, or it is not yours to answer.")
    undo.answer_question(session, house().clock, actor, conversation_id, json_data["deal_id"])
    return json_data, {}


@blueprint.get("/links/unlinked")
@needs()
@blueprint.input(PageQuery, location="query")
@blueprint.output(UnlinkedPage)
def list_unlinked(query_data: Mapping[str, Any]) -> Page[UnlinkedMail]:
    """List mail in one's own mailboxes that belongs to nothing yet, newest first."""
    limit = query_data["limit"]
    before: Any = decode_cursor(query_data["cursor"], datetime, int) if "cursor" in query_data else None
    with house().db.read() as session:
        found = unlinked_mail(session, current_actor(), before=before, limit=limit + 1)
    return cut_page(found, limit, lambda mail: (mail.sent_at, mail.message_id))


@blueprint.post("/links/adopt")
@needs()
@blueprint.input(AdoptIn)
@blueprint.output(AdoptedOut, status_code=201)
@once(AdoptedOut)
def adopt(session: Session, json_data: Mapping[str, Any]) -> Made:
    """Make the person behind a mail a contact, and link all mail with them."""
    seen_receipt(session, json_data["message_id"])
    return adopt_person(session, house().clock, current_actor(), json_data["message_id"]), {}
