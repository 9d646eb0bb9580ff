"""Pure decisions of sync."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from backend.gmail.errors import GmailError, NotFound, RateLimited, Rejected
from backend.sync.shapes import SkipReason, Waiting

FIRST_PAUSE_S = 5
LONGEST_PAUSE_S = 3600
MOST_REFUSALS = 3
# The queue's order: new mail, what may be gone, recent mail and known people, the long tail, labels in doubt.
NEW_MAIL, DOUBT, KNOWN, LISTED, REFRESH = 0, 1, 3, 5, 9
FIRST_OF_IMPORT = KNOWN
RECENT = "newer_than:30d"
NAMES_A_QUERY = 20
_PLAIN_NAME = re.compile(r"[\w.+-]+(@[\w.-]+)?")  # what Gmail's search takes without quoting
DUE_EVERY_S = 60
FIRST_HINT_PAUSE_S = 2

# Drafts change their id at each autosave and chats are no correspondence; spam and bin may come back by a label change.
_SKIPPED_LABELS = (
    ("DRAFT", SkipReason.DRAFT),
    ("CHAT", SkipReason.CHAT),
    ("SPAM", SkipReason.SPAM),
    ("TRASH", SkipReason.TRASH),
)
# A listing leaves out spam and bin, and names nothing that is gone: of an id in it these reasons hold no longer.
REFUTED_BY_LISTING = frozenset({SkipReason.SPAM, SkipReason.TRASH, SkipReason.GONE})


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


def new_mail_due(now: datetime, waiting: Waiting) -> datetime:
    """When to look for new mail again: in a minute, sooner where an id waits or a push notice is still unfulfilled."""
    moments = [now + timedelta(seconds=DUE_EVERY_S)]
    if waiting.new_mail_at is not None:
        moments.append(waiting.new_mail_at)
    if is_hint_open(waiting):
        moments.append(now + timedelta(seconds=hint_pause_s(waiting.hint_looks)))
    return max(min(moments), now)


def is_hint_open(waiting: Waiting) -> bool:
    """Whether a push notice announced more than history has shown so far: Gmail may take a moment."""
    return waiting.hinted_history_id is not None and is_newer(waiting.hinted_history_id, waiting.history_id)


def hint_pause_s(looks: int) -> int:
    """Seconds until the next look for what a notice announced: 2, 4, 8, … up to the usual minute."""
    return min(DUE_EVERY_S, FIRST_HINT_PAUSE_S << min(looks, 5))


def relevant_queries(known: Sequence[str]) -> Iterator[str]:
    """Gmail queries for the mail that matters most: the last month's, and that with `known` domains and addresses."""
    yield RECENT
    plain = [name for name in known if _PLAIN_NAME.fullmatch(name)]
    for start in range(0, len(plain), NAMES_A_QUERY):
        several = plain[start : start + NAMES_A_QUERY]
        yield "{" + " ".join(f"from:{name} to:{name} cc:{name}" for name in several) + "}"
