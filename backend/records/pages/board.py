"""The pipeline as a board: a column for each stage; a deal moves by dragging, by a select, or on its own page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import NotFoundError, UserError
from backend.records import service
from backend.records.pages.room import blueprint
from backend.records.pages.team import acting_team
from backend.records.shapes import DealView, Outcome, StageView
from backend.records.store.board import StageTotal, stage_totals
from backend.records.store.order import Sort
from backend.records.store.reading import Wanted, get_deal, list_deals, list_pipelines
from backend.records.store.writing import is_lost
from backend.web.back import way_back
from backend.web.house import house
from backend.web.toasts import toast

CARDS_IN_COLUMN = 40


@dataclass(frozen=True, slots=True)
class Column:
    """One stage with the deals shown in it; `total` counts those beyond the last card too."""

    stage: StageView
    total: StageTotal
    deals: list[DealView]


@blueprint.get("/pipeline")
@needs()
def pipeline() -> str:
    """Show the board of a pipeline, of everybody's deals or mine."""
    with house().db.read() as session:
        return render_template("records/pipeline.html", **_board(session))


@blueprint.post("/deals/<int:record_id>/stage")
@needs()
def move_deal(record_id: int) -> str | Response:
    """Move a deal and answer with the board (htmx) or the page that it was moved from; a tap on Undo moves it back.

    A lost deal is asked for its reason.
    """
    stage_id = _asked_stage()
    with house().db.write() as session:
        before = get_deal(session, current_actor().workspace_id, record_id)
        reason = request.form.get("lost_reason", "")
        deal = service.move_deal(session, acting_team(), record_id, stage_id, lost_reason=reason)
        name, moved = deal.name, before is not None and before.stage.id != stage_id
        asks = moved and not reason and is_lost(session, deal)
    if before is not None and moved:
        toast(gettext("%(deal)s moved.", deal=name), undo=f"/deals/{record_id}/stage?stage_id={before.stage.id}")
    if "HX-Request" not in request.headers:
        back = way_back("/pipeline")
        return redirect(url_for("records.ask_why_lost", record_id=record_id, next=back) if asks else back)
    with house().db.read() as session:
        lost = get_deal(session, current_actor().workspace_id, record_id) if asks else None
        return render_template(
            "records/moved.html", lost=lost and lost.record, back=way_back("/pipeline"), **_board(session)
        )


def _asked_stage() -> int:
    stage_id = request.values.get("stage_id", type=int)
    if stage_id is None:
        raise UserError(gettext("No stage was chosen; choose one and try again."))
    return stage_id


def _board(session: Session) -> dict[str, Any]:
    actor = current_actor()
    owner_id = actor.user_id if request.args.get("owner") == "me" else None
    pipelines = list_pipelines(session, actor.workspace_id)
    if not pipelines:
        raise NotFoundError(gettext("Your team has no pipeline yet; an admin can make one."))
    wanted_id = request.args.get("pipeline", type=int)
    pipeline_id, name, stages = next((p for p in pipelines if p[0] == wanted_id), pipelines[0])
    totals = stage_totals(session, actor.workspace_id, owner_id)
    columns = [
        Column(stage, totals.get(stage.id, StageTotal()), _deals_in(session, actor.workspace_id, stage, owner_id))
        for stage in stages
    ]
    return {"columns": columns, "name": name, "pipelines": pipelines, "pipeline_id": pipeline_id, "owner_id": owner_id}


def _deals_in(session: Session, workspace_id: int, stage: StageView, owner_id: int | None) -> list[DealView]:
    sort: Sort = "close" if stage.outcome is Outcome.OPEN else "recent"
    wanted = Wanted(stage_id=stage.id, owner_id=owner_id, sort=sort, limit=CARDS_IN_COLUMN)
    return list_deals(session, workspace_id, wanted)
