"""The tick's part of results: booking the answers among the mail that came since."""

from __future__ import annotations

from backend.db import Database
from backend.sequences.results import booking_store as store
from backend.sequences.results.rules import answered

COPIES = 500


def book_answers(db: Database, *, limit: int = COPIES) -> int:
    """Search up to `limit` new copies of each mailbox that sends; returns how many answers there were.

    Told twice, an answer is booked once: it may be searched by two workers, and come in two mailboxes.
    """
    with db.read() as session:
        mailboxes = store.senders_with_news(session)
    return sum(_book_mailbox(db, *mailbox, limit=limit) for mailbox in mailboxes)


def _book_mailbox(db: Database, workspace_id: int, mailbox_id: int, after_id: int, *, limit: int) -> int:
    with db.read() as session:
        news = store.unread(session, workspace_id, mailbox_id, after_id, limit)
        threads = store.in_threads(session, mailbox_id, {came.thread_id for came in news.came})
        earliest = min((came.at for came in news.came), default=None)
        keys = {came.sender_key for came in news.came if came.is_person}
        people = store.to_people(session, workspace_id, keys, earliest) if earliest else {}
    found = [
        (*hit, came)
        for came in sorted(news.came, key=lambda came: (came.at, came.message_id))
        if (hit := answered(came, threads.get(came.thread_id, ()), people.get(came.sender_key, ())))
    ]
    with db.write() as session:
        store.book(session, news, ((outbox_id, came, how) for outbox_id, how, came in found))
    return len(found)
