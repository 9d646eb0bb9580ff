"""Write into the log, and check that nobody has touched it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.audit import store
from backend.audit.rules import check_chain, entry_hash, plain
from backend.audit.shapes import Doer, Entry, Subject, Verdict
from backend.audit.tables import AuditEntry
from backend.kit.clock import Clock


def record(
    session: Session,
    clock: Clock,
    by: Doer | int,
    action: str,
    subject: Subject,
    *,
    details: Mapping[str, Any] | None = None,
) -> Entry:
    """Append what `by` did to `subject`, in the transaction that does it; an int is the workspace, acting by itself.

    Call it last in a verb: it holds the end of the workspace's chain until the transaction ends.
    """
    workspace_id, actor_id = (by, None) if isinstance(by, int) else (by.workspace_id, by.user_id)
    session.flush()
    head = store.locked_head(session, workspace_id)
    content: dict[str, Any] = {
        "workspace_id": workspace_id,
        "seq": head.seq + 1,
        "at": clock.now(),
        "actor_id": actor_id,
        "action": action,
        "subject_type": subject.kind,
        "subject_id": str(subject.id),
        "details": plain(details or {}),
        "prev_hash": head.hash,
    }
    entry = AuditEntry(**content, hash=entry_hash(**content))
    session.add(entry)
    head.seq, head.hash = entry.seq, entry.hash
    session.flush()
    return store.to_entry(entry)


def verify(session: Session, workspace_id: int) -> Verdict:
    """Check a workspace's whole chain, from its first entry to its head."""
    return check_chain(store.entries(session, workspace_id), head=store.find_head(session, workspace_id))
