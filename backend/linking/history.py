"""Bringing the links of mail that is stored already into line with decisions made afresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.linking import store
from backend.linking.shapes import Decision, Proposal, Rule


@dataclass(frozen=True, slots=True)
class Changes:
    """What decisions would change: pairs (mail, record) to add, link ids to bring back with their values, to remove.

    `removed_pairs` names the removed ones as pairs. `added_ids` are filled in once the links are written.
    """

    added: tuple[tuple[int, int], ...]
    brought_back: Mapping[int, Mapping[str, Any]]
    removed: tuple[int, ...]
    removed_pairs: tuple[tuple[int, int], ...]
    added_ids: tuple[int, ...] = ()


def compare(session: Session, decisions: Sequence[Decision]) -> Changes:
    """Compare decisions with the present links; writes nothing."""
    present = store.present_links(session, [d.message.id for d in decisions])
    added: list[tuple[int, int]] = []
    brought_back: dict[int, Mapping[str, Any]] = {}
    removed: list[Any] = []
    for decision in decisions:
        rows = present.get(decision.message.id, {})
        wanted = {p.record_id: p for p in decision.links}
        added += [(decision.message.id, r) for r in wanted if r not in rows]
        brought_back |= {
            rows[r].id: _values(p) for r, p in wanted.items() if r in rows and rows[r].undone_at is not None
        }
        removed += [row for r, row in rows.items() if r not in wanted and _is_automatic(row)]
    pairs = tuple((row.message_id, row.record_id) for row in removed)
    return Changes(tuple(added), brought_back, tuple(row.id for row in removed), pairs)


def write(session: Session, changes: Changes, *, by: str, batch_id: int | None, now: datetime) -> None:
    """Take back and bring back; new links are written with their decisions' receipts."""
    store.take_back(session, changes.removed, by, now)
    values = {i: {**v, "batch_id": batch_id} for i, v in changes.brought_back.items()}
    store.bring_back(session, list(values), values)


def with_ids(session: Session, changes: Changes) -> Changes:
    """The same changes with the ids of the links that were written."""
    present = store.present_links(session, sorted({m for m, _ in changes.added}))
    ids = tuple(present[m][r].id for m, r in changes.added if r in present.get(m, {}))
    return Changes(changes.added, changes.brought_back, changes.removed, changes.removed_pairs, ids)


def _values(proposal: Proposal) -> dict[str, Any]:
    return {"rule": proposal.rule.value, "evidence": dict(proposal.evidence)}


def _is_automatic(row: Any) -> bool:
    return row.undone_at is None and row.rule != Rule.HAND
