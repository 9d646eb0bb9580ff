"""The team's templates and one's own: a list, a form with a preview, and the fields that can be used."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import NotFoundError, UserError
from backend.sequences import rules, service, store
from backend.sequences.shapes import TemplateView
from backend.web.house import house
from backend.web.nav import Place, Way, open_way
from backend.web.toasts import toast

EXAMPLE = {
    "contact.first_name": "Ana", "contact.name": "Ana Ruiz", "contact.title": "Head of Purchasing",
    "contact.email": "ana@nordwind.example", "company.name": "Nordwind", "deal.name": "Forty seats",
    "deal.reference": "D-17", "deal.stage": "Proposal", "deal.amount": "€12,000",
}  # fmt: skip
NEW = TemplateView(0, "", "", "", None, 0)

blueprint = Blueprint("templates", __name__, url_prefix="/templates", template_folder="../templates")
open_way(
    blueprint,
    Way(
        "templates",
        lazy_gettext("Templates"),
        "note",
        "templates.show",
        30,
        Place.MENU,
        hint=lazy_gettext("Mails to start from, your own and the team's."),
    ),
)


@blueprint.get("")
@needs()
def show() -> str:
    """List them by name."""
    with house().db.read() as session:
        return render_template("sequences/templates.html", templates=store.templates(session, current_actor()))


@blueprint.get("/new")
@needs()
def show_new() -> str:
    """The empty form."""
    return _form(NEW)


@blueprint.get("/<int:template_id>")
@needs()
def show_one(template_id: int) -> str:
    """The form of one template."""
    with house().db.read() as session:
        return _form(store.view(service.require_template(session, current_actor(), template_id)))


@blueprint.post("/new")
@needs()
def add() -> tuple[str, int] | Response:
    """Write a new one."""
    return _save(None)


@blueprint.post("/<int:template_id>")
@needs()
def change(template_id: int) -> tuple[str, int] | Response:
    """Change one."""
    return _save(template_id)


@blueprint.post("/<int:template_id>/delete")
@needs()
def delete(template_id: int) -> Response:
    """Take one away."""
    with house().db.write() as session:
        service.delete_template(session, house().clock, current_actor(), template_id)
    toast(gettext("The template was deleted; mails begun with it stay as they are."))
    return redirect(url_for("templates.show"))


def _save(template_id: int | None) -> tuple[str, int] | Response:
    """What is wrong comes back with its sentence, and nothing that was typed is lost."""
    form = request.form
    is_shared = form.get("owner") != "me"
    name, subject, body = (form.get(field, "") for field in ("name", "subject", "body"))
    try:
        with house().db.write() as session:
            service.save_template(
                session, house().clock, current_actor(), template_id,
                name=name, subject=subject, body=body, is_shared=is_shared,
            )  # fmt: skip
    except NotFoundError:
        raise
    except UserError as error:
        owner_id = None if is_shared else current_actor().user_id
        return _form(TemplateView(template_id or 0, name, subject, body, owner_id, 0), str(error)), 400
    toast(gettext("Saved; it is in the compose window's menu now."))
    return redirect(url_for("templates.show"))


def _form(template: TemplateView, problem: str = "") -> str:
    sender = {"sender.name": current_actor().name, "sender.email": current_actor().email}
    preview = None
    if template.body and not problem:
        preview = (
            rules.one_line(rules.fill(template.subject, EXAMPLE | sender).text),
            rules.fill(template.body, EXAMPLE | sender).text,
        )
    return render_template(
        "sequences/template.html", template=template, problem=problem, fields=rules.FIELDS, preview=preview
    )
