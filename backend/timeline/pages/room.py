"""The blueprint of the timeline's pages and their ways in the frame."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from backend.timeline.shapes import EntryKind
from backend.web.nav import Place, Way, open_way

blueprint = Blueprint("timeline", __name__, template_folder="../templates")

open_way(
    blueprint,
    Way("today", _l("Today"), "today", "timeline.today", 10, keys="g h", on_phone=True),
    Way("timeline", _l("Timeline"), "timeline", "timeline.team", 20, keys="g t", on_phone=True),
    Way("search", _l("Search people, companies, deals and mail"), "search", "timeline.search", 10, Place.SEARCH),
)

KIND_WORDS = {
    EntryKind.MAIL: _l("Mail"),
    EntryKind.NOTE: _l("Notes"),
    EntryKind.CALL: _l("Calls"),
    EntryKind.MEETING: _l("Meetings"),
    EntryKind.TASK: _l("Tasks"),
    EntryKind.STAGE: _l("Stages"),
}
"""How the filter's chips call each kind."""

DID_WORDS = {
    EntryKind.NOTE: _l("noted"),
    EntryKind.CALL: _l("called"),
    EntryKind.MEETING: _l("met"),
    EntryKind.TASK: _l("set a task"),
    EntryKind.STAGE: _l("moved a deal"),
}
"""What somebody did, beside the name."""

OUTCOME_WORDS = {
    "connected": _l("connected"),
    "voicemail": _l("voicemail"),
    "no_answer": _l("no answer"),
    "busy": _l("busy"),
}
"""How a call went."""

SYMBOLS = {
    EntryKind.MAIL: "mail",
    EntryKind.NOTE: "note",
    EntryKind.CALL: "call",
    EntryKind.MEETING: "meeting",
    EntryKind.TASK: "task",
    EntryKind.STAGE: "change",
}
"""The icon of each kind."""


@blueprint.app_context_processor
def words_of_entries() -> dict[str, object]:
    """Let the templates of entries, on whichever page, name what happened."""
    return {"did_words": DID_WORDS, "outcome_words": OUTCOME_WORDS, "symbols": SYMBOLS}
