"""What Pub/Sub tells us: in this mailbox something happened, up to that historyId. A hint, never a fact.

A hint makes the mailbox due now and is kept until the cursor has passed it. So duplicates, bursts, old historyIds and
forged ones change nothing but when we look. Source: https://developers.google.com/workspace/gmail/api/guides/push.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from backend.mail.addresses import key_of
from backend.sync import store
from backend.sync.rules import is_newer

log = structlog.get_logger(__name__)

_LARGEST_HISTORY_ID = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Hint:
    """One notice: the mailbox by its compared address, and how far its history went when it was sent."""

    address_key: str
    history_id: str


def read_hint(message: Any) -> Hint | None:
    """Read a `PubsubMessage` as JSON has it; None where it is not a notice of Gmail's."""
    try:
        notice = json.loads(base64.b64decode(message["data"]))
        address, number = str(notice["emailAddress"]), int(notice["historyId"])
    except (KeyError, TypeError, ValueError):
        return None
    if "@" not in address or not 0 < number <= _LARGEST_HISTORY_ID:
        return None
    return Hint(key_of(address), str(number))


def take_hints(session: Session, hints: Iterable[Hint], now: datetime) -> int:
    """Store hints, each for every active mailbox of its address; returns how many said something new."""
    newest: dict[str, str] = {}
    for hint in hints:
        if is_newer(hint.history_id, newest.get(hint.address_key)):
            newest[hint.address_key] = hint.history_id
    return sum(_take(session, address_key, history_id, now) for address_key, history_id in newest.items())


def _take(session: Session, address_key: str, history_id: str, now: datetime) -> int:
    states = store.hinted_states(session, address_key)
    if not states:
        log.info("push_for_unknown_mailbox")  # taken all the same: Pub/Sub would send it again for days
    told = [s for s in states if is_newer(history_id, s.hinted_history_id) and is_newer(history_id, s.history_id)]
    for state in told:
        state.hinted_history_id, state.hint_looks = history_id, 0
        if state.failures == 0:  # a pause that Gmail asked for is kept
            state.next_sync_at = min(state.next_sync_at, now)
    return len(told)
