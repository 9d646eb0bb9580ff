"""Today: what waits for the one who looks."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template
from flask_babel import gettext

from backend.accounts.guards import current_actor, needs
from backend.activities.store import open_tasks_of_owner
from backend.linking.receipt_store import count_unlinked_mail
from backend.outbox.words import pause_words
from backend.privacy.store.threads import count_open_requests
from backend.sequences.sending import today_store as sequences
from backend.sequences.wording.words import reason_words
from backend.timeline.pages.room import blueprint
from backend.timeline.store import replies_owed
from backend.timeline.store.cold import cold_deals
from backend.web.house import house

REPLIES_WITHIN = timedelta(days=30)
COLD_AFTER = timedelta(days=14)


@blueprint.get("/")
@needs()
def today() -> str:
    """Show what waits for me: answers, decisions, tasks, cold deals; what leaves by itself; for managers the team."""
    actor, now = current_actor(), house().clock.now()
    with house().db.read() as session:
        replies = replies_owed(session, actor, now - REPLIES_WITHIN)
        tasks = open_tasks_of_owner(session, actor.workspace_id, actor.user_id)
        cold = cold_deals(session, actor, now - COLD_AFTER)
        unlinked = count_unlinked_mail(session, actor)
        asked = count_open_requests(session, actor)
        sending = {
            "leaving": sequences.leaving(session, actor),
            "asking": sequences.asking(session, actor),
            "alarms": sequences.alarms(session, actor, now),
            "team": sequences.team(session, actor) if actor.sees_all else [],
        }
    return render_template(
        "timeline/today.html",
        replies=replies,
        tasks=tasks,
        cold=cold,
        unlinked=unlinked,
        asked=asked,
        now=now,
        name=actor.name,
        why=lambda reason: reason_words(reason, gettext),
        say_pause=lambda reason: pause_words(reason, gettext),
        **sending,
    )
