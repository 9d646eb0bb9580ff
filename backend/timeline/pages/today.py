"""Today: what waits for the one who looks."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template

from backend.accounts.guards import current_actor, needs
from backend.timeline.pages.room import blueprint
from backend.timeline.store import replies_owed
from backend.web.house import house

REPLIES_WITHIN = timedelta(days=30)


@blueprint.get("/")
@needs()
def today() -> str:
    """Show mail that waits for my answer."""
    with house().db.read() as session:
        replies = replies_owed(session, current_actor(), house().clock.now() - REPLIES_WITHIN)
    return render_template("timeline/today.html", replies=replies)
