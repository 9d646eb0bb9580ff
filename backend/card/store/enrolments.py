"""Who is in which sequence, and which could be started; each function is one statement, the first built once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from backend.accounts.tables import User
from backend.db import array_length, read_columns
from backend.outbox.tables import IS_OPEN, OutboxRow
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.shapes import EnrolmentState
from backend.sequences.tables import Enrolment, Sequence, SequenceVersion

MOST = 3
REMEMBERED = timedelta(days=90)  # for which an ended one is still shown


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """An enrolment as a card shows it; `due_at` is when something happens next, None: nothing by itself."""

    id: int
    sequence: str
    user_id: int
    rep: str
    state: EnrolmentState
    reason: str
    step: int
    steps: int
    due_at: datetime | None
    held: str
    is_skipping: bool


@dataclass(frozen=True, slots=True)
class StartableRow:
    """A published sequence; `run` counts how often the person went through it, `is_running`: they are in it now."""

    id: int
    name: str
    steps: tuple[dict[str, Any], ...]
    run: int
    is_running: bool
    reason: str


def enrolments_of(session: Session, workspace_id: int, contact_id: int, now: datetime) -> list[EnrolmentRow]:
    """The sequences that a person is in, latest first; behind them those that ended not long ago."""
    wanted = {"workspace_id": workspace_id, "contact_id": contact_id, "since": now - REMEMBERED}
    return [_row(*columns) for columns in read_columns(session, _enrolments(), wanted)]


def _row(
    i: int, sequence: str, user_id: int, rep: str, state: str, reason: str, step: int, steps: int,
    due_at: datetime | None, thread: dict[str, Any], mail_due_at: datetime | None, held: str | None,
) -> EnrolmentRow:  # fmt: skip
    is_active = state == EnrolmentState.ACTIVE
    return EnrolmentRow(
        id=i,
        sequence=sequence,
        user_id=user_id,
        rep=rep,
        state=EnrolmentState(state),
        reason=reason,
        step=step,
        steps=steps,
        due_at=due_at or (mail_due_at if is_active else None),
        held=(held or "") if is_active else "",
        is_skipping=thread.get("veto", -1) >= step,
    )


@cache
def _enrolments() -> Select[*tuple[Any, ...]]:
    e, o = Enrolment, OutboxRow
    its_mail = and_(o.source == SOURCE, o.source_id == e.id, o.step == e.step, o.run == e.run, IS_OPEN)
    return (
        select(
            e.id, Sequence.name, e.user_id, func.coalesce(func.nullif(User.name, ""), User.email), e.state, e.reason,
            e.step, array_length(SequenceVersion.definition["steps"]), e.due_at, e.thread, o.due_at, o.reason,
        )
        .join(Sequence, Sequence.id == e.sequence_id)
        .join(SequenceVersion, SequenceVersion.id == e.version_id)
        .join(User, User.id == e.user_id)
        .outerjoin(o, its_mail)
        .where(e.contact_id == bindparam("contact_id"), e.workspace_id == bindparam("workspace_id"))
        .where(or_(e.ended_at.is_(None), e.ended_at >= bindparam("since")))
        .order_by(e.ended_at.is_not(None), e.id.desc())
        .limit(MOST)
    )  # fmt: skip


def startable(session: Session, workspace_id: int, contact_id: int, limit: int) -> list[StartableRow]:
    """The published sequences in use by name, and how the person stands to each."""
    e, version = Enrolment, SequenceVersion
    latest = (
        select(e.sequence_id, func.max(e.run).label("run"))
        .where(e.contact_id == contact_id, e.workspace_id == workspace_id)
        .group_by(e.sequence_id)
        .subquery()
    )
    is_latest = and_(e.sequence_id == Sequence.id, e.contact_id == contact_id, e.run == latest.c.run)
    query = (
        select(Sequence.id, Sequence.name, version.definition, e.run, e.id, e.ended_at, e.reason)
        .join(version, and_(version.sequence_id == Sequence.id, version.number == Sequence.number))
        .outerjoin(latest, latest.c.sequence_id == Sequence.id)
        .outerjoin(e, is_latest)
        .where(Sequence.workspace_id == workspace_id, Sequence.kind == "sequence", Sequence.retired_at.is_(None))
        .order_by(Sequence.name, Sequence.id)
        .limit(limit)
    )
    return [
        StartableRow(i, name, tuple(what["steps"]), run or 0, enrolment is not None and ended is None, reason or "")
        for i, name, what, run, enrolment, ended, reason in session.execute(query)
    ]
