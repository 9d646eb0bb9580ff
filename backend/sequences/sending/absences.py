"""Days on which a rep is away: nothing of a sequence leaves in their name. Nothing here commits."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.audit.service import record as audit
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import NotFoundError, UserError
from backend.sequences.sending.sending_store import find_absence
from backend.sequences.tables import Absence

LONGEST = timedelta(days=366)


def note_absence(session: Session, clock: Clock, actor: Actor, first_day: date, last_day: date) -> Absence:
    """Note that the actor is away. Raises `UserError` for days that are the wrong way round, over, or too many."""
    if last_day < first_day or last_day - first_day > LONGEST or last_day < clock.now().date() - timedelta(days=1):
        raise UserError("Give the first and the last day that you are away, at most a year, and not over yet.")
    absence = Absence(
        workspace_id=actor.workspace_id, user_id=actor.user_id, first_day=first_day, last_day=last_day
    )  # fmt: skip
    session.add(absence)
    session.flush()
    audit(session, clock, actor, "absence.note", Subject("user", actor.user_id))
    return absence


def forget_absence(session: Session, clock: Clock, actor: Actor, absence_id: int) -> None:
    """Take one back. Raises `NotFoundError`."""
    absence = find_absence(session, actor, absence_id)
    if absence is None:
        raise NotFoundError("That absence is not noted any more.")
    session.delete(absence)
    audit(session, clock, actor, "absence.forget", Subject("user", absence.user_id))
