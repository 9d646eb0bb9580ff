"""What pages and cards ask of the timeline."""

from __future__ import annotations

from datetime import datetime
from heapq import merge
from itertools import islice

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from backend.accounts.shapes import Actor
from backend.linking.tables import Receipt
from backend.mail.tables import Message
from backend.privacy.store.sight import is_own
from backend.timeline.shapes import Entry, Wanted
from backend.timeline.store.chips import with_records
from backend.timeline.store.mails import MAIL_COLUMNS, mail_entries, mails
from backend.timeline.store.order import position
from backend.timeline.store.others import activities, stages


def entries(session: Session, viewer: Actor, wanted: Wanted) -> list[Entry]:
    """Return one page of what the viewer may see, newest first, `wanted.limit` at most."""
    sources = [mails(session, viewer, wanted), activities(session, viewer, wanted), stages(session, viewer, wanted)]
    newest_first = merge(*sources, key=position)
    return with_records(session, list(islice(newest_first, wanted.limit)))


def replies_owed(session: Session, viewer: Actor, since: datetime, limit: int = 20) -> list[Entry]:
    """Return mail in the viewer's own mailboxes that is the last word of its conversation and not the team's."""
    later = aliased(Message)
    is_answered = exists().where(
        later.conversation_id == Message.conversation_id, later.sent_at > Message.sent_at, later.live_copies > 0
    )
    query = (
        select(*MAIL_COLUMNS)
        .join(Receipt, Receipt.message_id == Message.id)
        .where(
            Receipt.workspace_id == viewer.workspace_id,
            Receipt.outcome == "linked",
            Receipt.sent_at >= since,
            ~Message.is_ours,
            Message.kind == "person",
            Message.live_copies > 0,
            is_own(viewer),
            ~is_answered,
        )
        .order_by(Receipt.sent_at.desc())
        .limit(limit)
    )
    rows = session.execute(query).all()
    return with_records(session, mail_entries(session, viewer, rows))
