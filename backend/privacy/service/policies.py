"""Choosing what comes in, and taking a choice back. Nothing here commits; sync brings stored mail into line."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor, Role
from backend.accounts.store import get_mailbox
from backend.audit.service import record
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import ForbiddenError, NotFoundError, UserError
from backend.privacy.shapes import ImportPolicy, PolicyKind
from backend.privacy.store import policies as store
from backend.privacy.tables import PolicyChange

MOST_MONTHS = 600
MOST_LABELS = 50


def choose_policy(
    session: Session,
    clock: Clock,
    actor: Actor,
    kind: PolicyKind,
    mailbox_id: int | None,
    policy: ImportPolicy | None,
) -> PolicyChange:
    """Choose what comes in; None: as the team's default has it. One change, to be undone by `undo_change`.

    Raises `NotFoundError` for another's mailbox, `ForbiddenError` where only admins choose, `UserError` for nonsense.
    """
    require_say(session, actor, kind, mailbox_id)
    if policy is not None:
        _check(policy)
    row = store.find_policy(session, actor.workspace_id, kind, mailbox_id)
    before = None if row is None else store.policy_of(row)
    store.write_policy(session, actor.workspace_id, kind, mailbox_id, policy)
    return _note(session, clock, actor, kind, mailbox_id, before, policy)


def require_say(session: Session, actor: Actor, kind: PolicyKind, mailbox_id: int | None) -> None:
    """Whether the actor may choose: owners for their mailboxes, admins for the team and for every mailbox."""
    if kind is not PolicyKind.MAILBOX or mailbox_id is None:
        if actor.role is not Role.ADMIN:
            raise ForbiddenError("Only an admin chooses for the whole team.")
        return
    only = None if actor.role is Role.ADMIN else actor.user_id
    get_mailbox(session, actor.workspace_id, mailbox_id, user_id=only)


def _check(policy: ImportPolicy) -> None:
    if policy.months is not None and not 0 <= policy.months <= MOST_MONTHS:
        raise UserError("Months are a number from 0 to %(most_months)s.", most_months=MOST_MONTHS)
    if len(policy.labels_in) + len(policy.labels_out) > MOST_LABELS:
        raise UserError("Name at most %(most_labels)s labels.", most_labels=MOST_LABELS)


def undo_change(session: Session, clock: Clock, actor: Actor, change_id: int) -> PolicyChange:
    """Let what held before a change hold again. Raises `NotFoundError`, `UserError` where it is not the latest one."""
    change = store.find_change(session, actor.workspace_id, change_id)
    if change is None:
        raise NotFoundError("That change is not there.")
    kind = PolicyKind(change.kind)
    require_say(session, actor, kind, change.mailbox_id)
    latest = store.last_change(session, actor.workspace_id, kind, change.mailbox_id)
    if change.undone_at is not None or latest is None or latest.id != change.id:
        raise UserError("What comes in was changed again meanwhile; change it on the page.")
    store.write_policy(session, actor.workspace_id, kind, change.mailbox_id, _unpacked(change.before))
    change.undone_at = clock.now()
    record(session, clock, actor, "policy.undo", Subject("policy_change", change.id))
    return change


def _note(
    session: Session,
    clock: Clock,
    actor: Actor,
    kind: PolicyKind,
    mailbox_id: int | None,
    before: ImportPolicy | None,
    after: ImportPolicy | None,
) -> PolicyChange:
    change = PolicyChange(
        workspace_id=actor.workspace_id,
        mailbox_id=mailbox_id,
        kind=kind.value,
        user_id=actor.user_id,
        at=clock.now(),
        before=_packed(before),
        after=_packed(after),
    )
    session.add(change)
    session.flush()
    details = {"kind": kind.value, "mailbox_id": mailbox_id}
    record(session, clock, actor, "policy.choose", Subject("policy_change", change.id), details=details)
    return change


def _packed(policy: ImportPolicy | None) -> dict[str, Any] | None:
    if policy is None:
        return None
    return asdict(policy) | {"since": policy.since.isoformat() if policy.since else None}


def _unpacked(stored: dict[str, Any] | None) -> ImportPolicy | None:
    if stored is None:
        return None
    labels = {name: tuple(stored[name]) for name in ("labels_in", "labels_out")}
    return ImportPolicy(
        **stored | labels | {"since": datetime.fromisoformat(stored["since"]) if stored["since"] else None}
    )
