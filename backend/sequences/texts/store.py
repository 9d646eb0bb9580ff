"""Templates in the database: the team's, and each one's own, which nobody else sees."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.sequences.shapes import TemplateView
from backend.sequences.tables import Template
from backend.sequences.texts.snippets import expand, names_in


def templates(session: Session, actor: Actor, limit: int = 200) -> list[TemplateView]:
    """Mails to begin with, by name, with their snippets put in."""
    query = visible_templates(actor).where(Template.kind == "mail").order_by(Template.name, Template.id).limit(limit)
    found = [view(row) for row in session.scalars(query)]
    if not any(names_in(f"{each.subject}\n{each.body}") for each in found):
        return found
    known = snippets(session, actor.workspace_id, actor.user_id)
    return [replace(each, subject=expand(each.subject, known), body=expand(each.body, known)) for each in found]


def template_page(session: Session, actor: Actor, after_id: int, limit: int) -> list[TemplateView]:
    """Templates and snippets as they were written, by id, from the one after `after_id`."""
    query = visible_templates(actor).where(Template.id > after_id).order_by(Template.id).limit(limit)
    return [view(row) for row in session.scalars(query)]


def snippet_views(session: Session, actor: Actor, limit: int = 200) -> list[TemplateView]:
    """Pieces that mails take in, by name."""
    query = visible_templates(actor).where(Template.kind == "snippet").order_by(Template.name, Template.id).limit(limit)
    return [view(row) for row in session.scalars(query)]


def snippets(session: Session, workspace_id: int, owner_id: int | None) -> dict[str, str]:
    """The team's snippets by name, and somebody's own; an own one goes before the team's of that name."""
    query = select(Template.name, Template.body).where(
        Template.workspace_id == workspace_id, Template.kind == "snippet", _whose(owner_id)
    )
    return {row[0]: row[1] for row in session.execute(query.order_by(Template.owner_id.asc().nulls_first()))}


def all_templates(session: Session, workspace_id: int, owner_id: int | None) -> list[TemplateView]:
    """Templates and snippets that may take in one of this owner: the owner's own, or, of the team's, everybody's."""
    query = select(Template).where(Template.workspace_id == workspace_id)
    if owner_id is not None:
        query = query.where(Template.owner_id == owner_id)
    return [view(row) for row in session.scalars(query.order_by(Template.name))]


def find_template(session: Session, actor: Actor, template_id: int) -> Template | None:
    """One of them."""
    return session.scalars(visible_templates(actor).where(Template.id == template_id)).first()


def view(row: Template) -> TemplateView:
    """A row as it crosses the room's door."""
    return TemplateView(row.id, row.name, row.subject, row.body, row.owner_id, row.version, row.is_html, row.kind)


def visible_templates(actor: Actor) -> Select[Template]:
    """The team's, and the actor's own."""
    return select(Template).where(Template.workspace_id == actor.workspace_id, _whose(actor.user_id))


def _whose(owner_id: int | None) -> ColumnElement[bool]:
    return or_(Template.owner_id.is_(None), Template.owner_id == owner_id) if owner_id else Template.owner_id.is_(None)
