"""Questions in the database: which deal a conversation is about, asked once and answered by a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.db import upsert
from backend.linking.shapes import Candidate
from backend.linking.tables import Link, Question
from backend.mail.store import chunks

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def answers_of(session: Session, conversation_ids: Collection[int]) -> dict[int, int | None]:
    """The deal that people chose for each conversation that was asked about and answered; None: none of them."""
    query = select(Question.conversation_id, Question.answer_id).where(
        Question.conversation_id.in_(sorted(conversation_ids)), Question.answered_at.is_not(None)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def find_question(session: Session, workspace_id: int, conversation_id: int) -> Question | None:
    """The question about a conversation, open or answered."""
    where = (Question.workspace_id == workspace_id, Question.conversation_id == conversation_id)
    return session.scalar(select(Question).where(*where))


def ask(session: Session, workspace_id: int, questions: Mapping[int, Sequence[Candidate]], now: datetime) -> None:
    """Ask once about each conversation; of one that was asked about only the candidates change.

    Of deals that are as likely, the one comes first that had mail last.
    """
    mail_at = _last_mail_at(session, {c.deal_id for candidates in questions.values() for c in candidates})
    rows = [
        {
            "workspace_id": workspace_id,
            "conversation_id": conversation_id,
            "candidates": [
                {"deal_id": c.deal_id, "score": c.score, "evidence": dict(c.evidence)}
                for c in sorted(candidates, key=lambda c: (c.score, mail_at.get(c.deal_id, _LONG_AGO)), reverse=True)
            ],
            "asked_at": now,
        }
        for conversation_id, candidates in questions.items()
    ]
    upsert(session, Question, rows, key=("conversation_id",), change=("candidates",))


def _last_mail_at(session: Session, record_ids: Collection[int]) -> dict[int, datetime]:
    """When each record's latest linked mail was sent."""
    if not record_ids:
        return {}
    query = (
        select(Link.record_id, func.max(Link.sent_at))
        .where(Link.record_id.in_(sorted(record_ids)), Link.undone_at.is_(None))
        .group_by(Link.record_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def drop(session: Session, conversation_ids: Collection[int]) -> None:
    """Withdraw the open questions about these conversations."""
    for chunk in chunks(sorted(conversation_ids)):
        where = (Question.conversation_id.in_(chunk), Question.answered_at.is_(None))
        for question in session.scalars(select(Question).where(*where)):
            session.delete(question)


def join(session: Session, workspace_id: int, lost: int, kept: int) -> None:
    """Keep one question for both; the last answer holds."""
    asked = [q for q in (find_question(session, workspace_id, i) for i in (kept, lost)) if q is not None]
    for question in sorted(asked, key=lambda q: (q.answered_at is None, -(q.answered_at or _LONG_AGO).timestamp()))[1:]:
        session.delete(question)
        asked.remove(question)
    session.flush()
    for question in asked:
        question.conversation_id = kept
