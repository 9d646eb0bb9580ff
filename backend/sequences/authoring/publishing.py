"""Making sequences and publishing versions of them; who is on the way keeps the version they began with."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.audit.service import record as audit
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import ConflictError, NotFoundError, UserError
from backend.kit.text import squeeze
from backend.sequences.authoring import sequence_store
from backend.sequences.authoring.definitions import dump, load
from backend.sequences.authoring.sequence_store import definitions_of
from backend.sequences.authoring.versions import numbered
from backend.sequences.rights import Right, require_right
from backend.sequences.tables import Sequence, SequenceVersion


def make_sequence(session: Session, clock: Clock, actor: Actor, name: str) -> Sequence:
    """Make a sequence without a version. Raises `UserError` without a name, `ConflictError` where it is taken."""
    tidy = squeeze(name)[:200]
    if not tidy:
        raise UserError("A sequence has a name.")
    if sequence_store.sequence_named(session, actor.workspace_id, tidy) is not None:
        raise ConflictError("There is a sequence “%(tidy)s” already; give this one another name.", tidy=tidy)
    sequence = Sequence(
        workspace_id=actor.workspace_id,
        uid=secrets.token_hex(16),
        name=tidy,
        number=0,
        revision=1,
        draft={},
        user_id=actor.user_id,
        created_at=clock.now(),
    )
    session.add(sequence)
    session.flush()
    audit(session, clock, actor, "sequence.create", Subject("sequence", sequence.id))
    return sequence


def publish(
    session: Session, clock: Clock, actor: Actor, sequence_id: int, definition: Mapping[str, Any]
) -> SequenceVersion:
    """Publish a definition as the next version; the draft is used up.

    Raises `UserError` that names what is wrong, `ForbiddenError` where the actor's role is not enough, `NotFoundError`.
    """
    sequence = hold_sequence(session, actor, sequence_id)
    require_right(session, actor, Right.PUBLISH)
    sound = numbered(load(definition), [load(each) for each in definitions_of(session, sequence_id)])
    sequence.number, sequence.revision, sequence.draft = sequence.number + 1, sequence.revision + 1, {}
    version = SequenceVersion(
        workspace_id=actor.workspace_id,
        sequence_id=sequence.id,
        number=sequence.number,
        definition=dump(sound),
        user_id=actor.user_id,
        published_at=clock.now(),
    )
    session.add(version)
    session.flush()
    audit(
        session,
        clock,
        actor,
        "sequence.publish",
        Subject("sequence", sequence.id),
        details={"version": sequence.number},
    )
    return version


def require_sequence(session: Session, workspace_id: int, sequence_id: int) -> Sequence:
    """A sequence of the workspace. Raises `NotFoundError`."""
    sequence = sequence_store.find_sequence(session, workspace_id, sequence_id)
    if sequence is None:
        raise NotFoundError("That sequence is not here; it may have been deleted.")
    return sequence


def hold_sequence(session: Session, actor: Actor, sequence_id: int) -> Sequence:
    """The sequence, held until the end: two who change it at once do so one after the other. Raises `NotFoundError`."""
    sequence = require_sequence(session, actor.workspace_id, sequence_id)
    session.refresh(sequence, with_for_update=True)
    return sequence
