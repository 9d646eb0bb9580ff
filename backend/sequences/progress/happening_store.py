"""What happened to somebody since they were enrolled, as conditions ask for it: fields by name, beside a template's."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from backend.activities.tables import Activity
from backend.mail.shapes import Kind
from backend.records.tables import Deal, Stage
from backend.sequences.progress import people_store
from backend.sequences.shapes import EventKind
from backend.sequences.tables import Enrolment, EnrolmentEvent

STAGES_REACHED = "deal.stages_reached"
"""The names of the deal's stage and of those before it, a line each."""


def happened(session: Session, enrolment: Enrolment) -> dict[str, str]:
    """The values of `definitions.HAPPENINGS`, and the stages that the deal has reached."""
    addresses = people_store.addresses_of(session, [enrolment])
    kinds = {mail.kind for mail in people_store.arrivals_of(session, [enrolment], addresses)[enrolment.id]}
    return {
        "happened.replied": _yes(Kind.PERSON in kinds),
        "happened.bounced": _yes(Kind.BOUNCE in kinds),
        "happened.task_done": _yes(_is_last_task_done(session, enrolment)),
        STAGES_REACHED: "\n".join(_stages_reached(session, enrolment)),
    }


def _yes(is_so: bool) -> str:  # noqa: FBT001 - the only thing that it is about
    return "yes" if is_so else "no"


def _is_last_task_done(session: Session, enrolment: Enrolment) -> bool:
    """The ledger names the tasks that the sequence set, as in “task 17”."""
    e = EnrolmentEvent
    where = (e.enrolment_id == enrolment.id, e.kind == EventKind.DONE.value)
    evidence = session.scalar(select(e.evidence).where(*where).order_by(e.id.desc()).limit(1)) or ""
    task_id = evidence.rpartition(" ")[2]
    if not task_id.isdecimal():
        return False
    query = select(Activity.done_at).where(Activity.id == int(task_id), Activity.workspace_id == enrolment.workspace_id)
    return session.scalar(query) is not None


def _stages_reached(session: Session, enrolment: Enrolment) -> list[str]:
    if enrolment.deal_id is None:
        return []
    present = aliased(Stage)
    query = (
        select(Stage.name)
        .join(present, present.pipeline_id == Stage.pipeline_id)
        .join(Deal, Deal.stage_id == present.id)
        .where(Deal.id == enrolment.deal_id, Deal.workspace_id == enrolment.workspace_id)
        .where(Stage.position <= present.position)
    )
    return list(session.scalars(query))
