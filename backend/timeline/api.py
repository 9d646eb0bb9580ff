"""What happened, over HTTP: of the team, of a record, of a conversation, and one mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import Made, once
from backend.kit.errors import NotFoundError
from backend.records.service import require
from backend.records.tables import Company, Contact, Deal, Record
from backend.timeline.marks import page_of, place_at
from backend.timeline.schemas import AskedOut, EntryPage, MailOut, TimelineQuery
from backend.timeline.service import ask_to_read, look_at_mail
from backend.timeline.shapes import Entry, EntryKind, Wanted
from backend.timeline.store import entries
from backend.timeline.store.opening import OpenedMail, conversation, has_conversation
from backend.web.fields import PageQuery
from backend.web.house import house
from backend.web.pagination import Page, cut_page, decode_cursor

blueprint = APIBlueprint("timeline_api", __name__, url_prefix="/api/v1", tag="Timeline")

Query = Mapping[str, Any]


@blueprint.get("/timeline")
@needs()
@blueprint.input(TimelineQuery, location="query")
@blueprint.output(EntryPage)
def team_timeline(query_data: Query) -> Page[Entry]:
    """What happened in the team, newest first."""
    return _fetch(query_data)


@blueprint.get("/contacts/<int:record_id>/timeline")
@needs()
@blueprint.input(TimelineQuery, location="query")
@blueprint.output(EntryPage)
def contact_timeline(record_id: int, query_data: Query) -> Page[Entry]:
    """What happened with a person, newest first."""
    return _fetch(query_data, Contact, record_id)


@blueprint.get("/companies/<int:record_id>/timeline")
@needs()
@blueprint.input(TimelineQuery, location="query")
@blueprint.output(EntryPage)
def company_timeline(record_id: int, query_data: Query) -> Page[Entry]:
    """What happened with an organisation, newest first."""
    return _fetch(query_data, Company, record_id)


@blueprint.get("/deals/<int:record_id>/timeline")
@needs()
@blueprint.input(TimelineQuery, location="query")
@blueprint.output(EntryPage)
def deal_timeline(record_id: int, query_data: Query) -> Page[Entry]:
    """What happened in a sale, newest first."""
    return _fetch(query_data, Deal, record_id)


@blueprint.get("/messages/<int:message_id>")
@needs()
@blueprint.output(MailOut)
def read_message(message_id: int) -> OpenedMail:
    """Read a mail, as far as its owner shares it; a look at a colleague's is written to the audit log."""
    with house().db.write() as session:
        mail = look_at_mail(session, house().clock, current_actor(), message_id)
    if mail is None:
        raise NotFoundError("That mail is not here, or its owner does not share it.")
    return mail


@blueprint.get("/threads/<int:conversation_id>")
@needs()
@blueprint.input(PageQuery, location="query")
@blueprint.output(EntryPage)
def read_thread(conversation_id: int, query_data: Query) -> Page[Entry]:
    """The mails of a conversation, whoever's mailbox holds them, oldest first."""
    viewer, limit = current_actor(), query_data["limit"]
    after: Any = decode_cursor(query_data["cursor"], datetime, int) if "cursor" in query_data else None
    with house().db.read() as session:
        if not has_conversation(session, viewer, conversation_id):
            raise NotFoundError("That conversation is not here, or nobody shares it with you.")
        found = conversation(session, viewer, conversation_id, after=after, limit=limit + 1)
    return cut_page(found, limit, lambda entry: (entry.at, entry.id))


@blueprint.post("/threads/<int:conversation_id>/ask")
@needs()
@blueprint.output(AskedOut)
@once(AskedOut, 200)
def ask_for_thread(session: Session, conversation_id: int) -> Made:
    """Ask a conversation's owners to let one read it; asking again is asking once."""
    requests = ask_to_read(session, house().clock, current_actor(), conversation_id)
    return {"conversation_id": conversation_id, "asked": len(requests)}, {}


def _fetch(query: Query, kind: type[Record] | None = None, record_id: int | None = None) -> Page[Entry]:
    """Fetch the page that was asked for. Raises `NotFoundError` for a record that is not the team's."""
    wanted = Wanted(
        record_id=record_id,
        kinds=frozenset(map(EntryKind, query.get("kind") or EntryKind)),
        user_id=query.get("user_id"),
        since=query.get("since"),
        until=query.get("until"),
        words=query.get("q", ""),
        after=place_at(query.get("cursor", "")),
        limit=query["limit"] + 1,
    )
    with house().db.read() as session:
        if kind is not None and record_id is not None:
            require(session, current_actor().workspace_id, record_id, kind)
        return page_of(entries(session, current_actor(), wanted), query["limit"])
