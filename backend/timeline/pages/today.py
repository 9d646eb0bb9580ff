"""Today: what waits for the one who looks."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template

from backend.accounts.guards import current_actor, needs
from backend.activities.store import open_tasks_of_owner
from backend.linking.receipt_store import count_unlinked_mail
from backend.privacy.store.threads import count_open_requests
from backend.timeline.pages.room import blueprint
from backend.timeline.store import replies_owed
from backend.timeline.store.cold import cold_deals
from backend.web.house import house

REPLIES_WITHIN = timedelta(days=30)
COLD_AFTER = timedelta(days=14)


@blueprint.get("/")
@needs()
def today() -> str:
    """Show mail that waits for my answer, my tasks, and my deals that go cold."""
    actor, now = current_actor(), house().clock.now()
    with house().db.read() as session:
        replies = replies_owed(session, actor, now - REPLIES_WITHIN)
        tasks = open_tasks_of_owner(session, actor.workspace_id, actor.user_id)
        cold = cold_deals(session, actor, now - COLD_AFTER)
        unlinked = count_unlinked_mail(session, actor)
        asked = count_open_requests(session, actor)
    return render_template(
        "timeline/today.html",
        replies=replies,
        tasks=tasks,
        cold=cold,
        unlinked=unlinked,
        asked=asked,
        now=now,
        name=actor.name,
    )
