"""What all kinds of records have in common over HTTP: one search, and the pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.accounts.guards import current_actor, needs
from backend.records.api.doors import blueprint
from backend.records.schemas import PipelineList, RecordPage, SearchQuery
from backend.records.shapes import RecordView
from backend.records.store import reading
from backend.web.house import house
from backend.web.pagination import Page, cut_page, decode_cursor


@blueprint.get("/records")
@needs()
@blueprint.input(SearchQuery, location="query")
@blueprint.output(RecordPage)
def search_records(query_data: Mapping[str, Any]) -> Page[RecordView]:
    """Search contacts, companies and deals at once, latest change first."""
    limit, workspace_id = query_data["limit"], current_actor().workspace_id
    after = decode_cursor(query_data["cursor"], datetime, int) if "cursor" in query_data else None
    with house().db.read() as session:
        found = reading.search_records(session, workspace_id, query_data["q"], limit + 1, after)
    return cut_page(found, limit, lambda seen: (seen.updated_at, seen.id))


@blueprint.get("/pipelines")
@needs()
@blueprint.output(PipelineList)
def list_pipelines() -> Mapping[str, Any]:
    """List pipelines with their stages, in order."""
    with house().db.read() as session:
        found = reading.list_pipelines(session, current_actor().workspace_id)
    return {"items": [{"id": i, "name": name, "stages": stages} for i, name, stages in found]}
