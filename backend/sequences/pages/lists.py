"""The list of sequences, and how a new one begins."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import UserError
from backend.sequences.authoring import drafts
from backend.sequences.authoring.publishing import make_sequence
from backend.sequences.pages.room import blueprint
from backend.sequences.people import list_store
from backend.web.house import house
from backend.web.i18n import sentence_of


@blueprint.get("")
@needs()
def show() -> str:
    """Every sequence of the team, with how its people fare: a rep's own, a manager's all."""
    with house().db.read() as session:
        found = list_store.list_sequences(session, current_actor(), words=request.args.get("q", "").strip())
    return render_template("sequences/list.html", sequences=found, sees_all=current_actor().sees_all)


@blueprint.get("/new")
@needs()
def show_new() -> str:
    """The field for its name."""
    return render_template("sequences/new.html", name="", description="", problem="")


@blueprint.post("/new")
@needs()
def make() -> Response | tuple[str, int]:
    """Make a sequence, and go on to its steps."""
    name, description = request.form.get("name", ""), request.form.get("description", "")
    try:
        with house().db.write() as session:
            sequence_id = make_sequence(session, house().clock, current_actor(), name).id
            drafts.describe(session, house().clock, current_actor(), sequence_id, description)
    except UserError as error:
        said = sentence_of(error)
        return render_template("sequences/new.html", name=name, description=description, problem=said), 400
    return redirect(url_for("sequences.show_editor", sequence_id=sequence_id))
