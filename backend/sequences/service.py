"""Writing templates: each is checked before it is kept. Nothing here commits."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.audit.service import record as audit
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import NotFoundError, UserError
from backend.kit.text import squeeze
from backend.sequences import rules
from backend.sequences.store import find_template
from backend.sequences.tables import Template


def save_template(
    session: Session, clock: Clock, actor: Actor, template_id: int | None,
    *, name: str, subject: str, body: str, is_shared: bool,
) -> Template:  # fmt: skip
    """Write a new template (`template_id` None) or change one. Raises `UserError`, `NotFoundError`."""
    name, subject = squeeze(name)[:200], squeeze(subject)[:500]
    if not name or not body.strip():
        raise UserError("A template has a name and a text; fill in both.")
    rules.check(subject)
    rules.check(body)
    template = _new(session, clock, actor) if template_id is None else require_template(session, actor, template_id)
    template.name, template.subject, template.body = name, subject, body
    template.owner_id = None if is_shared else actor.user_id
    template.updated_at = clock.now()
    template.version = (template.version or 0) + 1
    session.flush()
    _audit(session, clock, actor, template, "create" if template_id is None else "change")
    return template


def delete_template(session: Session, clock: Clock, actor: Actor, template_id: int) -> None:
    """Take a template away; mails that were begun with it stay as they are. Raises `NotFoundError`."""
    template = require_template(session, actor, template_id)
    _audit(session, clock, actor, template, "delete")
    session.delete(template)


def require_template(session: Session, actor: Actor, template_id: int) -> Template:
    """A template that they may use. Raises `NotFoundError`."""
    template = find_template(session, actor, template_id)
    if template is None:
        raise NotFoundError("That template is not here; it may have been deleted.")
    return template


def _new(session: Session, clock: Clock, actor: Actor) -> Template:
    template = Template(workspace_id=actor.workspace_id, created_at=clock.now(), version=0)
    session.add(template)
    return template


def _audit(session: Session, clock: Clock, actor: Actor, template: Template, what: str) -> None:
    audit(session, clock, actor, f"template.{what}", Subject("template", template.id))
