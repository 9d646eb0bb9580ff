"""Who of a team may publish sequences and enrol people: by role, as its admins decide. Nothing here commits."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy.orm import Session

from backend.accounts.rules import has_rank
from backend.accounts.shapes import Actor, Role
from backend.audit.service import record as audit
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import ForbiddenError
from backend.sequences.tables import SequenceRights


class Right(StrEnum):
    """What a role may do."""

    PUBLISH = "publish"
    ENROL = "enrol"


def least_roles(session: Session, workspace_id: int) -> dict[Right, Role]:
    """The least role that each right asks for."""
    row = session.get(SequenceRights, workspace_id)
    if row is None:
        return dict.fromkeys(Right, Role.REP)
    return {Right.PUBLISH: Role(row.publish_role), Right.ENROL: Role(row.enrol_role)}


def may(session: Session, actor: Actor, right: Right) -> bool:
    """Whether the actor's role is enough."""
    return has_rank(actor.role, least_roles(session, actor.workspace_id)[right])


def require_right(session: Session, actor: Actor, right: Right) -> None:
    """Raise `ForbiddenError` where the actor's role is not enough."""
    if may(session, actor, right):
        return
    if right is Right.PUBLISH:
        raise ForbiddenError("In your team, publishing takes a higher role; ask a manager or an admin to publish it.")
    raise ForbiddenError("In your team, enrolling takes a higher role; ask a manager or an admin to enrol them.")


def choose_rights(session: Session, clock: Clock, actor: Actor, publish: Role, enrol: Role) -> None:
    """Settle who may publish and who may enrol. Raises `ForbiddenError` for all but admins."""
    if actor.role is not Role.ADMIN:
        raise ForbiddenError("Only admins decide who may publish and enrol.")
    session.merge(SequenceRights(workspace_id=actor.workspace_id, publish_role=publish.value, enrol_role=enrol.value))
    details = {"publish": publish.value, "enrol": enrol.value}
    audit(session, clock, actor, "sequence.rights", Subject("workspace", actor.workspace_id), details=details)
