"""People on the way through a sequence whose next version is about to be published, and their mails in the outbox."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.outbox.shapes import State
from backend.outbox.tables import OutboxRow
from backend.records.tables import Record
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.tables import Enrolment

_CHUNK = 500


def on_the_way(
    session: Session, sequence_id: int, *, user_id: int | None, limit: int, after_id: int = 0
) -> list[Enrolment]:
    """Those who have not ended, in the order in which they were enrolled; of one rep, or everybody's."""
    where = [Enrolment.sequence_id == sequence_id, Enrolment.ended_at.is_(None), Enrolment.id > after_id]
    where += [] if user_id is None else [Enrolment.user_id == user_id]
    return list(session.scalars(select(Enrolment).where(*where).order_by(Enrolment.id).limit(limit)))


def hold_all(session: Session, sequence_id: int, but_version_id: int) -> list[Enrolment]:
    """Everybody on the way by another version, held until the end against the tick, which writes the same rows."""
    where = (Enrolment.sequence_id == sequence_id, Enrolment.ended_at.is_(None), Enrolment.version_id != but_version_id)
    return list(session.scalars(select(Enrolment).where(*where).order_by(Enrolment.id).with_for_update()))


def hold_orders(session: Session, enrolment_ids: Sequence[int]) -> dict[int, OutboxRow]:
    """The mails at which they stand, held until the end, by enrolment: those that wait, and those that were taken back.

    What is taken back is ordered again, by its name, as soon as somebody goes on.
    """
    found: dict[int, OutboxRow] = {}
    states = (*State.open(), State.SKIPPED)
    for start in range(0, len(enrolment_ids), _CHUNK):
        chunk = enrolment_ids[start : start + _CHUNK]
        is_there = (OutboxRow.step == Enrolment.step) & (OutboxRow.run == Enrolment.run)
        where = (OutboxRow.source == SOURCE, OutboxRow.source_id.in_(chunk), OutboxRow.state.in_(states))
        query = select(OutboxRow).join(Enrolment, (Enrolment.id == OutboxRow.source_id) & is_there).where(*where)
        rows = session.scalars(query.order_by(OutboxRow.id).with_for_update(of=OutboxRow))
        found |= {row.source_id: row for row in rows}
    return found


def names(session: Session, contact_ids: Collection[int]) -> dict[int, str]:
    """The names of contacts that are still there."""
    query = select(Record.id, Record.name).where(Record.id.in_(contact_ids))
    return {row[0]: row[1] for row in session.execute(query)}
