"""One sequence: its path with what became of each step, and the people on the way through it."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.accounts.shapes import Role
from backend.kit.errors import NotFoundError
from backend.sequences.authoring import drafts
from backend.sequences.pages.room import blueprint
from backend.sequences.people import list_store, steering
from backend.sequences.people.crowds import HALTED
from backend.sequences.people.list_store import SequenceView, VersionView, Wanted
from backend.sequences.rights import Right, may
from backend.sequences.shapes import EnrolmentState
from backend.web.house import house
from backend.web.toasts import toast

ROWS = 50


@blueprint.get("/<int:sequence_id>")
@needs()
def show_one(sequence_id: int) -> str:
    """Show it, or for htmx only the people who follow."""
    actor, wanted = current_actor(), _wanted(sequence_id)
    with house().db.read() as session:
        sequence = require_view(session, sequence_id)
        people = list_store.list_people(session, actor, wanted)
        shown = {
            "people": people[:ROWS],
            "next_id": people[ROWS - 1].id if len(people) > ROWS else None,
            "here": _here,
            "sees_all": actor.sees_all,
        }
        if "HX-Request" in request.headers:
            return render_template("sequences/people_rows.html", **shown)
        every = list_store.versions(session, actor, sequence_id)
        version, held = _chosen(every), list_store.reasons(session, actor, sequence_id)
        return render_template(
            "sequences/one.html",
            **shown,
            sequence=sequence,
            version=version,
            versions=every,
            counts=list_store.step_counts(session, actor, sequence_id, version.id) if version else {},
            reasons=held,
            wanted=wanted,
            states=list(EnrolmentState),
            is_halted=HALTED in held,
            may_enrol=may(session, actor, Right.ENROL),
        )


@blueprint.post("/<int:sequence_id>/rename")
@needs()
def rename(sequence_id: int) -> Response:
    """Give it another name, and say what it is for."""
    with house().db.write() as session:
        drafts.rename(session, house().clock, current_actor(), sequence_id, request.form.get("name", ""))
        drafts.describe(session, house().clock, current_actor(), sequence_id, request.form.get("description", ""))
    return redirect(url_for("sequences.show_one", sequence_id=sequence_id))


@blueprint.post("/<int:sequence_id>/retire")
@needs()
def retire(sequence_id: int) -> Response:
    """Let nobody in any more."""
    with house().db.write() as session:
        drafts.retire(session, house().clock, current_actor(), sequence_id)
    undo = url_for("sequences.reinstate", sequence_id=sequence_id)
    toast(gettext("Nobody is enrolled any more; who is on the way goes on."), undo=undo)
    return redirect(url_for("sequences.show_one", sequence_id=sequence_id))


@blueprint.post("/<int:sequence_id>/reinstate")
@needs()
def reinstate(sequence_id: int) -> Response:
    """Let people in again."""
    with house().db.write() as session:
        drafts.reinstate(session, house().clock, current_actor(), sequence_id)
    return redirect(url_for("sequences.show_one", sequence_id=sequence_id))


@blueprint.post("/<int:sequence_id>/halt")
@needs(Role.MANAGER)
def halt(sequence_id: int) -> Response:
    """Let everybody on the way stand still."""
    with house().db.write() as session:
        steering.halt_all(session, house().clock, current_actor(), sequence_id)
    undo = url_for("sequences.go_on", sequence_id=sequence_id)
    toast(gettext("Everybody on the way stands still; drafts that waited are taken back."), undo=undo)
    return redirect(url_for("sequences.show_one", sequence_id=sequence_id))


@blueprint.post("/<int:sequence_id>/go-on")
@needs(Role.MANAGER)
def go_on(sequence_id: int) -> Response:
    """Let those go on who were held together."""
    with house().db.write() as session:
        steering.go_on_all(session, house().clock, current_actor(), sequence_id)
    return redirect(url_for("sequences.show_one", sequence_id=sequence_id))


def require_view(session: Session, sequence_id: int) -> SequenceView:
    """The sequence as pages show it. Raises `NotFoundError`."""
    found = list_store.find_sequence_view(session, current_actor(), sequence_id)
    if found is None:
        raise NotFoundError("That sequence is not here; it may have been deleted.")
    return found


def _chosen(versions: list[VersionView]) -> VersionView | None:
    """The version that was asked for, else the newest; None before the first."""
    number = request.args.get("version", type=int)
    return next((version for version in versions if version.number == number), next(iter(versions), None))


def _wanted(sequence_id: int) -> Wanted:
    """Which people the address asks for; nonsense counts as not asked."""
    state = request.args.get("state", "")
    return Wanted(
        sequence_id=sequence_id,
        state=EnrolmentState(state) if state in set(EnrolmentState) else None,
        reason=request.args.get("reason", "")[:40],
        step=request.args.get("step", type=int),
        words=request.args.get("q", ""),
        before_id=request.args.get("before", type=int),
        limit=ROWS + 1,
    )


def _here(**changes: object) -> str:
    """This page's address with some of its questions changed; None takes one away."""
    asked = {k: v for k, v in request.args.items() if k not in {"before", *changes}}
    asked |= {k: str(v) for k, v in changes.items() if v is not None}
    return request.path + (f"?{urlencode(asked)}" if asked else "")
