"""Results and the ledger of a person over HTTP, under /api/v1."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from apiflask import APIBlueprint

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import NotFoundError
from backend.records.store.reading import get_contact
from backend.sequences.results import person_store, service
from backend.sequences.results.schemas import PersonLedgerOut, ResultsOut, ResultsQuery
from backend.sequences.results.shapes import Wanted
from backend.web.house import house

DAYS = 90

blueprint = APIBlueprint("results_api", __name__, url_prefix="/api/v1", tag="Sequences")


@blueprint.get("/reports/sending")
@needs()
@blueprint.input(ResultsQuery, location="query")
@blueprint.output(ResultsOut)
def read_results(query_data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say what came of our mails: a rep's own, for managers everybody's."""
    until = query_data.get("until") or house().clock.now()
    since = query_data.get("since") or _earlier(until)
    wanted = Wanted(since, until, query_data["by"], query_data.get("sequence_id"), query_data.get("user_id"))
    with house().db.read() as session:
        lines, total = service.results(session, current_actor(), wanted)
    return {"items": lines, "total": total}


def _earlier(until: datetime) -> datetime:
    """So many days before; at the beginning of the calendar there is nothing before."""
    return until - timedelta(days=DAYS) if until.year > 1 else until


@blueprint.get("/contacts/<int:record_id>/sending")
@needs()
@blueprint.output(PersonLedgerOut)
def read_person(record_id: int) -> Mapping[str, Any]:
    """Say why, and why not, mail of sequences and campaigns went to a person."""
    actor = current_actor()
    with house().db.read() as session:
        if get_contact(session, actor.workspace_id, record_id) is None:
            raise NotFoundError("That contact is not here; it may have been deleted or merged.")
        found = person_store.ledger_of(session, actor, record_id)
    journeys = [
        {
            "enrolment_id": person.id, "sequence": person.sequence_name, "state": person.state.value,
            "reason": person.reason, "started_at": person.started_at, "ended_at": person.ended_at, "lines": lines,
        }
        for person, lines in found.journeys
    ]  # fmt: skip
    return {"barred": found.barred, "omitted": found.omitted, "journeys": journeys, "hidden": found.hidden}
