"""Writing a sequence's next version: a draft is kept as it is, sound or not, until it is published. No commit here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.audit.service import record as audit
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import ConflictError, UserError
from backend.kit.text import clean, squeeze
from backend.sequences.authoring import sequence_store
from backend.sequences.authoring.definitions import MOST_STEPS
from backend.sequences.authoring.publishing import hold_sequence
from backend.sequences.tables import Sequence

LONGEST_DESCRIPTION = 1000


def in_work(session: Session, sequence: Sequence) -> dict[str, Any]:
    """The definition as it is being written: the draft, else the published version, else an empty one."""
    if sequence.draft:
        return dict(sequence.draft)
    version = sequence_store.current_version(session, sequence)
    return {name: version.definition[name] for name in ("steps", "habits")} if version else {"steps": [], "habits": {}}


def save_draft(
    session: Session, actor: Actor, sequence_id: int, definition: Mapping[str, Any], revision: int
) -> Sequence:
    """Keep a draft. Raises `ConflictError` where somebody changed the sequence since `revision`, `NotFoundError`."""
    sequence = hold_sequence(session, actor, sequence_id)
    if sequence.revision != revision:
        raise ConflictError(
            "Somebody changed this sequence meanwhile; what you typed is kept below, and not yet saved."
        )
    steps, habits = definition.get("steps"), definition.get("habits", {})
    if not isinstance(steps, list) or len(steps) > MOST_STEPS or not isinstance(habits, Mapping):
        raise UserError(
            "A draft has a list of at most %(most_steps)s steps, and habits by name.", most_steps=MOST_STEPS
        )
    draft = {"steps": steps, "habits": dict(habits)}
    if draft != in_work(session, sequence):
        sequence.draft = draft
        sequence.revision += 1
    return sequence


def discard_draft(session: Session, actor: Actor, sequence_id: int) -> None:
    """Go back to what is published. Raises `ConflictError` where nothing is, `NotFoundError`."""
    sequence = hold_sequence(session, actor, sequence_id)
    if not sequence.number:
        raise ConflictError("Nothing of this sequence is published yet, so there is nothing to go back to.")
    if sequence.draft:
        sequence.draft = {}
        sequence.revision += 1


def rename(session: Session, clock: Clock, actor: Actor, sequence_id: int, name: str) -> None:
    """Give it another name. Raises `UserError` without one, `ConflictError` where it is taken, `NotFoundError`."""
    sequence, tidy = hold_sequence(session, actor, sequence_id), squeeze(name)[:200]
    if not tidy:
        raise UserError("A sequence has a name.")
    other = sequence_store.sequence_named(session, actor.workspace_id, tidy)
    if other is not None and other.id != sequence_id:
        raise ConflictError("There is a sequence “%(tidy)s” already; give this one another name.", tidy=tidy)
    if sequence.name != tidy:
        sequence.name = tidy
        sequence.revision += 1
        audit(session, clock, actor, "sequence.rename", Subject("sequence", sequence.id))


def describe(session: Session, clock: Clock, actor: Actor, sequence_id: int, description: str) -> None:
    """Say what it is for; "" takes the words away. Raises `NotFoundError`."""
    sequence, tidy = hold_sequence(session, actor, sequence_id), clean(description).strip()[:LONGEST_DESCRIPTION]
    if sequence.description != tidy:
        sequence.description = tidy
        sequence.revision += 1
        audit(session, clock, actor, "sequence.describe", Subject("sequence", sequence.id))


def retire(session: Session, clock: Clock, actor: Actor, sequence_id: int) -> None:
    """Let nobody be enrolled any more; who is on the way goes on. Raises `NotFoundError`."""
    sequence = hold_sequence(session, actor, sequence_id)
    if sequence.retired_at is None:
        sequence.retired_at = clock.now()
        sequence.revision += 1
        audit(session, clock, actor, "sequence.retire", Subject("sequence", sequence.id))


def reinstate(session: Session, clock: Clock, actor: Actor, sequence_id: int) -> None:
    """Let people be enrolled again. Raises `NotFoundError`."""
    sequence = hold_sequence(session, actor, sequence_id)
    if sequence.retired_at is not None:
        sequence.retired_at = None
        sequence.revision += 1
        audit(session, clock, actor, "sequence.reinstate", Subject("sequence", sequence.id))
