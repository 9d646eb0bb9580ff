"""Merging two records that are one, contacts with contacts and companies with companies; and taking that back.

Everything that hangs on the lost record moves to the kept one, whose empty fields it fills; the lost one leaves every
list, and stored mail follows as a batch. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.audit.service import record as audit
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import NotFoundError, UserError
from backend.linking import merge_store, store
from backend.linking.learning import relink_concerned
from backend.linking.service import linker_for
from backend.linking.shapes import MergeView
from backend.linking.undo import reverse_relink
from backend.records.service import require, touch
from backend.records.store import lookup, writing
from backend.records.tables import RECORD_SEARCH, Company, Contact, Record, RecordMerge

_FILLED: dict[type[Record], tuple[str, ...]] = {
    Contact: ("first_name", "last_name", "title", "phone", "country", "company_id", "owner_id"),
    Company: ("industry", "city", "country", "employees", "owner_id"),
}


def preview_merge(session: Session, clock: Clock, actor: Actor, kept_id: int, lost_id: int) -> MergeView:
    """What `merge_records` would move. It merges and rolls back, so hand it a session for writing; nothing stays."""
    with session.begin_nested() as attempt:
        merge = merge_records(session, clock, actor, kept_id, lost_id)
        found = view_of(session, merge, is_preview=True)
        attempt.rollback()
    return found


def merge_records(session: Session, clock: Clock, actor: Actor, kept_id: int, lost_id: int) -> RecordMerge:
    """Let `kept_id` take up `lost_id`. Raises `NotFoundError`, `UserError` for two that cannot be one."""
    kept, lost = _pair(session, actor, kept_id, lost_id)
    concerned = lookup.concerned_by(session, kept) | lookup.concerned_by(session, lost)
    with _reindexed(session, kept, lost):
        moved = {**merge_store.take_over(session, kept, lost), "fields": _fill(kept, lost)}
        lost.deleted_at, lost.merged_into_id = clock.now(), kept.id
        _touch(clock, kept, lost)
    relinked = relink_concerned(session, clock, actor, f"merge:{lost.id}", concerned)
    merge = RecordMerge(
        workspace_id=actor.workspace_id, kept_id=kept.id, lost_id=lost.id, moved=moved, batch_id=relinked.batch_id,
        user_id=actor.user_id, at=clock.now(),
    )  # fmt: skip
    session.add(merge)
    session.flush()
    _audit(session, clock, actor, merge, kept, "merge")
    return merge


def undo_merge(session: Session, clock: Clock, actor: Actor, merge_id: int) -> RecordMerge:
    """Take a merge back: both records are as they were, but for what was changed by hand since.

    Mail that came since is decided afresh. Raises `NotFoundError`, `UserError` where it is undone already or the kept
    record is not there any more.
    """
    merge = _standing(session, actor, merge_id)
    kept, lost = _parted(session, merge)
    _undo_links(session, clock, actor, merge)
    with _reindexed(session, kept, lost):
        merge_store.give_back(session, kept, lost, merge.moved)
        _empty(kept, merge.moved["fields"])
        lost.deleted_at = lost.merged_into_id = None
        _touch(clock, kept, lost)
    merge.undone_at = clock.now()
    since = merge_store.mails_linked_since(session, kept.id, merge.at)
    linker_for(session, actor.workspace_id, clock).refresh(session, since)
    _audit(session, clock, actor, merge, kept, "unmerge")
    return merge


def require_mergeable(record: Record) -> Record:
    """Return a contact or company. Raises `UserError` for a deal: two sales are never one."""
    if not isinstance(record, merge_store.MERGEABLE):
        raise UserError("Deals do not merge; delete the one that is too many, or choose a contact or a company.")
    return record


def view_of(session: Session, merge: RecordMerge, *, is_preview: bool = False) -> MergeView:
    """Say of a merge what moved."""
    names = lookup.names_of(session, merge.workspace_id, [merge.kept_id, merge.lost_id])
    counted = ("addresses", "domains", "people", "deals", "activities")
    return MergeView(
        merge_id=None if is_preview else merge.id,
        kept_id=merge.kept_id,
        kept_name=names[merge.kept_id],
        lost_id=merge.lost_id,
        lost_name=names[merge.lost_id],
        mails=merge.moved["mails"],
        fields=tuple(merge.moved["fields"]),
        **{name: len(merge.moved.get(name, ())) for name in counted},
    )


def _pair(session: Session, actor: Actor, kept_id: int, lost_id: int) -> tuple[Record, Record]:
    """Both records, held in the order of their ids, so that two merges at once do not wait for each other."""
    if kept_id == lost_id:
        raise UserError("That is the same record twice; choose its duplicate.")
    found = {i: require(session, actor.workspace_id, i, Record, will_change=True) for i in sorted((kept_id, lost_id))}
    kept, lost = found[kept_id], found[lost_id]
    if type(kept) is not type(lost):
        raise UserError("Contacts merge with contacts and companies with companies; choose two of a kind.")
    return require_mergeable(kept), lost


def _standing(session: Session, actor: Actor, merge_id: int) -> RecordMerge:
    merge = merge_store.find_merge(session, actor.workspace_id, merge_id)
    if merge is None:
        raise NotFoundError("That merge is not here; the page may be old.")
    if merge.undone_at is not None:
        raise UserError("That merge is undone already; nothing was changed.")
    return merge


def _parted(session: Session, merge: RecordMerge) -> tuple[Record, Record]:
    held = {"of": Record}
    records = [session.get_one(Record, i, with_for_update=held) for i in sorted((merge.kept_id, merge.lost_id))]
    kept, lost = sorted(records, key=lambda r: r.id != merge.kept_id)
    if kept.deleted_at is not None:
        raise UserError("%(name)s was merged into another record or deleted since; undo that first.", name=kept.name)
    return kept, lost


def _undo_links(session: Session, clock: Clock, actor: Actor, merge: RecordMerge) -> None:
    """Undo the relinking, unless somebody did so already; the rules may want its links again after another merge."""
    batch = store.find_batch(session, merge.workspace_id, merge.batch_id) if merge.batch_id else None
    if batch is not None and batch.undone_at is not None:
        store.leave_confirmed(session, batch.removed)
    elif batch is not None:
        reverse_relink(session, clock, actor, batch)
        merge_store.leave_to_rules(session, batch.added, f"user:{actor.user_id}")


def _fill(kept: Record, lost: Record) -> dict[str, Any]:
    """Fill the kept record's empty fields; returns by name what they were and what they became."""
    changes: dict[str, Any] = {}
    for name in _FILLED[type(kept)]:
        before, after = getattr(kept, name), getattr(lost, name)
        if before in {None, ""} and after not in {None, ""}:
            changes[name] = [before, after]
    together = {**lost.fields, **kept.fields}
    if together != kept.fields:
        changes["fields"] = [kept.fields, together]
    for name, (_before, after) in changes.items():
        setattr(kept, name, after)
    return changes


def _empty(kept: Record, changes: dict[str, Any]) -> None:
    """Take filled fields back; what somebody changed since stays."""
    for name, (before, after) in changes.items():
        if getattr(kept, name) == after:
            setattr(kept, name, before)


def _touch(clock: Clock, *records: Record) -> None:
    for record in records:
        touch(record, clock.now())


@contextmanager
def _reindexed(session: Session, *records: Record) -> Iterator[None]:
    """Bring the search index into line with what the block changes of these records."""
    RECORD_SEARCH.remove(session, _documents(session, records))
    yield
    session.flush()
    RECORD_SEARCH.add(session, _documents(session, records))


def _documents(session: Session, records: Sequence[Record]) -> list[tuple[int, str]]:
    return [(r.id, writing.document_of(session, r)) for r in records]


def _audit(session: Session, clock: Clock, actor: Actor, merge: RecordMerge, kept: Record, what: str) -> None:
    details = {"merge_id": merge.id, "lost_id": merge.lost_id}
    audit(session, clock, actor, f"{kept.kind}.{what}", Subject("record", kept.id), details=details)
