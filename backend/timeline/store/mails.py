"""Mail in the timeline, reduced to what the viewer may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor, Sharing
from backend.accounts.tables import Mailbox, User
from backend.linking.tables import Link, Receipt
from backend.mail.shapes import Role
from backend.mail.tables import MESSAGE_SEARCH, Copy, Message, MessageParticipant
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
        is_visible(viewer),
        beyond(wanted.after, EntryKind.MAIL, at, Message.id),
        *within(wanted, at),
    )
    if wanted.user_id is not None:
        query = query.where(is_in_mailbox_of(wanted.user_id))
    matching = MESSAGE_SEARCH.matching(session, wanted.words)
    if matching is not None:
        query = query.where(Message.id.in_(matching), is_readable(viewer))
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


def is_visible(viewer: Actor) -> ColumnElement[bool]:
    """Whether the viewer may know of a mail: a live copy is their own, or shared and not private."""
    return _has_copy(viewer, frozenset({Sharing.EVERYTHING, Sharing.SUBJECT, Sharing.METADATA}))


def is_readable(viewer: Actor) -> ColumnElement[bool]:
    """Whether the viewer may read a mail's text."""
    return _has_copy(viewer, frozenset({Sharing.EVERYTHING}))


def is_open_to(viewer: Actor) -> ColumnElement[bool]:
    """Whether the viewer may open a mail by its id: their own, or a colleague's that they may know of and is linked.

    Mail that belongs to no record is not the team's, whatever its owner shares.
    """
    is_linked = exists().where(Receipt.message_id == Message.id, Receipt.outcome == "linked")
    return and_(is_visible(viewer), or_(is_own(viewer), is_linked))


def is_own(viewer: Actor) -> ColumnElement[bool]:
    """Whether a live copy is the viewer's own."""
    return _has_copy(viewer, frozenset())


def _has_copy(viewer: Actor, levels: frozenset[Sharing]) -> ColumnElement[bool]:
    shared = and_(Mailbox.sharing.in_([level.value for level in levels]), ~Copy.is_private)
    return exists().where(
        Copy.message_id == Message.id,
        Copy.is_live,
        Mailbox.id == Copy.mailbox_id,
        or_(Mailbox.user_id == viewer.user_id, shared),
    )


def is_in_mailbox_of(user_id: int) -> ColumnElement[bool]:
    """Whether a mailbox of this user holds, or held, a copy."""
    return exists().where(Copy.message_id == Message.id, Mailbox.id == Copy.mailbox_id, Mailbox.user_id == user_id)


def mail_entries(session: Session, viewer: Actor, rows: Sequence[Any]) -> list[Entry]:
    """Turn rows of `MAIL_COLUMNS` into entries, without their records."""
    ids = [row.id for row in rows]
    copies = copies_of(session, ids)
    people = _recipients(session, ids)
    return [_mail_entry(viewer, row, copies[row.id], people[row.id]) for row in rows]


def _mail_entry(viewer: Actor, row: Any, copies: Sequence[Any], to: Sequence[str]) -> Entry:
    level = best_sharing(viewer, copies)
    own = next((c for c in copies if c.user_id == viewer.user_id), None)
    return Entry(
        kind=EntryKind.MAIL,
        id=row.id,
        at=row.sent_at,
        who=row.sender_name or row.sender_email,
        title=row.subject if level in {Sharing.EVERYTHING, Sharing.SUBJECT} else None,
        text=row.snippet if level is Sharing.EVERYTHING else "",
        to=tuple(to),
        is_ours=row.is_ours,
        message_id=row.id,
        conversation_id=row.conversation_id,
        attachment_count=row.attachment_count if level is Sharing.EVERYTHING else 0,
        mailboxes=tuple(dict.fromkeys(c.name for c in copies)),
        gmail_url=gmail_url(own.address, own.gmail_id) if own else "",
    )


def gmail_url(address: str, gmail_id: str) -> str:
    """Return the address that opens a mail in its owner's own Gmail."""
    return f"https://mail.google.com/mail/u/{address}/#all/{gmail_id}"


def best_sharing(viewer: Actor, copies: Sequence[Any]) -> Sharing:
    """Return how much the viewer may see of a mail: one's own copy is open, of colleagues' the most open one counts."""
    levels = [Sharing.EVERYTHING if c.user_id == viewer.user_id else Sharing(c.sharing) for c in copies
              if c.user_id == viewer.user_id or not c.is_private]  # fmt: skip
    return min(levels, key=list(Sharing).index, default=Sharing.NOTHING)


def copies_of(session: Session, message_ids: Sequence[int]) -> dict[int, list[Any]]:
    """Live copies by mail: whose, where, and how much their owners share."""
    found: dict[int, list[Any]] = defaultdict(list)
    query = (
        select(
            Copy.message_id,
            Copy.gmail_id,
            Copy.is_private,
            Mailbox.address,
            Mailbox.sharing,
            Mailbox.user_id,
            User.name,
        )
        .join(Mailbox, Mailbox.id == Copy.mailbox_id)
        .join(User, User.id == Mailbox.user_id)
        .where(Copy.message_id.in_(message_ids), Copy.is_live)
        .order_by(Copy.id)
    )
    for row in session.execute(query):
        found[row.message_id].append(row)
    return found


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
