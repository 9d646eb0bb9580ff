"""Sending: how each mailbox sends, what waits and when it would leave; pausing, the pace, and days away."""

from __future__ import annotations

from datetime import date, timedelta

from flask import redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.accounts.shapes import Role
from backend.kit.errors import UserError
from backend.outbox.pacing import MOST, choose_pace, pause_by_hand, require_sender, resume_by_hand
from backend.sequences import rights
from backend.sequences.pages.room import blueprint
from backend.sequences.rights import Right
from backend.sequences.sending import absences, sending_store
from backend.web.house import house
from backend.web.nav import Place, Way, open_way
from backend.web.toasts import toast

SHOWN, BOXES = 50, 8
PAUSES = {"day": timedelta(days=1), "week": timedelta(days=7)}

open_way(
    blueprint,
    Way(
        "sending", lazy_gettext("Sending"), "mail", "sequences.show_sending", 35, Place.MENU,
        hint=lazy_gettext("How fast each mailbox sends, what waits, pauses, and your days away."),
    ),
)  # fmt: skip


@blueprint.get("/sending")
@needs()
def show_sending() -> str:
    """One's own mailboxes, for managers the team's, some at a time."""
    actor, now, after = current_actor(), house().clock.now(), request.args.get("after", "")
    with house().db.read() as session:
        found = sending_store.boxes(session, actor, now, after=after, limit=BOXES + 1)
        boxes = found[:BOXES]
        waiting = sending_store.waiting_mails(session, [box.mailbox_id for box in boxes], SHOWN)
        away = sending_store.absences(session, actor.user_id, now.date())
        least = rights.least_roles(session, actor.workspace_id)
    return render_template(
        "sequences/sending.html", boxes=boxes, waiting=waiting, away=away, least=least, roles=list(Role),
        is_admin=actor.role is Role.ADMIN, paces=MOST, next_address=boxes[-1].address if len(found) > BOXES else "",
    )  # fmt: skip


@blueprint.post("/sending/<int:mailbox_id>/pause")
@needs()
def pause_mailbox(mailbox_id: int) -> Response:
    """Let nothing leave a mailbox for a day, a week, or until somebody resumes."""
    length = PAUSES.get(request.form.get("for", ""))
    until = house().clock.now() + length if length else None
    with house().db.write() as session:
        pause_by_hand(session, house().clock, current_actor(), mailbox_id, until)
    undo = url_for("sequences.resume_mailbox", mailbox_id=mailbox_id)
    toast(gettext("Nothing leaves this mailbox by itself now; your own mail does."), undo=undo)
    return redirect(url_for("sequences.show_sending"))


@blueprint.post("/sending/<int:mailbox_id>/resume")
@needs()
def resume_mailbox(mailbox_id: int) -> Response:
    """Let what waits leave, at the mailbox's pace."""
    with house().db.write() as session:
        resume_by_hand(session, house().clock, current_actor(), mailbox_id)
    toast(gettext("What waited leaves at the mailbox's pace."))
    return redirect(url_for("sequences.show_sending"))


@blueprint.post("/sending/<int:mailbox_id>/pace")
@needs()
def set_pace(mailbox_id: int) -> Response:
    """Set how fast a mailbox sends."""
    given = {name: _whole(request.form[name]) for name in MOST if name in request.form}
    with house().db.write() as session:
        require_sender(session, current_actor(), mailbox_id)
        choose_pace(session, house().clock, current_actor(), mailbox_id, given)
    toast(gettext("Saved; it holds from the next mail on."))
    return redirect(url_for("sequences.show_sending"))


@blueprint.post("/sending/away")
@needs()
def note_absence() -> Response:
    """Note days on which one is away."""
    try:
        first, last = (date.fromisoformat(request.form.get(name, "")) for name in ("first_day", "last_day"))
    except ValueError as error:
        raise UserError(gettext("That is not a date; write it as 2026-12-31.")) from error
    with house().db.write() as session:
        noted = absences.note_absence(session, house().clock, current_actor(), first, last).id
    undo = url_for("sequences.forget_absence", absence_id=noted)
    toast(gettext("Noted; your sequences wait on these days."), undo=undo)
    return redirect(url_for("sequences.show_sending"))


@blueprint.post("/sending/away/<int:absence_id>/forget")
@needs()
def forget_absence(absence_id: int) -> Response:
    """Take an absence back."""
    with house().db.write() as session:
        absences.forget_absence(session, house().clock, current_actor(), absence_id)
    return redirect(url_for("sequences.show_sending"))


@blueprint.post("/sending/rights")
@needs(Role.ADMIN)
def choose_rights() -> Response:
    """Settle who of the team may publish and enrol."""
    chosen = {right: request.form.get(right.value, "") for right in Right}
    if not set(chosen.values()) <= set(Role):
        raise UserError(gettext("Choose a role for each."))
    with house().db.write() as session:
        publish, enrol = Role(chosen[Right.PUBLISH]), Role(chosen[Right.ENROL])
        rights.choose_rights(session, house().clock, current_actor(), publish, enrol)
    toast(gettext("Saved; it holds at once."))
    return redirect(url_for("sequences.show_sending"))


def _whole(text: str) -> int:
    """A number that was typed; what is none is as wrong as one below all bounds."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1  # noqa: PLR2004 - beyond every bound
