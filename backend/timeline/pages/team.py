"""What happened in the whole team, newest first; and a mail's text, fetched when it is opened."""

from __future__ import annotations

from flask import redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.accounts.store import users
from backend.kit.errors import NotFoundError
from backend.timeline.pages.entries import PERIODS_DAYS, asked_for, fetch, with_questions
from backend.timeline.pages.room import KIND_WORDS, blueprint
from backend.timeline.service import ask_to_read, look_at_mail
from backend.web.back import way_back
from backend.web.house import house
from backend.web.toasts import toast


@blueprint.get("/timeline")
@needs()
def team() -> str:
    """Show the team's timeline, or for htmx only the entries that follow."""
    wanted = asked_for()
    with house().db.read() as session:
        page = fetch(session, wanted)
        people = users(session, current_actor().workspace_id)
    shown = {"page": page, "after_day": request.args.get("day", ""), "older": with_questions}
    if "HX-Request" in request.headers:
        return render_template("timeline/entries.html", **shown)
    return render_template(
        "timeline/team.html", **shown, wanted=wanted, people=people, kind_words=KIND_WORDS, periods=PERIODS_DAYS
    )


@blueprint.get("/mail/<int:message_id>/text")
@needs()
def text_of_mail(message_id: int) -> str:
    """Show a mail's new text, its quotes folded. Raises `NotFoundError` where the visitor may not read it."""
    with house().db.write() as session:
        mail = look_at_mail(session, house().clock, current_actor(), message_id)
    if mail is None or mail.reply is None:
        raise NotFoundError(gettext("That mail is not here, or its owner does not share its text."))
    return render_template("timeline/mail_text.html", reply=mail.reply, mail=mail)


@blueprint.post("/conversations/<int:conversation_id>/ask")
@needs()
def ask_to_read_mail(conversation_id: int) -> Response:
    """Ask a conversation's owner to let me read it."""
    with house().db.write() as session:
        ask_to_read(session, house().clock, current_actor(), conversation_id)
    toast(gettext("Its owner is asked; once they say yes, you can open it here."))
    return redirect(way_back("/timeline"))
