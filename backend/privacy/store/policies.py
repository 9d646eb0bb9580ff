"""Import policies and what they come to for a mailbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from backend.accounts.tables import Mailbox
from backend.privacy.rules.admission import narrowed
from backend.privacy.shapes import ExclusionKind, ImportPolicy, ImportRules, PolicyKind
from backend.privacy.tables import Exclusion, Policy, PolicyChange


def find_policy(session: Session, workspace_id: int, kind: PolicyKind, mailbox_id: int | None = None) -> Policy | None:
    """The team's default or bounds, or a mailbox's own policy; None where none was chosen."""
    where = (Policy.workspace_id == workspace_id, Policy.kind == kind.value, _of(mailbox_id))
    return session.scalar(select(Policy).where(*where))


def _of(mailbox_id: int | None) -> ColumnElement[bool]:
    return Policy.mailbox_id.is_(None) if mailbox_id is None else Policy.mailbox_id == mailbox_id


def policy_of(row: Policy | None) -> ImportPolicy:
    """A row as the shape that rules take; no row: everything comes in."""
    if row is None:
        return ImportPolicy()
    return ImportPolicy(
        months=row.months,
        since=row.since,
        labels_in=tuple(row.labels_in),
        labels_out=tuple(row.labels_out),
        is_known_only=row.is_known_only,
        keeps_internal=row.keeps_internal,
    )


def write_policy(
    session: Session, workspace_id: int, kind: PolicyKind, mailbox_id: int | None, policy: ImportPolicy | None
) -> None:
    """Write a policy over the one before; None: forget it."""
    row = find_policy(session, workspace_id, kind, mailbox_id)
    if policy is None:
        if row is not None:
            session.delete(row)
    else:
        if row is None:
            row = Policy(workspace_id=workspace_id, mailbox_id=mailbox_id, kind=kind.value)
            session.add(row)
        for name, value in asdict(policy).items():
            setattr(row, name, list(value) if isinstance(value, tuple) else value)
    session.flush()


def rules_for(
    session: Session, mailbox: Mailbox, *, proposed: tuple[PolicyKind, ImportPolicy | None] | None = None
) -> ImportRules:
    """What holds for a mailbox now; `proposed` instead: what would hold, were that policy chosen."""
    policies = {kind: _chosen(session, mailbox, kind) for kind in PolicyKind}
    if proposed is not None:
        policies[proposed[0]] = proposed[1]
    chosen = policies[PolicyKind.MAILBOX] or policies[PolicyKind.DEFAULT] or ImportPolicy()
    bounds = policies[PolicyKind.BOUNDS] or ImportPolicy()
    return narrowed(chosen, bounds, mailbox.created_at, excluded_for(session, mailbox))


def _chosen(session: Session, mailbox: Mailbox, kind: PolicyKind) -> ImportPolicy | None:
    row = find_policy(session, mailbox.workspace_id, kind, mailbox.id if kind is PolicyKind.MAILBOX else None)
    return None if row is None else policy_of(row)


def excluded_for(session: Session, mailbox: Mailbox) -> list[tuple[ExclusionKind, str]]:
    """What is excluded from a mailbox: by the team, and by its owner."""
    whose = or_(Exclusion.mailbox_id.is_(None), Exclusion.mailbox_id == mailbox.id)
    query = select(Exclusion.kind, Exclusion.value).where(Exclusion.workspace_id == mailbox.workspace_id, whose)
    return [(ExclusionKind(kind), value) for kind, value in session.execute(query)]


def last_change(session: Session, workspace_id: int, kind: PolicyKind, mailbox_id: int | None) -> PolicyChange | None:
    """The latest change of a policy."""
    whose: Any = PolicyChange.mailbox_id.is_(None) if mailbox_id is None else PolicyChange.mailbox_id == mailbox_id
    where = (PolicyChange.workspace_id == workspace_id, PolicyChange.kind == kind.value, whose)
    return session.scalar(select(PolicyChange).where(*where).order_by(PolicyChange.id.desc()).limit(1))


def find_change(session: Session, workspace_id: int, change_id: int) -> PolicyChange | None:
    """A change of the workspace's."""
    where = (PolicyChange.workspace_id == workspace_id, PolicyChange.id == change_id)
    return session.scalar(select(PolicyChange).where(*where))


def mailboxes_under(session: Session, workspace_id: int, mailbox_id: int | None) -> Sequence[Mailbox]:
    """The mailbox, or for a policy of the team's all of its mailboxes."""
    query = select(Mailbox).where(Mailbox.workspace_id == workspace_id).order_by(Mailbox.id)
    return session.scalars(query if mailbox_id is None else query.where(Mailbox.id == mailbox_id)).all()
