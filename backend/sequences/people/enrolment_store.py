"""Enrolments and their ledgers in the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, Update, bindparam, case, select, update
from sqlalchemy.orm import Session

from backend.accounts.tables import Mailbox, User
from backend.db import among, read_columns, table_of, write_columns
from backend.outbox.shapes import Sending
from backend.outbox.tables import OutboxRow
from backend.records.tables import Contact
from backend.sequences.shapes import EnrolmentState, EventKind, Pending
from backend.sequences.tables import Answer, Enrolment, EnrolmentEvent

_ENROLMENTS = table_of(Enrolment)
_NOTING = table_of(EnrolmentEvent).insert()


def claim_due(session: Session, now: datetime, limit: int) -> list[Enrolment]:
    """Enrolments with something to do, longest waiting first; two workers never get the same ones."""
    return list(session.scalars(_due(), {"now": now, "most": limit}))


@cache  # asked at each tick
def _due() -> Select[Enrolment]:
    due = select(Enrolment).where(Enrolment.due_at <= bindparam("now")).order_by(Enrolment.due_at)
    return due.limit(bindparam("most")).with_for_update(skip_locked=True)


def note(session: Session, enrolment: Enrolment, at: datetime, kind: EventKind, reason: str, evidence: str) -> None:
    """Add a line to the ledger; the same wait twice in a row is one line."""
    if kind is EventKind.HELD and _last_event(session, enrolment.id) == (kind.value, enrolment.step, reason):
        return
    _write_lines(session, [_line(enrolment, at, kind, reason, evidence)])


def note_all(session: Session, evidence: Mapping[Enrolment, str], at: datetime, kind: EventKind) -> None:
    """Add a line to the ledgers of several people."""
    _write_lines(session, [_line(enrolment, at, kind, "", words) for enrolment, words in evidence.items()])


def note_enrolled(
    session: Session, workspace_id: int, enrolment_ids: Collection[int], at: datetime, evidence: str
) -> None:
    """Begin the ledgers of people who were just put in."""
    line = {"workspace_id": workspace_id, "at": at, "kind": EventKind.ENROLLED.value, "step": 0, "reason": ""}
    _write_lines(session, [{**line, "enrolment_id": key, "evidence": evidence} for key in enrolment_ids])


def _line(enrolment: Enrolment, at: datetime, kind: EventKind, reason: str, evidence: str) -> dict[str, Any]:
    return {
        "workspace_id": enrolment.workspace_id,
        "enrolment_id": enrolment.id,
        "at": at,
        "kind": kind.value,
        "step": enrolment.step,
        "reason": reason,
        "evidence": evidence[:500],
    }


def _write_lines(session: Session, lines: list[dict[str, Any]]) -> None:
    if lines:
        write_columns(session, _NOTING, lines)


class Whereabouts(NamedTuple):
    """By what somebody's time is reckoned: their version, the rep's zone, their own country; and whether they wrote."""

    version_id: int
    zone: str
    country: str | None
    has_answered: bool


def whereabouts(session: Session, sending: Sending) -> Whereabouts:
    """Where the person stands whom a mail is for."""
    wanted = {"id": sending.source_id, "source": sending.source}
    return Whereabouts(*read_columns(session, _whereabouts(), wanted).one())


@cache  # asked for each mail that leaves, as all that follows
def _whereabouts() -> Select[*tuple[Any, ...]]:
    c, contact, order = _ENROLMENTS.c, table_of(Contact).c, table_of(OutboxRow).c
    answers = select(Answer.outbox_id).join(table_of(OutboxRow), order.id == Answer.outbox_id)
    is_theirs = (order.source == bindparam("source"), order.source_id == c.id)
    has_answered = answers.where(*is_theirs).correlate(table_of(Enrolment)).exists()
    return (
        select(c.version_id, User.timezone, contact.country, has_answered)
        .join(Mailbox, Mailbox.id == c.mailbox_id)
        .join(User, User.id == Mailbox.user_id)
        .outerjoin(table_of(Contact), contact.id == c.contact_id)
        .where(c.id == bindparam("id"))
    )


def pass_step(session: Session, sending: Sending, at: datetime, pending: Pending | None) -> None:
    """Go on behind a mail that left or was vetoed, unless they are elsewhere by now; the ledger tells in any case.

    Where a wait stands behind it (`pending`) they stand in it at once; who was woken meanwhile is looked at first. Done
    for each mail, and so past the ORM: a row that the session knows has to be read again.
    """
    name = {"of_id": sending.source_id, "of_step": sending.step, "of_run": sending.run}
    passing = {**name, "next_step": sending.step + 1, "at": at, "then_step": sending.step + 1, "wall": "", "until": at}
    if pending is not None:
        passing |= {"then_step": sending.step + 2, "wall": pending.wall, "until": pending.until}
    write_columns(session, _passing(), passing)
    line = {"workspace_id": sending.workspace_id, "enrolment_id": sending.source_id, "at": at}
    line |= {"kind": sending.state.value, "step": sending.step, "reason": sending.reason}
    _write_lines(session, [{**line, "evidence": f"order {sending.id} {sending.gmail_id}".strip()}])


@cache
def _passing() -> Update:
    c = _ENROLMENTS.c
    is_there = (c.id == bindparam("of_id"), c.step == bindparam("of_step"), c.run == bindparam("of_run"))
    is_active = c.state == EnrolmentState.ACTIVE.value
    is_undisturbed = is_active & c.due_at.is_(None)
    at, until = (bindparam(name, type_=c.due_at.type) for name in ("at", "until"))
    values = {
        c.step: case((is_undisturbed, bindparam("then_step")), else_=bindparam("next_step")),
        c.wall: case((is_undisturbed, bindparam("wall")), else_=c.wall),
        # Who stands still goes on standing still: what is due then is what somebody resumes, or the day of a return.
        c.due_at: case((is_undisturbed, until), (is_active, at), else_=c.due_at),
    }
    return update(_ENROLMENTS).where(*is_there, c.ended_at.is_(None)).values(values)


def _last_event(session: Session, enrolment_id: int) -> tuple[str, int, str] | None:
    e = EnrolmentEvent
    query = select(e.kind, e.step, e.reason).where(e.enrolment_id == enrolment_id).order_by(e.id.desc()).limit(1)
    row = session.execute(query).first()
    return None if row is None else (row[0], row[1], row[2])


def ledger(session: Session, enrolment_id: int) -> list[EnrolmentEvent]:
    """Everything that was done or left for a person, in its order."""
    query = select(EnrolmentEvent).where(EnrolmentEvent.enrolment_id == enrolment_id).order_by(EnrolmentEvent.id)
    return list(session.scalars(query))


def enrolments(session: Session, ids: Collection[int]) -> dict[int, Enrolment]:
    """Enrolments by id, as their rows stand now."""
    return {row.id: row for row in session.scalars(_enrolments(), {"ids": list(ids)})}


def hold_enrolments(session: Session, ids: Collection[int]) -> dict[int, Enrolment]:
    """The same, held until the end: who stops somebody meanwhile waits, and knows then whether their mail left."""
    return {row.id: row for row in session.scalars(_held(), {"ids": list(ids)})}


@cache  # asked for each mail that leaves, as the next one
def _enrolments() -> Select[Enrolment]:
    return select(Enrolment).where(among(Enrolment.id, "ids"))


@cache
def _held() -> Select[Enrolment]:
    return _enrolments().order_by(Enrolment.id).with_for_update()
