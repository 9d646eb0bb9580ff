"""One search over records and over the mail and notes that the visitor may read."""

from __future__ import annotations

from flask import render_template, request

from backend.accounts.guards import current_actor, needs
from backend.records.store.reading import search_records
from backend.timeline.pages.entries import asked_for, fetch, with_questions
from backend.timeline.pages.room import blueprint
from backend.web.house import house
from backend.web.nav import ways
from backend.web.pagination import Page

RECORDS = 20


@blueprint.get("/search")
@needs()
def search() -> str:
    """Search for `q`; without it, say what can be found."""
    wanted = asked_for()
    with house().db.read() as session:
        page = fetch(session, wanted) if wanted.words else Page([])
        records = search_records(session, current_actor().workspace_id, wanted.words, RECORDS)
    shown = {"page": page, "after_day": request.args.get("day", ""), "older": with_questions}
    if "HX-Request" in request.headers:
        return render_template("timeline/entries.html", **shown)
    words = wanted.words.casefold()
    pages = [way for way in ways("rail") if words and words in str(way.label).casefold()]
    return render_template("timeline/search.html", **shown, words=wanted.words, records=records, pages=pages)
