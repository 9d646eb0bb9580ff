"""The records that entries belong to."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.tables import ActivityRecord
from backend.linking.tables import Link
from backend.records.shapes import RecordKind
from backend.records.tables import Record, StageChange
from backend.timeline.shapes import Entry, EntryKind, RecordChip
from backend.timeline.store.order import ACTIVITIES


def with_records(session: Session, found: list[Entry]) -> list[Entry]:
    """Give each entry the records that it belongs to, in three queries at most."""
    open_ones = [e for e in found if not e.is_locked]  # whom a locked line is about is nobody's to know
    mail = _chips(session, Link.message_id, Link.record_id, open_ones, {EntryKind.MAIL}, Link.undone_at.is_(None))
    about = _chips(session, ActivityRecord.activity_id, ActivityRecord.record_id, found, ACTIVITIES)
    deals = _chips(session, StageChange.id, StageChange.deal_id, found, {EntryKind.STAGE})
    chips = {EntryKind.MAIL: mail, EntryKind.STAGE: deals}
    return [_with_chips(e, chips.get(e.kind, about).get(e.id, ())) for e in found]


def _chips(
    session: Session,
    key: Any,
    record_id: Any,
    found: list[Entry],
    kinds: set[EntryKind] | frozenset[EntryKind],
    *where: Any,
) -> dict[int, tuple[RecordChip, ...]]:
    ids = [e.id for e in found if e.kind in kinds]
    if not ids:
        return {}
    query = (
        select(key, Record.__table__.c.kind, Record.__table__.c.id, Record.__table__.c.name)
        .join(Record.__table__, Record.__table__.c.id == record_id)
        .where(key.in_(ids), Record.__table__.c.deleted_at.is_(None), *where)
        .order_by(Record.__table__.c.id)
    )
    chips: dict[int, list[RecordChip]] = defaultdict(list)
    for entry_id, kind, i, name in session.execute(query):
        chips[entry_id].append(RecordChip(RecordKind(kind), i, name))
    order = list(RecordKind)
    return {i: tuple(sorted(c, key=lambda x: (order.index(x.kind), x.name))) for i, c in chips.items()}


def _with_chips(entry: Entry, chips: tuple[RecordChip, ...]) -> Entry:
    values = {name: getattr(entry, name) for name in Entry.__slots__}
    return Entry(**values | {"records": chips})
