"""What a rep does with people on the way: let them stand still, go on, end it, skip a mail. Nothing here commits.

A rep steers their own, managers everybody's of the team; whose it is not, it is not there.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.audit.service import record as audit
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import ConflictError, ForbiddenError, NotFoundError
from backend.outbox import service as outbox
from backend.sequences.authoring.definitions import Mail, load
from backend.sequences.authoring.publishing import require_sequence
from backend.sequences.people import crowds, enrolling
from backend.sequences.shapes import EnrolmentState, Stop
from backend.sequences.tables import Enrolment, SequenceVersion

BY_HAND = "by_hand"


def require_enrolment(session: Session, actor: Actor, enrolment_id: int) -> Enrolment:
    """An enrolment that the actor may steer. Raises `NotFoundError`."""
    found = session.get(Enrolment, enrolment_id)
    is_there = found is not None and found.workspace_id == actor.workspace_id
    if found is None or not is_there or not (actor.sees_all or found.user_id == actor.user_id):
        raise NotFoundError("That person is not on the way here; they may be a colleague's.")
    return found


def hold_several(session: Session, actor: Actor, enrolment_ids: Collection[int]) -> None:
    """Hold people until the end before anything is done about the first of them.

    Everybody holds people before their mails, and those before the mailboxes: who does something about one after the
    other would hold a mailbox while waiting for a person, whose mail a worker may be ending, which then waits for it.
    """
    which = (Enrolment.workspace_id == actor.workspace_id, Enrolment.id.in_(enrolment_ids))
    session.execute(select(Enrolment.id).where(*which).order_by(Enrolment.id).with_for_update())


def pause(session: Session, clock: Clock, actor: Actor, enrolment_id: int) -> Enrolment:
    """Let somebody stand still until resumed. Raises `NotFoundError`, `ConflictError` where it ended."""
    enrolment = _running(session, actor, enrolment_id)
    if enrolment.state == EnrolmentState.ACTIVE:
        enrolling.pause(session, enrolment, clock.now(), BY_HAND, _by(actor))
    return enrolment


def resume(session: Session, clock: Clock, actor: Actor, enrolment_id: int) -> Enrolment:
    """Let somebody go on where they stood. Raises `NotFoundError`, `ConflictError` where it ended."""
    enrolment = _running(session, actor, enrolment_id)
    enrolling.resume(session, enrolment, clock.now())
    return enrolment


def stop(session: Session, clock: Clock, actor: Actor, enrolment_id: int) -> Enrolment:
    """End it for somebody. Raises `NotFoundError`, `ConflictError` where it had ended."""
    enrolment = _running(session, actor, enrolment_id)
    enrolling.stop(session, enrolment, clock.now(), Stop(BY_HAND, _by(actor)))
    return enrolment


def skip_next(session: Session, clock: Clock, actor: Actor, enrolment_id: int) -> Enrolment:
    """Do not send somebody's next mail; a draft of it is taken back. Raises `ConflictError` where none is to come."""
    enrolment = _running(session, actor, enrolment_id)
    definition = load(session.get_one(SequenceVersion, enrolment.version_id).definition)
    coming = (n for n, step in enumerate(definition.steps) if n >= enrolment.step and isinstance(step, Mail))
    step = next(coming, None)
    if step is None:
        raise ConflictError("No mail is to come for this person; there is nothing to skip.")
    enrolment.thread = {**enrolment.thread, "veto": step}
    outbox.reconsider(session, enrolling.SOURCE, enrolment.id, clock.now())
    return enrolment


def skip_no_more(session: Session, _clock: Clock, actor: Actor, enrolment_id: int) -> Enrolment:
    """Take `skip_next` back, as long as the mail's turn did not come. Raises `NotFoundError`, `ConflictError`."""
    enrolment = _running(session, actor, enrolment_id)
    enrolment.thread = {name: value for name, value in enrolment.thread.items() if name != "veto"}
    return enrolment


def send_anyway(session: Session, clock: Clock, actor: Actor, enrolment_id: int) -> Enrolment:
    """Write to somebody although a colleague is in touch with them or their company, from now on."""
    enrolment = _running(session, actor, enrolment_id)
    enrolment.thread = {**enrolment.thread, "may_collide": True}
    outbox.reconsider(session, enrolling.SOURCE, enrolment.id, clock.now())
    return enrolment


def halt_all(session: Session, clock: Clock, actor: Actor, sequence_id: int) -> None:
    """Let everybody on the way through a sequence stand still. Raises `ForbiddenError` for reps, `NotFoundError`."""
    _require_whole(session, actor, sequence_id)
    crowds.pause_all(session, sequence_id, clock.now(), _by(actor))
    audit(session, clock, actor, "sequence.halt", Subject("sequence", sequence_id))


def go_on_all(session: Session, clock: Clock, actor: Actor, sequence_id: int) -> None:
    """Let those go on whom `halt_all` held; others who stand still stay so. Raises as that does."""
    _require_whole(session, actor, sequence_id)
    crowds.resume_all(session, sequence_id, clock.now(), _by(actor))
    audit(session, clock, actor, "sequence.go_on", Subject("sequence", sequence_id))


def _require_whole(session: Session, actor: Actor, sequence_id: int) -> None:
    require_sequence(session, actor.workspace_id, sequence_id)
    if not actor.sees_all:
        raise ForbiddenError("Managers and admins halt a sequence for everybody; tick your own people instead.")


def _running(session: Session, actor: Actor, enrolment_id: int) -> Enrolment:
    """Somebody on the way, held until the end against the tick, which writes the same row."""
    enrolment = require_enrolment(session, actor, enrolment_id)
    session.refresh(enrolment, with_for_update=True)
    if enrolment.ended_at is not None:
        raise ConflictError("It ended for this person already; enrol them again to begin anew.")
    return enrolment


def _by(actor: Actor) -> str:
    return f"user {actor.user_id}"
