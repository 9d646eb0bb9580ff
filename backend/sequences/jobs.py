"""The tick's part of sequences: taking on everybody who is due. It calls nobody outside, and commits each batch."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from backend.db import Database
from backend.kit.clock import Clock
from backend.sequences.people import enrolling, enrolment_store
from backend.sequences.progress.engine import Engine
from backend.sequences.shapes import EventKind
from backend.sequences.tables import Enrolment

log = structlog.get_logger(__name__)

BATCH = 100
MOST_FAILURES = 5
_PAUSE = timedelta(minutes=5)


def advance_due(db: Database, clock: Clock, engine: Engine, *, limit: int = BATCH) -> int:
    """Take on up to `limit` people who are due; returns how many there were."""
    try:
        with db.write() as session:
            due = enrolment_store.claim_due(session, clock.now(), limit)
            engine.advance(session, due)
            for enrolment in due:
                enrolment.failures = 0
            return len(due)
    except Exception:  # a job's last line of defence: one by one it shows whose way cannot be gone on
        log.exception("enrolments_crashed")
        return _advance_one_by_one(db, clock, engine, limit)


def _advance_one_by_one(db: Database, clock: Clock, engine: Engine, limit: int) -> int:
    with db.write() as session:
        due = enrolment_store.claim_due(session, clock.now(), limit)
        for enrolment in due:
            _advance_one(session, clock, engine, enrolment)
    return len(due)


def _advance_one(session: Session, clock: Clock, engine: Engine, enrolment: Enrolment) -> None:
    """One whose way cannot be gone on is tried again later, then stands still; the others go on."""
    enrolment_id = enrolment.id
    try:
        with session.begin_nested():
            engine.advance(session, [enrolment])
            enrolment.failures = 0
    except Exception:  # a job's last line of defence: one poisoned enrolment must not stop the others
        log.exception("enrolment_crashed", enrolment_id=enrolment_id)
        _postpone(session, clock, session.get_one(Enrolment, enrolment_id))


def _postpone(session: Session, clock: Clock, enrolment: Enrolment) -> None:
    enrolment.failures += 1
    if enrolment.failures >= MOST_FAILURES:
        enrolling.pause(session, enrolment, clock.now(), "failed", f"{enrolment.failures} attempts")
        return
    enrolment.due_at = clock.now() + _PAUSE * 2**enrolment.failures
    evidence = f"attempt {enrolment.failures}"
    enrolment_store.note(session, enrolment, clock.now(), EventKind.TROUBLED, "crashed", evidence)
