"""Writing templates and snippets: each is checked before it is kept. Nothing here commits."""

from __future__ import annotations

from collections.abc import Container
from collections.abc import Set as AbstractSet
from dataclasses import replace

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.audit.service import record as audit
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import ConflictError, NotFoundError, UserError
from backend.kit.text import squeeze
from backend.sequences.shapes import TemplateView
from backend.sequences.tables import Template
from backend.sequences.texts import rules, store
from backend.sequences.texts.snippets import expand, names_in

MAIL, SNIPPET = "mail", "snippet"


def save_template(
    session: Session, clock: Clock, actor: Actor, template_id: int | None,
    *, name: str, subject: str, body: str, is_shared: bool, is_html: bool = False, kind: str = MAIL,
) -> Template:  # fmt: skip
    """Write a new template (`template_id` None) or change one; `kind` holds for new ones.

    Raises `UserError`, `NotFoundError`, and `ConflictError` where other templates rest on what would change.
    """
    name, subject, body = squeeze(name)[:200], squeeze(subject)[:500], body.replace("\r\n", "\n")
    if not name or not body.strip():
        raise UserError("A template has a name and a text; fill in both.")
    template = _new(clock, actor, kind) if template_id is None else require_template(session, actor, template_id)
    owner_id = None if is_shared else actor.user_id
    if template_id is not None and template.kind == SNIPPET and (name, owner_id) != (template.name, template.owner_id):
        _require_unused(session, actor, template)
    _check(session, actor, template, name, subject, body, owner_id)
    template.name, template.subject, template.body, template.is_html = name, subject, body, is_html
    template.owner_id = owner_id
    template.updated_at = clock.now()
    template.version = (template.version or 0) + 1
    session.add(template)
    session.flush()
    _audit(session, clock, actor, template, "create" if template_id is None else "change")
    return template


def _check(
    session: Session, actor: Actor, template: Template, name: str, subject: str, body: str, owner_id: int | None
) -> None:
    """A template may take in what all see who see it; a snippet as it would be, so that a circle shows."""
    known = store.snippets(session, actor.workspace_id, owner_id)
    if owner_id is None:
        _require_shared(
            names_in(f"{subject}\n{body}") - known.keys(), store.snippets(session, actor.workspace_id, actor.user_id)
        )
    if template.kind == SNIPPET:
        if '"' in name or "'" in name:
            raise UserError("A snippet's name has no quotation marks; templates put it between them.")
        if name in known and name != template.name:
            raise ConflictError("There is a snippet “%(name)s” already; give this one another name.", name=name)
        known[name] = body
        body = f'{{% render "{name}" %}}'
    for text in (subject, body):
        rules.check(expand(text, known))


def _require_shared(missing: AbstractSet[str], own: Container[str]) -> None:
    """Refuse what the team would not find, although its writer does. Raises `UserError`."""
    if name := next((name for name in sorted(missing) if name in own), None):
        raise UserError(
            "The snippet “%(name)s” is your own: share it first, or keep this template to yourself.", name=name
        )


def ready_template(session: Session, actor: Actor, template_id: int) -> TemplateView:
    """A template with its snippets put in, as mails are begun with it. Raises `NotFoundError`."""
    return with_snippets(session, actor, store.view(require_template(session, actor, template_id)))


def with_snippets(session: Session, actor: Actor, found: TemplateView) -> TemplateView:
    """A template, kept or just being written, with its snippets put in. Raises `UserError`."""
    known = store.snippets(session, actor.workspace_id, actor.user_id)
    return replace(found, subject=expand(found.subject, known), body=expand(found.body, known))


def delete_template(session: Session, clock: Clock, actor: Actor, template_id: int) -> None:
    """Take a template away; mails that were begun with it stay as they are.

    Raises `NotFoundError`, and `ConflictError` for a snippet that others take in.
    """
    template = require_template(session, actor, template_id)
    if template.kind == SNIPPET:
        _require_unused(session, actor, template)
    _audit(session, clock, actor, template, "delete")
    session.delete(template)


def _require_unused(session: Session, actor: Actor, snippet: Template) -> None:
    users = [
        each.name
        for each in store.all_templates(session, actor.workspace_id, snippet.owner_id)
        if each.id != snippet.id and snippet.name in names_in(f"{each.subject}\n{each.body}")
    ]
    if users:
        raise ConflictError(
            "“%(name)s” is taken in by %(users)s; take it out there first.",
            name=snippet.name,
            users=", ".join(f"“{user}”" for user in users[:5]),
        )


def require_template(session: Session, actor: Actor, template_id: int) -> Template:
    """A template that they may use. Raises `NotFoundError`."""
    template = store.find_template(session, actor, template_id)
    if template is None:
        raise NotFoundError("That template is not here; it may have been deleted.")
    return template


def _new(clock: Clock, actor: Actor, kind: str) -> Template:
    kept = SNIPPET if kind == SNIPPET else MAIL
    return Template(workspace_id=actor.workspace_id, kind=kept, created_at=clock.now(), version=0)


def _audit(session: Session, clock: Clock, actor: Actor, template: Template, what: str) -> None:
    audit(session, clock, actor, f"template.{what}", Subject("template", template.id))
