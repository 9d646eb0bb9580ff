"""Letting everybody of a sequence stand still, go on or end at once, set by set. Nothing here commits.

The same as `enrolling` does for one, and with the same lines in each ledger, for fifty thousand in a few statements.
Drafts that wait are taken back by the outbox, which judges each order again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, literal, select, update
from sqlalchemy.orm import Session

from backend.outbox.service import reconsider_all
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.shapes import EnrolmentState, EventKind
from backend.sequences.tables import Enrolment, EnrolmentEvent

HALTED = "halted"
"""The reason of those who stand still because all do; who stood still before for another reason stays so."""


def pause_all(session: Session, sequence_id: int, now: datetime, evidence: str) -> None:
    """Let everybody on the way stand still."""
    who = (Enrolment.sequence_id == sequence_id, Enrolment.state == EnrolmentState.ACTIVE.value)
    values = {"state": EnrolmentState.PAUSED.value, "reason": HALTED, "due_at": None}
    _move(session, who, EventKind.PAUSED, HALTED, evidence, now, values)


def resume_all(session: Session, sequence_id: int, now: datetime, evidence: str) -> None:
    """Let those go on whom `pause_all` held."""
    is_held = (Enrolment.state == EnrolmentState.PAUSED.value, Enrolment.reason == HALTED)
    values = {"state": EnrolmentState.ACTIVE.value, "reason": "", "due_at": now}
    _move(session, (Enrolment.sequence_id == sequence_id, *is_held), EventKind.RESUMED, "", evidence, now, values)


def stop_all(session: Session, sequence_id: int, now: datetime, evidence: str) -> None:
    """End it for everybody on the way; who got their mail keeps it."""
    who = (Enrolment.sequence_id == sequence_id, Enrolment.ended_at.is_(None))
    values = {"state": EnrolmentState.STOPPED.value, "reason": "by_hand", "due_at": None, "ended_at": now}
    _move(session, who, EventKind.STOPPED, "by_hand", evidence, now, values)


def _move(
    session: Session, who: tuple[ColumnElement[bool], ...], kind: EventKind, reason: str, evidence: str,
    now: datetime, values: dict[str, Any],
) -> None:  # fmt: skip
    """All are held first, as everybody holds people before mails and mailboxes; then the ledger: later none matches."""
    held = select(Enrolment.id).where(*who).order_by(Enrolment.id).with_for_update().subquery()
    session.execute(select(func.count()).select_from(held))
    e, line = Enrolment.__table__.c, EnrolmentEvent.__table__.c
    told = (literal(now, line.at.type), literal(kind.value), e.step, literal(reason), literal(evidence[:500]))
    columns = ["workspace_id", "enrolment_id", "at", "kind", "step", "reason", "evidence"]
    session.execute(insert(EnrolmentEvent).from_select(columns, select(e.workspace_id, e.id, *told).where(*who)))
    reconsider_all(session, SOURCE, select(e.id).where(*who), now)
    session.execute(update(Enrolment).where(*who).values(**values).execution_options(synchronize_session=False))
