"""Settings → People: who works here, and handing over what a leaver has. For admins."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from backend.accounts import store as accounts
from backend.accounts.desk import give_back
from backend.accounts.guards import current_actor, needs
from backend.accounts.shapes import Role
from backend.handover import service, store
from backend.kit.errors import UserError
from backend.web.house import house
from backend.web.nav import Place, Way, open_way
from backend.web.toasts import toast

blueprint = Blueprint("people", __name__, url_prefix="/settings/people", template_folder="templates")
open_way(
    blueprint,
    Way(
        "people", lazy_gettext("People"), "people", "people.show", 25, Place.MENU, role="admin",
        hint=lazy_gettext("Who works here, and handing over what somebody leaves behind."),
    ),
)  # fmt: skip


@blueprint.get("")
@needs(Role.ADMIN)
def show() -> str:
    """Everybody of the team, and what was handed over."""
    actor = current_actor()
    with house().db.read() as session:
        people = accounts.users(session, actor.workspace_id)
        boxes: dict[int, int] = {}
        for box in accounts.mailboxes(session, actor.workspace_id):
            boxes[box.user_id] = boxes.get(box.user_id, 0) + 1
        done = store.handovers(session, actor.workspace_id)
        may_undo = {found.id: found.leaver_id for found in store.standing(session, actor.workspace_id)}
    return render_template(
        "handover/people.html", people=people, boxes=boxes, handovers=done, may_undo=may_undo, own_id=actor.user_id
    )


@blueprint.get("/<int:user_id>/handover")
@needs(Role.ADMIN)
def show_handover(user_id: int) -> str:
    """What would change hands, and to whom."""
    actor = current_actor()
    with house().db.read() as session:
        leaver = accounts.get_user(session, actor.workspace_id, user_id)
        found = service.preview(session, actor.workspace_id, user_id)
        active = accounts.users(session, actor.workspace_id, active_only=True)
    heirs = [user for user in active if user.id != leaver.id]
    return render_template("handover/handover.html", leaver=leaver, belongings=found, heirs=heirs)


@blueprint.post("/<int:user_id>/handover")
@needs(Role.ADMIN)
def hand_over(user_id: int) -> Response:
    """Do it; a tap on Undo takes it back."""
    heir = request.form.get("heir", "")
    if not heir.isdecimal():
        raise UserError(gettext("Choose who takes over."))
    is_closing = "keep" not in request.form
    with house().db.write() as session:
        done = service.hand_over(
            session, house().clock, current_actor(), user_id, int(heir[:18]), is_closing=is_closing
        )  # fmt: skip
    if not give_back(done.sealed):
        toast(gettext("Google could not be told; please remove Enlace in your Google account yourself."))
    toast(gettext("Handed over."), undo=url_for("people.take_back", user_id=user_id))
    return redirect(url_for("people.show"))


@blueprint.post("/<int:user_id>/handover/undo")
@needs(Role.ADMIN)
def take_back(user_id: int) -> Response:
    """Take the last handover of somebody back."""
    with house().db.write() as session:
        service.take_back(session, house().clock, current_actor(), user_id)
    toast(gettext("Taken back. Their mailboxes stay disconnected until they connect them again."))
    return redirect(url_for("people.show"))
