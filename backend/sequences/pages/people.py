"""People on the way: why somebody stands where they stand, and what a rep can do about one or many."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.accounts.shapes import Actor
from backend.kit.clock import Clock
from backend.kit.errors import ConflictError, NotFoundError, UserError
from backend.sequences.pages.room import blueprint
from backend.sequences.people import ledger_store, list_store, steering
from backend.sequences.tables import Enrolment
from backend.web.back import way_back
from backend.web.house import house
from backend.web.toasts import toast

MOST_AT_ONCE = 1000

ACTS: dict[str, Callable[[Session, Clock, Actor, int], Enrolment]] = {
    "pause": steering.pause,
    "resume": steering.resume,
    "stop": steering.stop,
    "skip": steering.skip_next,
    "unskip": steering.skip_no_more,
    "send-anyway": steering.send_anyway,
}
_UNDONE_BY = {"pause": "resume", "resume": "pause", "skip": "unskip"}


@blueprint.get("/people/<int:enrolment_id>")
@needs()
def show_person(enrolment_id: int) -> str:
    """Why and why not: everything that was done or left for somebody, and what comes next."""
    actor = current_actor()
    with house().db.read() as session:
        person = list_store.find_person(session, actor, enrolment_id)
        if person is None:
            raise NotFoundError("That person is not on the way here; they may be a colleague's.")
        return render_template(
            "sequences/person.html",
            person=person,
            lines=ledger_store.read_ledger(session, actor, enrolment_id),
            steps=list_store.definition_of(session, enrolment_id).get("steps", []),
        )


@blueprint.post("/people/<int:enrolment_id>/<any(pause, resume, stop, skip, unskip, 'send-anyway'):act>")
@needs()
def do(enrolment_id: int, act: str) -> Response:
    """Do something about one of them; what can be undone offers it."""
    with house().db.write() as session:
        ACTS[act](session, house().clock, current_actor(), enrolment_id)
    undo = url_for("sequences.do", enrolment_id=enrolment_id, act=_UNDONE_BY[act]) if act in _UNDONE_BY else ""
    toast(_done_words(act, 1), undo=undo)
    return redirect(way_back(url_for("sequences.show_person", enrolment_id=enrolment_id)))


@blueprint.post("/people")
@needs()
def do_many() -> Response:
    """Do something about those who are ticked; who cannot be is left as they are, and counted."""
    act, ids = request.form.get("do", ""), request.form.getlist("id", type=int)[:MOST_AT_ONCE]
    if act not in ACTS or not ids:
        raise UserError(gettext("Tick somebody, then choose what to do."))
    done = 0
    with house().db.write() as session:
        steering.hold_several(session, current_actor(), ids)
        for enrolment_id in ids:
            try:
                ACTS[act](session, house().clock, current_actor(), enrolment_id)
                done += 1
            except (ConflictError, NotFoundError):
                continue  # it ended meanwhile, or is a colleague's; the number says so
    left = len(ids) - done
    said = _done_words(act, done)
    toast(said + (" " + ngettext("%(num)s stays as it is.", "%(num)s stay as they are.", left) if left else ""))
    return redirect(way_back(url_for("sequences.show")))


def _done_words(act: str, number: int) -> str:
    words = {
        "pause": ngettext("%(num)s person stands still.", "%(num)s people stand still.", number),
        "resume": ngettext("%(num)s person goes on.", "%(num)s people go on.", number),
        "stop": ngettext("It ended for %(num)s person.", "It ended for %(num)s people.", number),
        "skip": ngettext(
            "The next mail of %(num)s person is left out.", "The next mail of %(num)s people is left out.", number
        ),
        "unskip": gettext("The next mail leaves after all."),
        "send-anyway": gettext("It leaves although a colleague is in touch."),
    }
    return str(words[act])
