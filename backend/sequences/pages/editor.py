"""The editor: each button sends all that was typed, keeps it as the draft, and shows what is wrong beside its step."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import NotFoundError, UserError
from backend.records.store.reading import list_pipelines
from backend.sequences.authoring import drafts
from backend.sequences.authoring.definitions import ASKED, HAPPENINGS, OPERATORS, Habits, dump_habits, problems
from backend.sequences.authoring.publishing import require_sequence
from backend.sequences.pages.editor_form import MOST_WORDINGS, Definition, acted, read_definition
from backend.sequences.pages.one import require_view
from backend.sequences.pages.room import blueprint
from backend.sequences.texts import rules, store
from backend.web.back import leave_for
from backend.web.house import house
from backend.web.i18n import sentence_of
from backend.web.toasts import toast


@blueprint.get("/<int:sequence_id>/edit")
@needs()
def show_editor(sequence_id: int) -> str:
    """The steps as they are being written."""
    return _page(sequence_id)


@blueprint.post("/<int:sequence_id>/edit")
@needs()
def edit(sequence_id: int) -> Response | tuple[str, int]:
    """Do what a button says; where that cannot be, everything that was typed comes back with the reason.

    htmx gets the editor itself and no redirect: what a redirect answers, such as a notice, never reaches it.
    """
    typed, act = read_definition(request.form), request.form.get("do", "save")
    try:
        changed, place = acted(_with_template(typed, act), act)
        with house().db.write() as session:
            revision = request.form.get("revision", 0, type=int)
            drafts.save_draft(session, current_actor(), sequence_id, changed, revision)
    except NotFoundError:
        raise
    except UserError as error:
        status = HTTPStatus.OK if "HX-Request" in request.headers else HTTPStatus.BAD_REQUEST
        return _page(sequence_id, typed, sentence_of(error)), status
    if act in {"publish", "preview"}:
        return leave_for(url_for(f"sequences.show_{act}", sequence_id=sequence_id))
    if act == "save":
        toast(gettext("Kept as a draft; nothing changes for anybody before you publish it."))
    if "HX-Request" in request.headers:
        return _page(sequence_id, at=place if act.startswith("add:") else None), HTTPStatus.OK
    return redirect(url_for("sequences.show_editor", sequence_id=sequence_id, _anchor=f"step-{place + 1}"))


@blueprint.post("/<int:sequence_id>/discard")
@needs()
def discard(sequence_id: int) -> Response:
    """Go back to the published version."""
    with house().db.write() as session:
        drafts.discard_draft(session, current_actor(), sequence_id)
    toast(gettext("The draft is gone; the published version stays as it is."))
    return redirect(url_for("sequences.show_one", sequence_id=sequence_id))


def _with_template(definition: Definition, act: str) -> Definition:
    """With a template's texts in a mail where the button says so: “template:3” takes the one chosen in step 3."""
    verb, _, place = act.partition(":")
    if verb != "template" or not place.isdecimal() or int(place) >= len(definition["steps"]):
        return definition
    template_id = request.form.get(f"s{place}.template", type=int)
    with house().db.read() as session:
        found = store.templates(session, current_actor())  # with their snippets put in
    template = next((each for each in found if each.id == template_id), None)
    if template is None:
        raise UserError(gettext("Choose a template first."))
    step = definition["steps"][int(place)]
    wording = {"subject": template.subject, "body": template.body, "template_id": template.id}
    step["variants"] = [wording, *step.get("variants", [])[1:]]
    return definition


def _page(sequence_id: int, typed: Definition | None = None, problem: str = "", at: int | None = None) -> str:
    """The editor; `at` is the step that was just added, where writing goes on."""
    actor = current_actor()
    with house().db.read() as session:
        sequence = require_view(session, sequence_id)
        definition = typed or drafts.in_work(session, require_sequence(session, actor.workspace_id, sequence_id))
        templates = store.templates(session, actor)
        stages = _stage_names(session, actor.workspace_id)
    found = problems(definition)
    return render_template(
        "sequences/editor.html",
        sequence=sequence,
        steps=definition.get("steps", []),
        habits=_habits(definition),
        problem=problem,
        new_step=at,
        stages=stages,
        happenings=HAPPENINGS,
        problems={number: sentence_of(error) for number, error in found.items()},
        templates=templates,
        fields=rules.FIELDS,
        asked=ASKED,
        operators=OPERATORS,
        most_wordings=MOST_WORDINGS,
    )


def _stage_names(session: Session, workspace_id: int) -> list[str]:
    """The stages of all pipelines in their order, each name once."""
    pipelines = list_pipelines(session, workspace_id)
    return list(dict.fromkeys(stage.name for _, _, stages in pipelines for stage in stages))


def _habits(definition: Definition) -> dict[str, Any]:
    """What holds for all steps, with the usual where nothing was chosen yet."""
    given = definition.get("habits") or {}
    usual = dump_habits(Habits())
    return {**usual, **given, "window": {**usual["window"], **(given.get("window") or {})}}
