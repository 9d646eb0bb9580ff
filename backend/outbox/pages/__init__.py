"""The outbox in the browser: the page behind an unsubscribe link, and the list of those to whom nobody writes."""

from backend.outbox.pages.suppressed import blueprint as suppressed
from backend.outbox.pages.unsubscribing import blueprint, open_links

__all__ = ["blueprint", "open_links", "suppressed"]
