"""A record's page: who and what it is, what happened, and what belongs to it."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from flask import abort, redirect, render_template, request
from flask_babel import gettext
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.activities.store import open_tasks_of_record
from backend.kit.errors import NotFoundError
from backend.records.paths import record_path
from backend.records.shapes import RecordView
from backend.records.store.lookup import merged_into
from backend.records.store.reading import (
    Wanted,
    deals_of_contact,
    get_company,
    get_contact,
    get_deal,
    list_contacts,
    list_deals,
    list_pipelines,
)
from backend.sequences.people.list_store import Wanted as PeopleWanted
from backend.sequences.people.list_store import list_people
from backend.timeline.pages.entries import asked_for, fetch, with_questions
from backend.timeline.pages.room import KIND_WORDS, blueprint
from backend.timeline.store import last_touch
from backend.web.house import house

RELATED = 12

Seen = TypeVar("Seen")


@blueprint.get("/contacts/<int:record_id>")
@needs()
def contact(record_id: int) -> str:
    """Show a person: fields, timeline, deals, sequences."""
    with house().db.read() as session:
        seen = _found(session, record_id, get_contact(session, current_actor().workspace_id, record_id))
        deals = deals_of_contact(session, current_actor().workspace_id, record_id)
        on_the_way = list_people(session, current_actor(), PeopleWanted(contact_id=record_id, limit=RELATED))
        return _show(session, "contact", seen.record, seen=seen, deals=deals[:RELATED], on_the_way=on_the_way)


@blueprint.get("/companies/<int:record_id>")
@needs()
def company(record_id: int) -> str:
    """Show an organisation: fields, timeline, people, deals."""
    workspace_id, of_company = current_actor().workspace_id, Wanted(company_id=record_id, limit=RELATED)
    with house().db.read() as session:
        seen = _found(session, record_id, get_company(session, workspace_id, record_id))
        people = list_contacts(session, workspace_id, of_company)
        deals = list_deals(session, workspace_id, of_company)
        return _show(session, "company", seen.record, seen=seen, people=people, deals=deals)


@blueprint.get("/deals/<int:record_id>")
@needs()
def deal(record_id: int) -> str:
    """Show a sale: its stages as a path, fields, timeline, people."""
    with house().db.read() as session:
        seen = _found(session, record_id, get_deal(session, current_actor().workspace_id, record_id))
        pipelines = list_pipelines(session, current_actor().workspace_id)
        stages = next(stages for pipeline_id, _name, stages in pipelines if pipeline_id == seen.pipeline_id)
        return _show(session, "deal", seen.record, seen=seen, stages=stages)


def _show(session: Session, kind: str, record: RecordView, **parts: Any) -> str:
    """Render the page, or for htmx only the entries that follow."""
    wanted = asked_for(record.id)
    shown = {"page": fetch(session, wanted), "after_day": request.args.get("day", ""), "older": with_questions}
    if "HX-Request" in request.headers:
        return render_template("timeline/entries.html", **shown)
    return render_template(
        f"timeline/{kind}.html",
        **shown,
        **parts,
        record=record,
        wanted=wanted,
        kind_words=KIND_WORDS,
        touch=last_touch(session, current_actor(), record.id),
        tasks=open_tasks_of_record(session, current_actor().workspace_id, record.id),
        now=house().clock.now(),
    )


def _found(session: Session, record_id: int, seen: Seen | None) -> Seen:
    """Return the record; where it was merged, lead on to the one that took it up. Raises `NotFoundError`."""
    if seen is None:
        _lead_on(session, record_id)
    return seen


def _lead_on(session: Session, record_id: int) -> NoReturn:
    target = merged_into(session, current_actor().workspace_id, record_id)
    if target is None:
        raise NotFoundError(gettext("There is no such record here; it may have been deleted or merged."))
    abort(redirect(record_path(*target)))  # 302: a merge can be undone, and browsers keep a 301 for good
