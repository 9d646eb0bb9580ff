"""Gmail's own list held against the store: the proof that nothing is lost and nothing unexplained."""

from __future__ import annotations

from collections.abc import Iterator

from backend.db import Database
from backend.gmail.gateway import Gmail
from backend.kit.clock import Clock
from backend.mail.store import count_copies
from backend.sync import store
from backend.sync.rules import DOUBT, NEW_MAIL
from backend.sync.shapes import Audit


def audit_mailbox(db: Database, gmail: Gmail, mailbox_id: int) -> Audit:
    """Compare ids: what Gmail lists (spam and bin apart) with what is stored, pending or skipped. Changes nothing."""
    listed = dict(_listed(gmail))
    with db.read() as session:
        live = store.live_copies(session, mailbox_id)
        items = store.known_items(session, mailbox_id, sorted(listed))
        hidden = store.hidden_copies(session, mailbox_id)
        pending, skipped = store.count_items(session, mailbox_id)
        stored = count_copies(session, mailbox_id)
    known = live.keys() | items | hidden
    return Audit(
        listed=len(listed),
        stored=stored,
        pending=pending,
        skipped=skipped,
        missing=tuple((i, t) for i, t in listed.items() if i not in known),
        extra=tuple((i, t) for i, t in live.items() if i not in listed),
    )


def _listed(gmail: Gmail) -> Iterator[tuple[str, str]]:
    token: str | None = None
    while True:
        page = gmail.list_messages(page_token=token)
        yield from ((ref.id, ref.thread_id) for ref in page.refs)
        token = page.next_page_token
        if token is None:
            return


def repair(db: Database, clock: Clock, mailbox_id: int, audit: Audit) -> int:
    """Queue what is missing, and what may be gone; the next drain settles both. Returns how many ids."""
    now = clock.now()
    with db.write() as session:
        store.queue_ids(session, mailbox_id, audit.missing, NEW_MAIL, now)
        store.queue_ids(session, mailbox_id, audit.extra, DOUBT, now)
        store.make_due(session, mailbox_id, now)
    return len(audit.missing) + len(audit.extra)
