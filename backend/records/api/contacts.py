"""People over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import once
from backend.records.api.doors import (
    Changed,
    Shown,
    blueprint,
    changed,
    editor,
    held,
    list_page,
    made,
    show,
)
from backend.records.editing import address_pairs, as_columns
from backend.records.schemas import (
    ContactChange,
    ContactChanged,
    ContactIn,
    ContactOut,
    ContactPage,
    ContactQuery,
    Deleted,
)
from backend.records.shapes import ContactView, NewContact, Origin, Relinked
from backend.records.store import reading
from backend.records.tables import Contact
from backend.web.etags import takes_version
from backend.web.house import house
from backend.web.pagination import Page


@blueprint.get("/contacts")
@needs()
@blueprint.input(ContactQuery, location="query")
@blueprint.output(ContactPage)
def list_contacts(query_data: Mapping[str, Any]) -> Page[ContactView]:
    """List people, searched, filtered and sorted."""
    return list_page(reading.list_contacts, query_data)


@blueprint.get("/contacts/<int:record_id>")
@needs()
@blueprint.output(ContactOut)
def read_contact(record_id: int) -> Shown:
    """Read a person."""
    with house().db.read() as session:
        return show(reading.get_contact(session, current_actor().workspace_id, record_id))


@blueprint.post("/contacts")
@needs()
@blueprint.input(ContactIn)
@blueprint.output(ContactChanged, status_code=201)
@once(ContactChanged)
def add_contact(session: Session, json_data: Mapping[str, Any]) -> tuple[Changed, Mapping[str, str]]:
    """Add a person; their earlier mail is linked at once."""
    fields = {name: value for name, value in json_data.items() if name != "emails"}
    owner = {"owner_id": current_actor().user_id}
    new = NewContact(**(owner | fields), addresses=address_pairs(json_data.get("emails", ())), origin=Origin.API)
    contact, relinked = editor(session).add_contact(new, find_company="company_id" not in json_data)
    return made("contacts", reading.get_contact(session, contact.workspace_id, contact.id), relinked)


@blueprint.patch("/contacts/<int:record_id>")
@needs()
@blueprint.input(ContactChange)
@blueprint.output(ContactChanged)
@takes_version
def change_contact(record_id: int, json_data: Mapping[str, Any]) -> Shown:
    """Change a person; where addresses or company change, stored mail follows."""
    with house().db.write() as session:
        contact = held(session, record_id, Contact)
        relinked = editor(session).change(contact, as_columns(json_data))
        return changed(reading.get_contact(session, contact.workspace_id, contact.id), relinked)


@blueprint.delete("/contacts/<int:record_id>")
@needs()
@blueprint.output(Deleted)
@takes_version
def delete_contact(record_id: int) -> Mapping[str, Relinked]:
    """Delete a person; their mail is decided afresh without them."""
    with house().db.write() as session:
        return {"relinked": editor(session).delete(held(session, record_id, Contact))}
