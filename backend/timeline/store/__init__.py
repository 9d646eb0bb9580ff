"""The timeline's queries: three sources, each asked for its newest page, merged by time."""

from backend.timeline.store.order import place_of
from backend.timeline.store.reading import entries, replies_owed
from backend.timeline.store.touch import last_touch

__all__ = [
    "entries",
    "last_touch",
    "place_of",
    "replies_owed",
]
