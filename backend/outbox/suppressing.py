"""Putting addresses on the list of those to whom nothing is sent, and taking them off again. Nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor, Role
from backend.audit.service import record as audit
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import ForbiddenError, NotFoundError, UserError
from backend.kit.text import clean, squeeze
from backend.mail.address_lines import AddressLine
from backend.outbox import suppression_store as store
from backend.outbox.shapes import Ground


@dataclass(frozen=True, slots=True)
class Added:
    """What came of a list: how many are new, how many stood there, and the lines without an address."""

    new: int
    known: int
    unread: tuple[AddressLine, ...]


def add_lines(session: Session, clock: Clock, actor: Actor, lines: Sequence[AddressLine], why: str) -> Added:
    """Send nothing to these addresses any more. Raises `UserError` where there is none, `ForbiddenError` for reps."""
    _require_manager(actor)
    keys = list(dict.fromkeys(line.key for line in lines if line.key))
    if not keys:
        raise UserError("There is no address in this list; write one on each line, or one column of a CSV file.")
    evidence = squeeze(clean(why))[:400] or f"user {actor.user_id}"
    new = store.add_suppressions(
        session, actor.workspace_id, keys, ground=Ground.BY_HAND.value, evidence=evidence, at=clock.now()
    )
    details = {"new": new, "evidence": evidence[:200]}
    audit(session, clock, actor, "outbox.suppress.by_hand", Subject("workspace", actor.workspace_id), details=details)
    return Added(new, len(keys) - new, tuple(line for line in lines if not line.key))


def take_off(session: Session, clock: Clock, actor: Actor, suppression_id: int, why: str) -> str:
    """Let an address be written to again, for a reason that is kept; returns the address.

    Who unsubscribed is taken off by admins only. Raises `UserError` without a reason, `ForbiddenError`,
    `NotFoundError`.
    """
    _require_manager(actor)
    found = store.find_suppression(session, actor.workspace_id, suppression_id)
    if found is None:
        raise NotFoundError("That address is not on the list any more.")
    if found.ground == Ground.UNSUBSCRIBED and actor.role is not Role.ADMIN:
        raise ForbiddenError("They unsubscribed themselves: only an admin takes them off the list, at their own wish.")
    reason = squeeze(clean(why))[:400]
    if not reason:
        raise UserError("Say why this address may be written to again; the reason is kept.")
    details = {"ground": found.ground, "reason": reason}
    audit(session, clock, actor, "outbox.release", Subject("suppression", found.id), details=details)
    store.remove_suppression(session, found.id)
    return found.address_key


def _require_manager(actor: Actor) -> None:
    if not actor.sees_all:
        raise ForbiddenError("Managers and admins keep the list of those to whom nothing is sent.")
