"""Templates and snippets over HTTP: the team's, and one's own."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import Made, once
from backend.sequences.api.room import Fields, Shown, blueprint
from backend.sequences.schemas import GoneOut, TemplateChange, TemplateIn, TemplateOut, TemplatePage
from backend.sequences.shapes import TemplateView
from backend.sequences.texts import store
from backend.sequences.texts.service import delete_template, require_template, save_template
from backend.web.etags import etag_of, require_version, takes_version
from backend.web.fields import PageQuery
from backend.web.house import house
from backend.web.pagination import Page, cut_page, decode_cursor


@blueprint.get("/templates")
@needs()
@blueprint.input(PageQuery, location="query")
@blueprint.output(TemplatePage)
def list_templates(query_data: Fields) -> Page[TemplateView]:
    """List the team's templates and snippets, and one's own."""
    after_id = decode_cursor(query_data["cursor"], int)[0] if "cursor" in query_data else 0
    with house().db.read() as session:
        found = store.template_page(session, current_actor(), after_id or 0, query_data["limit"] + 1)
    return cut_page(found, query_data["limit"], lambda each: (each.id,))


@blueprint.get("/templates/<int:template_id>")
@needs()
@blueprint.output(TemplateOut)
def read_template(template_id: int) -> Shown:
    """Read a template."""
    with house().db.read() as session:
        found = store.view(require_template(session, current_actor(), template_id))
    return found, 200, etag_of(found.version)


@blueprint.post("/templates")
@needs()
@blueprint.input(TemplateIn)
@blueprint.output(TemplateOut, status_code=201)
@once(TemplateOut)
def add_template(session: Session, json_data: Fields) -> Made:
    """Write a template or a snippet."""
    template = save_template(session, house().clock, current_actor(), None, **json_data)
    made = store.view(template)
    return made, {"Location": f"/api/v1/templates/{made.id}", **etag_of(made.version)}


@blueprint.patch("/templates/<int:template_id>")
@needs()
@blueprint.input(TemplateChange)
@blueprint.output(TemplateOut)
@takes_version
def change_template(template_id: int, json_data: Fields) -> Shown:
    """Change a template; mails that were begun with it stay as they are."""
    with house().db.write() as session:
        template = require_template(session, current_actor(), template_id)
        require_version(template.version)
        now = {
            "name": template.name, "subject": template.subject, "body": template.body, "is_html": template.is_html,
            "is_shared": template.owner_id is None,
        }  # fmt: skip
        changed = save_template(session, house().clock, current_actor(), template_id, **{**now, **json_data})
        shown = store.view(changed)
    return shown, 200, etag_of(shown.version)


@blueprint.delete("/templates/<int:template_id>")
@needs()
@blueprint.output(GoneOut)
@takes_version
def remove_template(template_id: int) -> Mapping[str, int]:
    """Delete a template; mails that were begun with it stay as they are."""
    with house().db.write() as session:
        require_version(require_template(session, current_actor(), template_id).version)
        delete_template(session, house().clock, current_actor(), template_id)
    return {"id": template_id}
