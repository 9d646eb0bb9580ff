"""Keeping a conversation to oneself, and answering who asks to read one."""

from __future__ import annotations

from flask import redirect
from flask_babel import gettext
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.privacy.pages.room import blueprint
from backend.privacy.service.threads import answer_request, keep_private, share_again
from backend.privacy.shapes import RequestState
from backend.web.back import way_back
from backend.web.house import house
from backend.web.toasts import toast

HERE = "/settings/privacy"


@blueprint.post("/conversations/<int:conversation_id>/keep-private")
@needs()
def keep_thread(conversation_id: int) -> Response:
    """Show colleagues a locked line where this conversation of mine is."""
    with house().db.write() as session:
        keep_private(session, house().clock, current_actor(), conversation_id)
    toast(gettext("Kept private; colleagues see a locked line."), undo=f"/conversations/{conversation_id}/share-again")
    return redirect(way_back(HERE))


@blueprint.post("/conversations/<int:conversation_id>/share-again")
@needs()
def share_thread(conversation_id: int) -> Response:
    """Let the mailbox's sharing decide again."""
    with house().db.write() as session:
        share_again(session, house().clock, current_actor(), conversation_id)
    toast(
        gettext("Shared again, as the rest of your mailbox is."), undo=f"/conversations/{conversation_id}/keep-private"
    )
    return redirect(way_back(HERE))


@blueprint.post("/access-requests/<int:request_id>/grant")
@needs()
def grant(request_id: int) -> Response:
    """Let a colleague read the conversation."""
    return _answer(request_id, RequestState.GRANTED, gettext("They can read it now; each look is written down."))


@blueprint.post("/access-requests/<int:request_id>/refuse")
@needs()
def refuse(request_id: int) -> Response:
    """Do not let a colleague read the conversation, or not any more."""
    return _answer(request_id, RequestState.REFUSED, gettext("They cannot read it."))


def _answer(request_id: int, state: RequestState, said: str) -> Response:
    with house().db.write() as session:
        answer_request(session, house().clock, current_actor(), request_id, state)
    toast(said)
    return redirect(way_back(HERE))
