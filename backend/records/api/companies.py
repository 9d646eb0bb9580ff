"""Organisations over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import once
from backend.records.api.doors import Changed, Shown, blueprint, changed, editor, held, list_page, made, show
from backend.records.editing import as_columns
from backend.records.schemas import (
    CompanyChange,
    CompanyChanged,
    CompanyIn,
    CompanyOut,
    CompanyPage,
    CompanyQuery,
    Deleted,
)
from backend.records.shapes import CompanyView, NewCompany, Origin, Relinked
from backend.records.store import reading
from backend.records.tables import Company
from backend.web.etags import takes_version
from backend.web.house import house
from backend.web.pagination import Page


@blueprint.get("/companies")
@needs()
@blueprint.input(CompanyQuery, location="query")
@blueprint.output(CompanyPage)
def list_companies(query_data: Mapping[str, Any]) -> Page[CompanyView]:
    """List organisations, searched, filtered and sorted."""
    return list_page(reading.list_companies, query_data)


@blueprint.get("/companies/<int:record_id>")
@needs()
@blueprint.output(CompanyOut)
def read_company(record_id: int) -> Shown:
    """Read an organisation."""
    with house().db.read() as session:
        return show(reading.get_company(session, current_actor().workspace_id, record_id))


@blueprint.post("/companies")
@needs()
@blueprint.input(CompanyIn)
@blueprint.output(CompanyChanged, status_code=201)
@once(CompanyChanged)
def add_company(session: Session, json_data: Mapping[str, Any]) -> tuple[Changed, Mapping[str, str]]:
    """Add an organisation; mail from its domains is linked at once."""
    given = {"owner_id": current_actor().user_id} | as_columns(json_data)
    company, relinked = editor(session).add_company(NewCompany(**given, origin=Origin.API))
    return made("companies", reading.get_company(session, company.workspace_id, company.id), relinked)


@blueprint.patch("/companies/<int:record_id>")
@needs()
@blueprint.input(CompanyChange)
@blueprint.output(CompanyChanged)
@takes_version
def change_company(record_id: int, json_data: Mapping[str, Any]) -> Shown:
    """Change an organisation; where its domains change, stored mail follows."""
    with house().db.write() as session:
        company = held(session, record_id, Company)
        relinked = editor(session).change(company, as_columns(json_data))
        return changed(reading.get_company(session, company.workspace_id, company.id), relinked)


@blueprint.delete("/companies/<int:record_id>")
@needs()
@blueprint.output(Deleted)
@takes_version
def delete_company(record_id: int) -> Mapping[str, Relinked]:
    """Delete an organisation; its people and deals stay, without it."""
    with house().db.write() as session:
        return {"relinked": editor(session).delete(held(session, record_id, Company))}
