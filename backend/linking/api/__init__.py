"""Links and merges over HTTP: receipts, undo by reach, relinking of history, questions, unlinked mail, duplicates."""

from backend.linking.api import batches, links, merges, questions
from backend.linking.api.room import blueprint

__all__ = ["batches", "blueprint", "links", "merges", "questions"]
