"""Draining a mailbox to its end from the command line, at the pace that Gmail's quota allows."""

from __future__ import annotations

import time

from backend.installation import Installation
from backend.sync.drain import Progress
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from backend.sync.store import seconds_to_wait


def drain_to_the_end(installation: Installation, mailbox_id: int, progress: Progress | None = None) -> End:
    """Drain until nothing is left or something is wrong; where a minute's units are used up, wait for the next."""
    while True:
        end = drain_once(installation, mailbox_id, progress)
        pause_s = _pause_s(installation, mailbox_id) if end is End.LATER else None
        if pause_s is not None:
            time.sleep(pause_s)
        elif end is not End.MORE:
            return end


def drain_once(installation: Installation, mailbox_id: int, progress: Progress | None = None) -> End:
    """Drain as far as one drain goes."""
    return drain_mailbox(
        installation.db,
        installation.clock,
        installation.enter,
        mailbox_id,
        limiter=installation.limiter,
        progress=progress,
    )


def _pause_s(installation: Installation, mailbox_id: int) -> float | None:
    with installation.db.read() as session:
        return seconds_to_wait(session, mailbox_id, installation.clock.now())
