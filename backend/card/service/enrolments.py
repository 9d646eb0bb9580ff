"""Where a person stands in sequences, as facts."""

from __future__ import annotations

from backend.card import sequence_facts
from backend.card.service.visit import Visit
from backend.card.store.enrolments import EnrolmentRow, enrolments_of
from backend.sequences.wording import words


def enrolment_facts(visit: Visit, contact_id: int) -> tuple[sequence_facts.Enrolment, ...]:
    """The sequences that a person is or lately was in; of those that ended only the latest, where none runs."""
    rows = enrolments_of(visit.session, visit.workspace_id, contact_id, visit.now)
    found = [enrolment_fact(visit, row) for row in rows]
    return tuple(each for each in found if each.is_running) or tuple(found[:1])


def enrolment_fact(visit: Visit, row: EnrolmentRow) -> sequence_facts.Enrolment:
    """One enrolment; who may not steer it gets no way into its ledger either."""
    is_own = row.user_id == visit.actor.user_id
    return sequence_facts.Enrolment(
        id=str(row.id),
        sequence=row.sequence,
        step=min(row.step + 1, row.steps),
        steps=row.steps,
        state=row.state,
        reason=words.reason_words(row.reason or row.held, visit.words.gettext),
        url=visit.url(f"/sequences/people/{row.id}") if is_own or visit.actor.sees_all else "",
        rep="" if is_own else row.rep,
        next_on=row.due_at.astimezone(visit.words.zone).date() if row.due_at else None,
        is_skipping=row.is_skipping,
        may_steer=is_own or visit.actor.sees_all,
    )
