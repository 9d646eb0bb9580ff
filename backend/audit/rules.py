"""How an entry is hashed and a chain checked; pure, so that an auditor can run it on an export, away from us."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from backend.audit.shapes import Entry, Verdict
from backend.kit.text import clean

NO_HASH = "0" * 64


def entry_hash(
    *,
    workspace_id: int,
    seq: int,
    at: datetime,
    actor_id: int | None,
    action: str,
    subject_type: str,
    subject_id: str,
    details: Mapping[str, Any],
    prev_hash: str,
) -> str:
    """SHA-256 in hex over a JSON list of all arguments in this order: UTC time in ISO 8601, keys sorted, no spaces."""
    when = at.astimezone(UTC).isoformat(timespec="microseconds")
    content = [workspace_id, seq, when, actor_id, action, subject_type, subject_id, details, prev_hash]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def plain(value: Any) -> Any:
    """Return `value` in JSON's types such as both databases give back unchanged; whatever else becomes text.

    Floats become text because PostgreSQL rewrites them (1e5 as 100000), which would break the hash.
    """
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {clean(str(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return clean(str(value))


def check_chain(entries: Iterable[Entry], *, head: str | None = None) -> Verdict:
    """Walk a workspace's whole chain in order. `head` is the hash kept elsewhere; without it a cut end goes unseen."""
    count, previous = 0, NO_HASH
    for count, entry in enumerate(entries, 1):
        why = _fault(entry, count, previous)
        if why:
            return Verdict(count, previous, count, why)
        previous = entry.hash
    if head is not None and head != previous:
        return Verdict(count, previous, count + 1, "the end of the chain is missing")
    return Verdict(count, previous)


def _fault(entry: Entry, seq: int, previous: str) -> str:
    if entry.seq != seq:
        return "an entry is missing"
    if entry.prev_hash != previous:
        return "the entry does not follow the one before it"
    expected = entry_hash(
        workspace_id=entry.workspace_id,
        seq=entry.seq,
        at=entry.at,
        actor_id=entry.actor_id,
        action=entry.action,
        subject_type=entry.subject_type,
        subject_id=entry.subject_id,
        details=entry.details,
        prev_hash=entry.prev_hash,
    )
    return "" if entry.hash == expected else "the entry was altered"
