"""Sequences and their versions over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import Made, once
from backend.kit.errors import NotFoundError, UserError
from backend.sequences.api.room import Fields, Shown, blueprint
from backend.sequences.authoring import drafts, sequence_store
from backend.sequences.authoring.definitions import dump, load
from backend.sequences.authoring.publishing import hold_sequence, make_sequence, require_sequence
from backend.sequences.changing.effects import Effect, effects
from backend.sequences.changing.migrating import Choice, Choices, publish_for
from backend.sequences.people import list_store
from backend.sequences.people.list_store import SequenceView, VersionView
from backend.sequences.schemas import (
    EffectPage,
    PublishIn,
    SequenceChange,
    SequenceFull,
    SequenceIn,
    SequencePage,
    SequenceQuery,
    VersionList,
    VersionOut,
)
from backend.web.etags import etag_of, require_version, takes_version
from backend.web.fields import PageQuery
from backend.web.house import house
from backend.web.pagination import Page, cut_page, decode_cursor


@blueprint.get("/sequences")
@needs()
@blueprint.input(SequenceQuery, location="query")
@blueprint.output(SequencePage)
def list_sequences(query_data: Fields) -> Page[SequenceView]:
    """List sequences with how their people fare."""
    after_id = decode_cursor(query_data["cursor"], int)[0] if "cursor" in query_data else 0
    limit = query_data["limit"]
    with house().db.read() as session:
        found = list_store.list_sequences(
            session, current_actor(), words=query_data.get("q", ""), after_id=after_id or 0, limit=limit + 1
        )
    return cut_page(found, limit, lambda each: (each.id,))


@blueprint.get("/sequences/<int:sequence_id>")
@needs()
@blueprint.output(SequenceFull)
def read_sequence(sequence_id: int) -> Shown:
    """Read a sequence with what it says."""
    with house().db.read() as session:
        shown = _shown(session, sequence_id)
    return shown, 200, etag_of(shown["revision"])


@blueprint.post("/sequences")
@needs()
@blueprint.input(SequenceIn)
@blueprint.output(SequenceFull, status_code=201)
@once(SequenceFull)
def add_sequence(session: Session, json_data: Fields) -> Made:
    """Make a sequence; its definition is kept as a draft until it is published."""
    actor = current_actor()
    sequence = make_sequence(session, house().clock, actor, json_data["name"])
    drafts.describe(session, house().clock, actor, sequence.id, json_data.get("description", ""))
    if "definition" in json_data:
        sound = _sound(json_data["definition"])
        drafts.save_draft(session, actor, sequence.id, sound, sequence.revision)
    shown = _shown(session, sequence.id)
    return shown, {"Location": f"/api/v1/sequences/{sequence.id}", **etag_of(shown["revision"])}


@blueprint.patch("/sequences/<int:sequence_id>")
@needs()
@blueprint.input(SequenceChange)
@blueprint.output(SequenceFull)
@takes_version
def change_sequence(sequence_id: int, json_data: Fields) -> Shown:
    """Change a sequence's name, words or draft, or retire it; nobody's way changes before the draft is published."""
    actor, clock = current_actor(), house().clock
    with house().db.write() as session:
        sequence = hold_sequence(session, actor, sequence_id)
        require_version(sequence.revision)
        if "name" in json_data:
            drafts.rename(session, clock, actor, sequence_id, json_data["name"])
        if "description" in json_data:
            drafts.describe(session, clock, actor, sequence_id, json_data["description"])
        if "definition" in json_data:
            sound = _sound(json_data["definition"])
            drafts.save_draft(session, actor, sequence_id, sound, sequence.revision)
        if "is_retired" in json_data:
            change = drafts.retire if json_data["is_retired"] else drafts.reinstate
            change(session, clock, actor, sequence_id)
        shown = _shown(session, sequence_id)
    return shown, 200, etag_of(shown["revision"])


@blueprint.get("/sequences/<int:sequence_id>/effects")
@needs()
@blueprint.input(PageQuery, location="query")
@blueprint.output(EffectPage)
def list_effects(sequence_id: int, query_data: Fields) -> Page[Effect]:
    """List what publishing the draft would change for each person on the way who changes over to it."""
    actor, limit = current_actor(), query_data["limit"]
    after_id = decode_cursor(query_data["cursor"], int)[0] if "cursor" in query_data else 0
    with house().db.read() as session:
        sequence = require_sequence(session, actor.workspace_id, sequence_id)
        if not sequence.draft:
            raise UserError("Nothing differs from the published version.")
        now = house().clock.now()
        found = effects(session, actor, sequence, sequence.draft, now, limit=limit + 1, after_id=after_id or 0)
    return cut_page(found, limit, lambda each: (each.enrolment_id,))


@blueprint.post("/sequences/<int:sequence_id>/publish")
@needs()
@blueprint.input(PublishIn)
@blueprint.output(VersionOut, status_code=201)
@once(VersionOut)
def publish_sequence(session: Session, sequence_id: int, json_data: Fields) -> Made:
    """Publish the draft as the next version; who is on the way keeps theirs, changes over, or stops, as chosen."""
    actor = current_actor()
    sequence = hold_sequence(session, actor, sequence_id)
    if not sequence.draft:
        raise UserError("Nothing differs from the published version.")
    single = {each["enrolment_id"]: Choice(each["choice"]) for each in json_data.get("single", ())}
    choices = Choices(Choice(json_data.get("choice", Choice.KEEP)), single)
    publish_for(session, house().clock, actor, sequence_id, sequence.draft, choices)
    session.flush()
    return list_store.versions(session, actor, sequence_id)[0], etag_of(sequence.revision)


@blueprint.get("/sequences/<int:sequence_id>/versions")
@needs()
@blueprint.output(VersionList)
def list_versions(sequence_id: int) -> Mapping[str, list[VersionView]]:
    """List every version, newest first."""
    with house().db.read() as session:
        require_sequence(session, current_actor().workspace_id, sequence_id)
        return {"items": list_store.versions(session, current_actor(), sequence_id)}


def _sound(given: Fields) -> dict[str, Any]:
    """A definition as it is kept; its steps' numbers are given when it is published. Raises `UserError`."""
    return dump(load({name: given[name] for name in ("steps", "habits") if name in given}))


def _shown(session: Session, sequence_id: int) -> dict[str, Any]:
    """A sequence with both definitions. Raises `NotFoundError`."""
    session.flush()
    actor = current_actor()
    view = list_store.find_sequence_view(session, actor, sequence_id)
    if view is None:
        raise NotFoundError("That sequence is not here; it may have been deleted.")
    sequence = require_sequence(session, actor.workspace_id, sequence_id)
    version = sequence_store.current_version(session, sequence)
    fields = {name: getattr(view, name) for name in SequenceView.__slots__}
    return {
        **fields,
        "state": view.state,
        "definition": version.definition if version else None,
        "draft": sequence.draft or None,
    }
