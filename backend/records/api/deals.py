"""Sales over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import once
from backend.kit.errors import NotFoundError
from backend.records.api.doors import Changed, Shown, blueprint, changed, editor, held, list_page, made, show
from backend.records.schemas import DealChange, DealChanged, DealIn, DealOut, DealPage, DealQuery, Deleted
from backend.records.shapes import DealView, NewDeal, Origin, Relinked
from backend.records.store import reading
from backend.records.store.writing import find_stage, first_pipeline
from backend.records.tables import Deal
from backend.web.etags import takes_version
from backend.web.house import house
from backend.web.pagination import Page

_IS_OPEN = {"open": True, "closed": False, "all": None}


@blueprint.get("/deals")
@needs()
@blueprint.input(DealQuery, location="query")
@blueprint.output(DealPage)
def list_deals(query_data: Mapping[str, Any]) -> Page[DealView]:
    """List sales, searched, filtered and sorted."""
    return list_page(reading.list_deals, query_data, is_open=_IS_OPEN[query_data["state"]])


@blueprint.get("/deals/<int:record_id>")
@needs()
@blueprint.output(DealOut)
def read_deal(record_id: int) -> Shown:
    """Read a sale."""
    with house().db.read() as session:
        return show(reading.get_deal(session, current_actor().workspace_id, record_id))


@blueprint.post("/deals")
@needs()
@blueprint.input(DealIn)
@blueprint.output(DealChanged, status_code=201)
@once(DealChanged)
def add_deal(session: Session, json_data: Mapping[str, Any]) -> tuple[Changed, Mapping[str, str]]:
    """Add a sale; mail of those who take part is decided afresh, since it may be about this."""
    given = {"owner_id": current_actor().user_id} | _as_columns(json_data)
    given.setdefault("pipeline_id", _pipeline_of(session, json_data.get("stage_id")))
    deal, relinked = editor(session).add_deal(NewDeal(**given, origin=Origin.API))
    return made("deals", reading.get_deal(session, deal.workspace_id, deal.id), relinked)


@blueprint.patch("/deals/<int:record_id>")
@needs()
@blueprint.input(DealChange)
@blueprint.output(DealChanged)
@takes_version
def change_deal(record_id: int, json_data: Mapping[str, Any]) -> Shown:
    """Change a sale or move it to another stage; where people or company change, stored mail follows."""
    with house().db.write() as session:
        deal = held(session, record_id, Deal)
        relinked = editor(session).change(deal, json_data)
        return changed(reading.get_deal(session, deal.workspace_id, deal.id), relinked)


@blueprint.delete("/deals/<int:record_id>")
@needs()
@blueprint.output(Deleted)
@takes_version
def delete_deal(record_id: int) -> Mapping[str, Relinked]:
    """Delete a sale; its mail is decided afresh without it."""
    with house().db.write() as session:
        return {"relinked": editor(session).delete(held(session, record_id, Deal))}


def _as_columns(json_data: Mapping[str, Any]) -> dict[str, Any]:
    lists = {name: tuple(json_data[name]) for name in ("contact_ids", "products") if name in json_data}
    return {**json_data, **lists}


def _pipeline_of(session: Session, stage_id: int | None) -> int:
    """Return the stage's pipeline, else the team's first. Raises `NotFoundError`."""
    workspace_id = current_actor().workspace_id
    if stage_id is not None and (stage := find_stage(session, workspace_id, stage_id)):
        return stage.pipeline_id
    pipeline = first_pipeline(session, workspace_id)
    if pipeline is None:
        raise NotFoundError("Your team has no pipeline yet; an admin can make one.")
    return pipeline.id
