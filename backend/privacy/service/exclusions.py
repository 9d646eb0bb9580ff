"""Leaving addresses and domains out, and taking them in again."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.audit.service import record
from backend.audit.shapes import Subject
from backend.db import serialise
from backend.kit.clock import Clock
from backend.kit.errors import UserError
from backend.mail.addresses import is_free_mail
from backend.privacy import store
from backend.privacy.shapes import ExclusionKind
from backend.privacy.tables import Exclusion


def exclude(
    session: Session, clock: Clock, actor: Actor, kind: ExclusionKind, value: str, mailbox_id: int | None = None
) -> Exclusion:
    """Leave an address or domain out for the whole team, or for one mailbox; what is out already stays so.

    Raises `UserError` for a domain that gives mail to everybody, or for none at all.
    """
    if not value or (kind is ExclusionKind.DOMAIN and is_free_mail(value)):
        raise UserError("“%(value)s” gives mail to everybody; leave out the address alone.", value=value)
    serialise(session, "exclusions", actor.workspace_id)  # NULLs are distinct to a unique constraint
    present = store.find_exclusion(session, actor.workspace_id, kind, value, mailbox_id)
    if present is not None:
        return present
    now = clock.now()
    made = Exclusion(
        workspace_id=actor.workspace_id,
        mailbox_id=mailbox_id,
        kind=kind.value,
        value=value,
        user_id=actor.user_id,
        created_at=now,
    )
    session.add(made)
    session.flush()
    record(session, clock, actor, "exclusion.add", Subject("exclusion", made.id), details={"kind": kind.value})
    return made


def include(session: Session, clock: Clock, actor: Actor, exclusion: Exclusion) -> None:
    """Take in again what was left out."""
    exclusion_id, kind = exclusion.id, exclusion.kind
    session.delete(exclusion)
    session.flush()
    record(session, clock, actor, "exclusion.remove", Subject("exclusion", exclusion_id), details={"kind": kind})
