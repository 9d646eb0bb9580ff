"""The team's templates and snippets and one's own: lists with what they brought, a form, a preview with real people."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import ConflictError, NotFoundError, UserError
from backend.records.store.reading import Wanted, get_contact, list_contacts
from backend.sequences.authoring import previews
from backend.sequences.results import service as results
from backend.sequences.results.shapes import By, Tally
from backend.sequences.results.shapes import Wanted as ResultsWanted
from backend.sequences.shapes import FilledMail, TemplateView
from backend.sequences.texts import rules, service, store
from backend.web.house import house
from backend.web.i18n import sentence_of
from backend.web.ids import row_id
from backend.web.nav import Place, Way, open_way
from backend.web.toasts import toast

EXAMPLE = {
    "contact.first_name": "Ana", "contact.name": "Ana Ruiz", "contact.title": "Head of Purchasing",
    "contact.email": "ana@nordwind.example", "company.name": "Nordwind", "deal.name": "Forty seats",
    "deal.reference": "D-17", "deal.stage": "Proposal", "deal.amount": "€12,000",
}  # fmt: skip
COUNTED = timedelta(days=365)
MOST_FOUND = 5

blueprint = Blueprint("templates", __name__, url_prefix="/templates", template_folder="../templates")
open_way(
    blueprint,
    Way(
        "templates", lazy_gettext("Templates"), "note", "templates.show", 30, Place.MENU,
        hint=lazy_gettext("Mails to start from, your own and the team's."),
    ),
)  # fmt: skip


@blueprint.get("")
@needs()
def show() -> str:
    """List them by name, with what came of the mails that were begun with them."""
    with house().db.read() as session:
        actor = current_actor()
        return render_template(
            "sequences/templates.html",
            templates=store.templates(session, actor),
            snippets=store.snippet_views(session, actor),
            tallies=_tallies(session),
        )


@blueprint.get("/new")
@needs()
def show_new() -> str:
    """The empty form."""
    kind = service.SNIPPET if request.args.get("kind") == service.SNIPPET else service.MAIL
    return _form(TemplateView(0, "", "", "", None, 0, kind=kind))


@blueprint.get("/<int:template_id>")
@needs()
def show_one(template_id: int) -> str:
    """The form of one template."""
    with house().db.read() as session:
        found = store.view(service.require_template(session, current_actor(), template_id))
    return _form(found)


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


def _tallies(session: Session) -> dict[int, Tally]:
    """What came of each template's mails in the last year, of those that the visitor may see."""
    now = house().clock.now()
    wanted = ResultsWanted(now - COUNTED, now + timedelta(days=1), By.TEMPLATE)
    return results.replies(session, current_actor(), wanted)


def _save(template_id: int | None) -> tuple[str, int] | Response:
    """What is wrong comes back with its sentence, and nothing that was typed is lost."""
    given = _given(template_id)
    try:
        if request.form.get("do") == "preview" or "contact" in request.form:
            return _form(given), HTTPStatus.OK
        with house().db.write() as session:
            service.save_template(
                session, house().clock, current_actor(), template_id, name=given.name, subject=given.subject,
                body=given.body, is_shared=given.owner_id is None, is_html=given.is_html, kind=given.kind,
            )  # fmt: skip
    except NotFoundError:
        raise
    except UserError as error:
        return _form(given, sentence_of(error)), 409 if isinstance(error, ConflictError) else 400
    is_mail = given.kind == service.MAIL
    said = gettext("Saved; it is in the compose window's menu now.") if is_mail else gettext("Saved.")
    toast(said)
    return redirect(url_for("templates.show"))


def _given(template_id: int | None) -> TemplateView:
    form = request.form
    name, subject, body = (form.get(field, "") for field in ("name", "subject", "body"))
    owner_id = current_actor().user_id if form.get("owner") == "me" else None
    kind = form.get("kind", service.MAIL)
    return TemplateView(template_id or 0, name, subject, body, owner_id, 0, "is_html" in form, kind)


def _form(template: TemplateView, problem: str = "") -> str:
    """The form, and below it the mail as a contact would read it: the one that was looked for, else an example."""
    words, contact_id = request.values.get("q", "").strip(), request.values.get("contact", type=row_id)
    with house().db.read() as session:
        actor = current_actor()
        found = list_contacts(session, actor.workspace_id, Wanted(words=words, limit=MOST_FOUND)) if words else []
        contact = get_contact(session, actor.workspace_id, contact_id) if contact_id else next(iter(found), None)
        preview = None
        if template.body and not problem:
            values = previews.values_of(session, actor, contact) if contact else _example()
            preview = _filled(service.with_snippets(session, actor, template), values)
        snippets = [each for each in store.snippet_views(session, actor) if each.id != template.id]
    return render_template(
        "sequences/template.html", template=template, problem=problem, fields=rules.FIELDS, preview=preview,
        contact=contact, contacts=found, words=words, snippets=snippets,
    )  # fmt: skip


def _filled(template: TemplateView, values: dict[str, str]) -> FilledMail:
    for text in (template.subject, template.body):
        rules.check(text)
    return rules.filled(template.subject, template.body, values)


def _example() -> dict[str, str]:
    return EXAMPLE | {"sender.name": current_actor().name, "sender.email": current_actor().email}
