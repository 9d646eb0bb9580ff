"""Gmail's own list held against the store: the proof that nothing is lost and nothing unexplained."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

import structlog
from sqlalchemy.orm import Session

from backend.accounts.tables import Mailbox
from backend.db import Database
from backend.gmail.gateway import Gmail
from backend.kit.clock import Clock
from backend.mail.store import count_copies, live_among, live_copies
from backend.privacy.rules.admission import list_query
from backend.privacy.store.policies import rules_for
from backend.sync import store
from backend.sync.ledger import rules
from backend.sync.ledger import store as ledger
from backend.sync.ledger.service import booked, put_right
from backend.sync.rules import DOUBT, NEW_MAIL
from backend.sync.shapes import Audit, Lease
from backend.sync.tables import SyncAudit

log = structlog.get_logger(__name__)

RULED_OUT = "ruled_out"  # never asked for, so no single reason is known
Step = Callable[[], None]


def audit_mailbox(db: Database, gmail: Gmail, mailbox_id: int, beat: Step = lambda: None) -> Audit:
    """Compare ids: what Gmail lists (spam and bin apart) with what is stored, pending or skipped. Changes nothing.

    What Gmail lists and we hold for gone, for spam or for the bin is missing as well.
    `beat` is called after each page of Gmail's list, so that a lease can be kept meanwhile.
    """
    listed = dict(_listed(gmail, beat))
    ruled_out = _ruled_out(db, gmail, mailbox_id, listed, beat)
    with db.read() as session:
        live = live_copies(session, mailbox_id)
        items = store.explained_items(session, mailbox_id, sorted(listed))
        pending, skipped = store.count_items(session, mailbox_id)
        stored = count_copies(session, mailbox_id)
    known = live.keys() | items
    unlisted = ruled_out - known
    explained = known | unlisted
    return Audit(
        listed=len(listed),
        stored=stored,
        pending=pending,
        skipped=skipped | ({RULED_OUT: len(unlisted)} if unlisted else {}),
        missing=tuple((i, t) for i, t in listed.items() if i not in explained),
        extra=tuple((i, t) for i, t in live.items() if i not in listed),
    )


def _ruled_out(db: Database, gmail: Gmail, mailbox_id: int, listed: Collection[str], beat: Step) -> set[str]:
    """Those ids that the mailbox's rules keep from being asked for at all: Gmail itself says which."""
    with db.read() as session:
        query = list_query(rules_for(session, session.get_one(Mailbox, mailbox_id)))
    return set() if query is None else set(listed) - {i for i, _ in _listed(gmail, beat, query)}


def _listed(gmail: Gmail, beat: Step, query: str | None = None) -> Iterator[tuple[str, str]]:
    token: str | None = None
    while True:
        page = gmail.list_messages(query=query, page_token=token)
        yield from ((ref.id, ref.thread_id) for ref in page.refs)
        token = page.next_page_token
        if token is None:
            return
        beat()


def audit_if_due(
    db: Database, clock: Clock, gmail: Gmail, lease: Lease, *, read_history: Step, work: Step
) -> None:  # fmt: skip
    """The nightly audit: hold Gmail's list against the store, queue what differs, and let `work` settle it at once.

    `read_history` is called before the verdict: what arrived while the list was read is no gap.
    """
    mailbox_id = lease.mailbox_id
    with db.read() as session:
        if not ledger.is_audit_due(session, mailbox_id, clock.now()):
            return
    found = audit_mailbox(db, gmail, mailbox_id, lambda: _keep_lease(db, clock, lease))
    read_history()
    with db.write() as session:
        found = _still_unexplained(session, mailbox_id, found)
        audit_id = _keep_result(session, clock, lease, found)
        repair(session, clock, mailbox_id, found)
    if found.gap:
        log.warning("audit_found", mailbox_id=mailbox_id, missing=len(found.missing), extra=len(found.extra))
        work()
    with db.write() as session:
        session.get_one(SyncAudit, audit_id).left = ledger.count_waiting(session, mailbox_id, _ids(found))


def _keep_lease(db: Database, clock: Clock, lease: Lease) -> None:
    with db.write() as session:
        store.hold(session, lease, clock.now())


def _still_unexplained(session: Session, mailbox_id: int, audit: Audit) -> Audit:
    """Leave out what came to be known since."""
    ids = _ids(audit)
    live = live_among(session, mailbox_id, ids)
    known = live | store.explained_items(session, mailbox_id, ids)
    return replace(
        audit,
        missing=tuple(ref for ref in audit.missing if ref[0] not in known),
        extra=tuple(ref for ref in audit.extra if ref[0] in live),
    )


def _keep_result(session: Session, clock: Clock, lease: Lease, audit: Audit) -> int:
    """Keep what was found, correct the books, and plan the next audit; returns the result's number."""
    now, mailbox_id = clock.now(), lease.mailbox_id
    row = SyncAudit(
        mailbox_id=mailbox_id,
        workspace_id=lease.workspace_id,
        at=now,
        listed=audit.listed,
        stored=audit.stored,
        missing=len(audit.missing),
        extra=len(audit.extra),
        left=audit.gap,
        misbooked=put_right(session, lease.workspace_id, mailbox_id, now),
    )
    session.add(row)
    session.flush()
    ledger.plan_audit(session, mailbox_id, rules.next_audit(mailbox_id, now))
    return row.id


def repair(session: Session, clock: Clock, mailbox_id: int, audit: Audit) -> None:
    """Queue what is missing, and what may be gone; the next drain settles both."""
    now, workspace_id = clock.now(), session.get_one(Mailbox, mailbox_id).workspace_id
    with booked(session, workspace_id, mailbox_id, now, _ids(audit)):
        store.queue_ids(session, mailbox_id, audit.missing, NEW_MAIL, now)
        store.queue_ids(session, mailbox_id, audit.extra, DOUBT, now)
    store.make_due(session, mailbox_id, now)


def _ids(audit: Audit) -> list[str]:
    return [gmail_id for gmail_id, _ in (*audit.missing, *audit.extra)]
