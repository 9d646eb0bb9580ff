"""Templates that somebody may use: the team's and their own."""

from __future__ import annotations

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.sequences.shapes import TemplateView
from backend.sequences.tables import Template


def templates(session: Session, actor: Actor, limit: int = 200) -> list[TemplateView]:
    """By name."""
    query = _visible(actor).order_by(Template.name, Template.id).limit(limit)
    return [view(row) for row in session.scalars(query)]


def find_template(session: Session, actor: Actor, template_id: int) -> Template | None:
    """One of them."""
    return session.scalars(_visible(actor).where(Template.id == template_id)).first()


def view(row: Template) -> TemplateView:
    """A row as it crosses the room's door."""
    return TemplateView(row.id, row.name, row.subject, row.body, row.owner_id, row.version, row.is_html, row.kind)


def _visible(actor: Actor) -> Select[Template]:
    mine = or_(Template.owner_id.is_(None), Template.owner_id == actor.user_id)
    return select(Template).where(Template.workspace_id == actor.workspace_id, mine)
