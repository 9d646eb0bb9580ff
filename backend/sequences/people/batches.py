"""Putting thousands of people in, some at a time: each batch is a transaction of its own, and is committed here.

Mail of others goes on being synced and sent in between. Whoever is killed in the midst has put in the batches that
ended; done again, it puts in the rest, since nobody is put in twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from backend.accounts.shapes import Actor
from backend.db import Database
from backend.kit.clock import Clock
from backend.sequences.people.enrolling import distinct, enrol_many
from backend.sequences.shapes import Enrolled

AT_ONCE = 500
_BREATH_S = 0.02  # who waits for SQLite's lock looks every 25 ms at first: without a gap they wait until the very end


def enrol_in_batches(
    db: Database, clock: Clock, actor: Actor, sequence_id: int, contact_ids: Iterable[int],
    *, mailbox_id: int | None = None, again: bool = False,
) -> Enrolled:  # fmt: skip
    """Put many people in, each once, as `enrol_many` does. Raises what that raises; then the batches before it stay."""
    wanted, enrolled = distinct(contact_ids), 0
    refused: dict[int, str] = {}
    for begin in range(0, len(wanted), AT_ONCE):
        if begin and db.is_sqlite:
            time.sleep(_BREATH_S)
        with db.write() as session:
            batch = wanted[begin : begin + AT_ONCE]
            done = enrol_many(session, clock, actor, sequence_id, batch, mailbox_id=mailbox_id, again=again)
        enrolled += done.enrolled
        refused |= done.refused
    return Enrolled(enrolled, refused)
