"""Why a deal was lost: asked when it moves to a lost stage, and never insisted upon."""

from __future__ import annotations

from flask import redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.records.pages.room import blueprint
from backend.records.pages.team import acting_editor
from backend.records.pages.typed import typed
from backend.records.paths import record_path
from backend.records.service import require
from backend.records.store.writing import is_lost
from backend.records.tables import Deal
from backend.web.back import local_path
from backend.web.house import house
from backend.web.toasts import toast

LONGEST_REASON = 200


@blueprint.get("/deals/<int:record_id>/lost")
@needs()
def ask_why_lost(record_id: int) -> str | Response:
    """Ask for the reason; a deal that is not lost has none."""
    with house().db.read() as session:
        deal = require(session, current_actor().workspace_id, record_id, Deal)
        if not is_lost(session, deal):
            return redirect(record_path(deal.kind, deal.id))
    return render_template("records/lost.html", deal=deal, back=_onward(record_id))


@blueprint.post("/deals/<int:record_id>/lost")
@needs()
def say_why_lost(record_id: int) -> Response:
    """Write the reason down and go on to where the deal was moved."""
    reason = typed("lost_reason")[:LONGEST_REASON]
    with house().db.write() as session:
        deal = require(session, current_actor().workspace_id, record_id, Deal, will_change=True)
        acting_editor(session).change(deal, {"lost_reason": reason})
    toast(gettext("Saved."))
    return redirect(_onward(record_id))


def _onward(record_id: int) -> str:
    return local_path(request.values.get("next", "")) or record_path("deal", record_id)
