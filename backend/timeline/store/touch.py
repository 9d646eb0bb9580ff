"""Who last spoke with a record, in one statement: the card asks it for every mail that is opened.

It is built once for a viewer: building it takes Python longer than answering it takes the database.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from backend.accounts.shapes import Actor
from backend.accounts.tables import Mailbox, MailboxAlias, User
from backend.activities.tables import Activity, ActivityRecord
from backend.db import read_columns
from backend.linking.tables import Link
from backend.mail.addresses import key_of
from backend.mail.tables import Copy, Message
from backend.privacy.shapes import Sight
from backend.privacy.store.sight import may_see
from backend.records.tables import Record
from backend.timeline.shapes import EntryKind, LastTouch

VIEWERS = 512  # whose statements are kept


def last_touch(session: Session, viewer: Actor, record_id: int) -> LastTouch | None:
    """Return the latest mail, call or meeting with a record; None where there was none that the viewer may know of."""
    row = read_columns(session, _newest(viewer), {"record_id": record_id}).first()
    if row is None:
        return None
    return LastTouch(row.at, row.who, EntryKind(row.kind), row.is_ours, row.is_viewer, row.is_owed)


@lru_cache(maxsize=VIEWERS)
def _newest(viewer: Actor) -> Select[*tuple[Any, ...]]:
    record_id: BindParameter[int] = bindparam("record_id")
    newest = union_all(_latest_mail(viewer, record_id), _latest_talk(viewer, record_id)).subquery()
    return select(newest).order_by(newest.c.at.desc()).limit(1)


def _latest_mail(viewer: Actor, record_id: BindParameter[int]) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            literal(EntryKind.MAIL.value).label("kind"),
            Link.sent_at.label("at"),
            func.coalesce(func.nullif(Message.sender_name, ""), Message.sender_email).label("who"),
            Message.is_ours,
            _is_by(viewer).label("is_viewer"),
            and_(~Message.is_ours, _waits_in_mailbox_of(viewer)).label("is_owed"),
        )
        .join(Message, Message.id == Link.message_id)
        .where(
            Link.record_id == record_id,
            Link.undone_at.is_(None),
            Message.workspace_id == viewer.workspace_id,
            Message.live_copies > 0,
            may_see(viewer, Sight.METADATA),
        )
    )
    return _first(query.order_by(Link.sent_at.desc(), Link.message_id.desc()))


def _latest_talk(viewer: Actor, record_id: BindParameter[int]) -> Select[*tuple[Any, ...]]:
    """The record says whose it is: asked of the activities, the index over all of a team's would be read."""
    record = Record.__table__.c
    query = (
        select(
            Activity.kind,
            Activity.at,
            func.coalesce(func.nullif(User.name, ""), User.email),
            true(),
            Activity.owner_id == viewer.user_id,
            false(),
        )
        .join(ActivityRecord, ActivityRecord.activity_id == Activity.id)
        .join(Record.__table__, record.id == ActivityRecord.record_id)
        .join(User, User.id == Activity.owner_id)
        .where(
            ActivityRecord.record_id == record_id,
            record.workspace_id == viewer.workspace_id,
            Activity.kind.in_([EntryKind.CALL.value, EntryKind.MEETING.value]),
        )
    )
    return _first(query.order_by(Activity.at.desc(), Activity.id.desc()))


def _first(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The first row, in a form that SQLite takes into a UNION."""
    return select(query.limit(1).subquery())


def _is_by(viewer: Actor) -> ColumnElement[bool]:
    """Whether the viewer sent a mail, from whichever of their addresses."""
    own = select(Mailbox.id).where(Mailbox.user_id == viewer.user_id, Mailbox.workspace_id == viewer.workspace_id)
    return or_(
        Message.sender_key == key_of(viewer.email),
        Message.sender_key.in_(select(Mailbox.address_key).where(Mailbox.id.in_(own))),
        Message.sender_key.in_(select(MailboxAlias.address_key).where(MailboxAlias.mailbox_id.in_(own))),
    )


def _waits_in_mailbox_of(viewer: Actor) -> ColumnElement[bool]:
    """Whether a mail from a person is in the viewer's own mailbox and nothing followed it in its conversation."""
    later = aliased(Message)
    followed = exists().where(
        later.conversation_id == Message.conversation_id, later.sent_at > Message.sent_at, later.live_copies > 0
    )
    in_own = exists().where(
        Copy.message_id == Message.id, Copy.is_live, Mailbox.id == Copy.mailbox_id, Mailbox.user_id == viewer.user_id
    )
    return and_(Message.kind == "person", in_own, ~followed)
