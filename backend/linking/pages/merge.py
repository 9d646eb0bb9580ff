"""Merging a record with its duplicate: find it, read what would move, merge; a tap on Undo takes it back."""

from __future__ import annotations

from babel.lists import format_list
from flask import redirect, render_template, request
from flask_babel import get_locale, gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import UserError
from backend.linking.merging import merge_records, preview_merge, require_mergeable, undo_merge
from backend.linking.pages.room import blueprint
from backend.linking.shapes import MergeView
from backend.records.paths import record_path
from backend.records.service import require
from backend.records.shapes import CompanyView, ContactView
from backend.records.store.reading import Wanted, list_companies, list_contacts
from backend.records.tables import Contact, Record
from backend.web.house import house
from backend.web.toasts import toast

OFFERED = 12


@blueprint.get("/records/<int:record_id>/merge")
@needs()
def choose_duplicate(record_id: int) -> str:
    """Search for the duplicate (htmx: only what was found); `?from=` shows what merging it would move."""
    lost_id = request.args.get("from", type=int)
    if lost_id is not None:
        return _preview(record_id, lost_id)
    with house().db.read() as session:
        kept = require_mergeable(require(session, current_actor().workspace_id, record_id, Record))
        words = request.args.get("q", kept.name)
        found = [seen for seen in _like(session, kept, words) if seen.record.id != record_id]
    template = "linking/duplicates.html" if "HX-Request" in request.headers else "linking/merge.html"
    return render_template(template, kept=kept, words=words, found=found)


@blueprint.post("/records/<int:record_id>/merge")
@needs()
def merge(record_id: int) -> Response:
    """Merge the duplicate `from` into a record."""
    lost_id = request.form.get("from", type=int)
    if lost_id is None:
        raise UserError(gettext("Nothing was chosen; choose a record and try again."))
    with house().db.write() as session:
        merged = merge_records(session, house().clock, current_actor(), record_id, lost_id)
        kept = require(session, current_actor().workspace_id, record_id, Record)
    toast(gettext("Merged into %(name)s.", name=kept.name), undo=f"/merges/{merged.id}/undo")
    return redirect(record_path(kept.kind, kept.id))


@blueprint.post("/merges/<int:merge_id>/undo")
@needs()
def undo_merging(merge_id: int) -> Response:
    """Undo a merge and show the record that is back."""
    with house().db.write() as session:
        merged = undo_merge(session, house().clock, current_actor(), merge_id)
        lost = require(session, current_actor().workspace_id, merged.lost_id, Record)
    toast(gettext("%(name)s is back, with everything that was moved.", name=lost.name))
    return redirect(record_path(lost.kind, lost.id))


def _preview(record_id: int, lost_id: int) -> str:
    with house().db.write() as session:
        found = preview_merge(session, house().clock, current_actor(), record_id, lost_id)
        kept = require(session, current_actor().workspace_id, record_id, Record)
    return render_template("linking/merge_preview.html", kept=kept, found=found, sentence=_sentence(found))


def _like(session: Session, kept: Record, words: str) -> list[ContactView] | list[CompanyView]:
    wanted = Wanted(words=words, limit=OFFERED)
    if isinstance(kept, Contact):
        return list_contacts(session, kept.workspace_id, wanted)
    return list_companies(session, kept.workspace_id, wanted)


def _sentence(found: MergeView) -> str:
    """Say what would move: “Ana Ruiz takes over 12 mails, 2 addresses and 1 deal.”."""
    counted = (
        (found.mails, ngettext("%(num)s mail", "%(num)s mails", found.mails)),
        (found.addresses, ngettext("%(num)s address", "%(num)s addresses", found.addresses)),
        (found.domains, ngettext("%(num)s domain", "%(num)s domains", found.domains)),
        (found.people, ngettext("%(num)s person", "%(num)s people", found.people)),
        (found.deals, ngettext("%(num)s deal", "%(num)s deals", found.deals)),
        (found.activities, ngettext("%(num)s note, call or task", "%(num)s notes, calls and tasks", found.activities)),
        (len(found.fields), ngettext("%(num)s field", "%(num)s fields", len(found.fields))),
    )
    things = [words for number, words in counted if number]
    if not things:
        return str(gettext("Nothing hangs on %(name)s; it only leaves the lists.", name=found.lost_name))
    listed = format_list(things, locale=get_locale())
    return str(gettext("%(name)s takes over %(things)s.", name=found.kept_name, things=listed))
