"""Pure decisions of sync."""

from __future__ import annotations

from collections.abc import Collection

from backend.gmail.errors import GmailError, NotFound, RateLimited, Rejected
from backend.sync.shapes import SkipReason

BATCH = 50
FIRST_PAUSE_S = 5
LONGEST_PAUSE_S = 3600
MOST_REFUSALS = 3
NEW_MAIL, DOUBT, LISTED, REFRESH = 0, 1, 5, 9

# Drafts change their id at each autosave and chats are no correspondence; spam and bin may come back by a label change.
_SKIPPED_LABELS = (
    ("DRAFT", SkipReason.DRAFT),
    ("CHAT", SkipReason.CHAT),
    ("SPAM", SkipReason.SPAM),
    ("TRASH", SkipReason.TRASH),
)


def skip_reason(label_ids: Collection[str]) -> SkipReason | None:
    """Why a message with these labels is not fetched; None where it is."""
    return next((reason for label, reason in _SKIPPED_LABELS if label in label_ids), None)


def pause_s(failures: int) -> int:
    """Seconds to wait after so many failures in a row: 5, 10, 20, … up to an hour."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S << min(max(failures - 1, 0), 12))


def final_reason(error: Exception, attempts: int) -> SkipReason | None:
    """Whether a fetch that failed so is over: gone at once, refused after a few times, anything else never."""
    if isinstance(error, NotFound):
        return SkipReason.GONE
    if isinstance(error, Rejected) and attempts + 1 >= MOST_REFUSALS:
        return SkipReason.REFUSED
    return None


def wait_s(error: GmailError, attempts: int) -> float:
    """Seconds until a failed fetch is tried again; Gmail's own word counts most."""
    if isinstance(error, RateLimited) and error.retry_after_s is not None:
        return error.retry_after_s
    return pause_s(attempts + 1)


def is_newer(candidate: str, cursor: str | None) -> bool:
    """Whether a historyId is beyond the cursor; they are unsigned 64-bit numbers kept as text."""
    return cursor is None or int(candidate) > int(cursor)
