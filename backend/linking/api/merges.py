"""Merging duplicates: shown first, then done as one thing, which can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import Made, once
from backend.linking.api.room import blueprint
from backend.linking.merging import merge_records, preview_merge, undo_merge, view_of
from backend.linking.schemas import MergeIn, MergeOut, MergeQuery
from backend.records.service import require
from backend.records.tables import Company, Contact, Record
from backend.web.house import house


@blueprint.post("/contacts/<int:record_id>/merge")
@needs()
@blueprint.input(MergeIn)
@blueprint.input(MergeQuery, location="query")
@blueprint.output(MergeOut)
@once(MergeOut, 200)
def merge_contacts(
    session: Session, record_id: int, json_data: Mapping[str, Any], query_data: Mapping[str, Any]
) -> Made:
    """Let a person take up their duplicate; `preview=true` only says what would move."""
    return _merge(session, Contact, record_id, json_data["lost_id"], is_preview=query_data["preview"])


@blueprint.post("/companies/<int:record_id>/merge")
@needs()
@blueprint.input(MergeIn)
@blueprint.input(MergeQuery, location="query")
@blueprint.output(MergeOut)
@once(MergeOut, 200)
def merge_companies(
    session: Session, record_id: int, json_data: Mapping[str, Any], query_data: Mapping[str, Any]
) -> Made:
    """Let an organisation take up its duplicate; `preview=true` only says what would move."""
    return _merge(session, Company, record_id, json_data["lost_id"], is_preview=query_data["preview"])


@blueprint.post("/merges/<int:merge_id>/undo")
@needs()
@blueprint.output(MergeOut)
@once(MergeOut, 200)
def undo_merging(session: Session, merge_id: int) -> Made:
    """Undo a merge: both records are as they were, but for what was changed since."""
    return view_of(session, undo_merge(session, house().clock, current_actor(), merge_id)), {}


def _merge(session: Session, kind: type[Record], kept_id: int, lost_id: int, *, is_preview: bool) -> Made:
    actor = current_actor()
    require(session, actor.workspace_id, kept_id, kind)
    if is_preview:
        return preview_merge(session, house().clock, actor, kept_id, lost_id), {}
    return view_of(session, merge_records(session, house().clock, actor, kept_id, lost_id)), {}
