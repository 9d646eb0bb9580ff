"""My privacy: who sees my mail, and what colleagues ask me."""

from __future__ import annotations

from flask import render_template

from backend.accounts.guards import current_actor, needs
from backend.accounts.store import mailboxes
from backend.privacy.pages.room import blueprint
from backend.privacy.shapes import RequestState
from backend.privacy.store.exclusions import exclusions_of
from backend.privacy.store.threads import kept_threads, requests_to
from backend.web.house import house


@blueprint.get("/settings/privacy")
@needs()
def show() -> str:
    """Show what I keep to myself, and who asks to read it."""
    actor = current_actor()
    with house().db.read() as session:
        asked = requests_to(session, actor, [RequestState.ASKED])
        granted = requests_to(session, actor, [RequestState.GRANTED])
        kept = kept_threads(session, actor)
        own = mailboxes(session, actor.workspace_id, user_id=actor.user_id)
        exclusions = exclusions_of(session, actor.workspace_id, [mailbox.id for mailbox in own])
    return render_template(
        "privacy/own.html", asked=asked, granted=granted, kept=kept, mailboxes=own, exclusions=exclusions
    )
