"""Editing a record's fields where they stand (htmx), or as a page of its own.

What changed goes through the schema and the verb of the API's PATCH. A form names the version that it was made of;
where somebody was faster, nothing is saved, and the form comes back with both what was typed and what stands there.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import redirect, render_template, request
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.accounts.store import users
from backend.kit.errors import ConflictError, NotFoundError, UserError
from backend.records.editing import as_columns
from backend.records.pages.room import blueprint
from backend.records.pages.sheet import Seen, changes_of, checked, fields_of, shown
from backend.records.pages.team import acting_editor
from backend.records.pages.typed import CURRENCIES, typed
from backend.records.paths import record_path
from backend.records.service import require
from backend.records.shapes import DealView
from backend.records.store.reading import get_company, get_contact, get_deal
from backend.records.tables import Record
from backend.web.house import house
from backend.web.i18n import sentence_of
from backend.web.toasts import toast

Answer = str | Response | tuple[str, int]


@blueprint.route("/contacts/<int:record_id>/edit", methods=["GET", "POST"])
@needs()
def edit_contact(record_id: int) -> Answer:
    """Edit a person."""
    return _edit(record_id, get_contact)


@blueprint.route("/companies/<int:record_id>/edit", methods=["GET", "POST"])
@needs()
def edit_company(record_id: int) -> Answer:
    """Edit an organisation."""
    return _edit(record_id, get_company)


@blueprint.route("/deals/<int:record_id>/edit", methods=["GET", "POST"])
@needs()
def edit_deal(record_id: int) -> Answer:
    """Edit a sale; its stage moves on its page."""
    return _edit(record_id, get_deal)


def _edit(record_id: int, find: Callable[[Session, int, int], Seen | None]) -> Answer:
    status, problem = HTTPStatus.OK, ""
    if request.method == "POST":
        try:
            return _save(record_id, find)
        except ConflictError as error:
            status, problem = HTTPStatus.CONFLICT, sentence_of(error)
        except NotFoundError:
            raise
        except UserError as error:
            status, problem = HTTPStatus.BAD_REQUEST, sentence_of(error)
    with house().db.read() as session:
        seen = _found(find(session, current_actor().workspace_id, record_id))
        everybody = users(session, current_actor().workspace_id)
    owners = [user for user in everybody if user.disabled_at is None or user.id == seen.record.owner_id]
    return _form(seen, owners, problem), status


def _save(record_id: int, find: Callable[[Session, int, int], Seen | None]) -> Response:
    """Save what differs. Raises `ConflictError` where the form was made of another version, `UserError`."""
    with house().db.write() as session:
        record = require(session, current_actor().workspace_id, record_id, Record, will_change=True)
        seen = _found(find(session, record.workspace_id, record_id))
        if typed("version") != str(record.version):
            raise ConflictError(
                gettext(
                    "Somebody changed this meanwhile, so nothing was saved; what you typed is kept below, beside what "
                    "stands there now."
                )
            )
        changes = checked(seen, changes_of(session, seen))
        if changes:
            acting_editor(session).change(record, as_columns(changes))
    toast(gettext("Saved."))
    return redirect(record_path(record.kind, record.id))


def _form(seen: Seen, owners: Any, problem: str) -> str:
    """Render the panel for htmx, else the page; after a refusal with what was typed."""
    present = shown(seen)
    values = request.form if problem else present
    template = "records/edit_panel.html" if "HX-Request" in request.headers else "records/form.html"
    is_outdated = problem and typed("version") != str(seen.record.version)
    now = {
        name: text for name, text in present.items() if is_outdated and _one_line(text) != _one_line(values.get(name))
    }
    if "owner_id" in now:
        now["owner_id"] = seen.record.owner_name
    return render_template(
        template, title=gettext("Edit %(name)s", name=seen.record.name), fields=fields_of(seen), values=values, now=now,
        problem=problem, version=seen.record.version, owners=owners,
        currencies=sorted({*CURRENCIES, seen.currency} if isinstance(seen, DealView) else CURRENCIES),
        cancel=record_path(seen.record.kind, seen.record.id),
    )  # fmt: skip


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _found(seen: Seen | None) -> Seen:
    if seen is None:
        raise NotFoundError(gettext("There is no such record here; it may have been deleted or merged."))
    return seen
