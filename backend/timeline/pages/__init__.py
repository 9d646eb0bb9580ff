"""The timeline's pages: Today, the team's timeline, each record's page, and the search over all of it."""

from backend.timeline.pages import record, search, team, today
from backend.timeline.pages.room import blueprint

__all__ = ["blueprint", "record", "search", "team", "today"]
