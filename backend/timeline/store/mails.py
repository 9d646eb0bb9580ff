"""Mail in the timeline, reduced to what the viewer may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.linking.tables import Link, Receipt
from backend.mail.links import gmail_url
from backend.mail.shapes import Role
from backend.mail.tables import MESSAGE_SEARCH, Message, MessageParticipant
from backend.privacy.shapes import Sight
from backend.privacy.store.sight import Seen, is_own, may_see, seen_copies
from backend.timeline.shapes import Entry, EntryKind, Wanted
from backend.timeline.store.order import beyond, within

TO_SHOWN = 3


def mails(session: Session, viewer: Actor, wanted: Wanted) -> list[Entry]:
    """Return the newest page of linked mail that the viewer may know of."""
    if EntryKind.MAIL not in wanted.kinds:
        return []
    query, at = _mails_of_record(wanted.record_id) if wanted.record_id else _mails_of_team(viewer.workspace_id)
    query = query.where(
        Message.workspace_id == viewer.workspace_id,
        Message.live_copies > 0,
        may_see(viewer),
        beyond(wanted.after, EntryKind.MAIL, at, Message.id),
        *within(wanted, at),
    )
    if wanted.user_id is not None:
        query = query.where(is_in_mailbox_of(viewer, wanted.user_id))
    matching = MESSAGE_SEARCH.matching(session, wanted.words)
    if matching is not None:
        query = query.where(Message.id.in_(matching), may_see(viewer, Sight.EVERYTHING))
    rows = session.execute(query.order_by(at.desc(), Message.id.desc()).limit(wanted.limit)).all()
    return mail_entries(session, viewer, rows)


def _mails_of_record(record_id: int) -> tuple[Select[*tuple[Any, ...]], Any]:
    query = select(*MAIL_COLUMNS).join(Link, Link.message_id == Message.id)
    return query.where(Link.record_id == record_id, Link.undone_at.is_(None)), Link.sent_at


def _mails_of_team(workspace_id: int) -> tuple[Select[*tuple[Any, ...]], Any]:
    query = select(*MAIL_COLUMNS).join(Receipt, Receipt.message_id == Message.id)
    return query.where(Receipt.workspace_id == workspace_id, Receipt.outcome == "linked"), Receipt.sent_at


MAIL_COLUMNS = (
    Message.id,
    Message.conversation_id,
    Message.sent_at,
    Message.subject,
    Message.snippet,
    Message.sender_name,
    Message.sender_email,
    Message.is_ours,
    Message.attachment_count,
)


def is_in_mailbox_of(viewer: Actor, user_id: int) -> ColumnElement[bool]:
    """Whether a mailbox of this user holds a copy of which the viewer may know."""
    return is_own(viewer) if user_id == viewer.user_id else may_see(viewer, held_by=user_id)


def mail_entries(session: Session, viewer: Actor, rows: Sequence[Any]) -> list[Entry]:
    """Turn rows of `MAIL_COLUMNS` into entries, without their records."""
    ids = [row.id for row in rows]
    copies = seen_copies(session, viewer, ids)
    people = _recipients(session, ids)
    return [_mail_entry(row, copies[row.id], people[row.id]) for row in rows]


def _mail_entry(row: Any, seen: Seen, to: Sequence[str]) -> Entry:
    sight, own = seen.sight, seen.own
    is_locked = not sight.reaches(Sight.METADATA)
    return Entry(
        kind=EntryKind.MAIL,
        id=row.id,
        at=row.sent_at,
        who=next(iter(seen.names), "") if is_locked else row.sender_name or row.sender_email,
        title=row.subject if sight.reaches(Sight.SUBJECT) else None,
        text=row.snippet if sight is Sight.EVERYTHING else "",
        to=() if is_locked else tuple(to),
        is_ours=is_locked or row.is_ours,
        message_id=row.id,
        conversation_id=row.conversation_id,
        attachment_count=row.attachment_count if sight is Sight.EVERYTHING else 0,
        mailboxes=seen.names,
        gmail_url=gmail_url(own.address, own.gmail_id) if own else "",
        sight=sight,
        opened=seen.opened,
        is_kept=own is not None and own.holding.is_locked,
    )


def _recipients(session: Session, message_ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    p = MessageParticipant
    query = (
        select(p.message_id, p.name, p.email)
        .where(p.message_id.in_(message_ids), p.role == Role.TO.value)
        .order_by(p.message_id, p.position)
    )
    for message_id, name, email in session.execute(query):
        if len(found[message_id]) < TO_SHOWN:
            found[message_id].append(name or email)
    return found
