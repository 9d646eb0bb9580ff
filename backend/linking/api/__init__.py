"""Links over HTTP, under /api/v1/links: receipts, undo by reach, relinking of history, questions, unlinked mail."""

from backend.linking.api import batches, links, questions
from backend.linking.api.room import blueprint

__all__ = ["batches", "blueprint", "links", "questions"]
