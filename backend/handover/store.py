"""What a person owns, and giving it to another one, by ids so that it can be given back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from backend.accounts.tables import Mailbox, User
from backend.activities.tables import Activity
from backend.handover.shapes import Belongings, HandoverView
from backend.handover.tables import Handover
from backend.mail.store import chunks
from backend.mail.store.copies import count_live_copies
from backend.mail.tables import Copy, Message
from backend.privacy.tables import PrivateThread
from backend.records.tables import Record


def belongings(session: Session, workspace_id: int, user_id: int) -> Belongings:
    """Count what would change hands."""
    of_user = (Record.workspace_id == workspace_id, Record.owner_id == user_id, Record.deleted_at.is_(None))
    kinds = session.execute(select(Record.kind, func.count()).where(*of_user).group_by(Record.kind))
    boxes = session.scalars(select(Mailbox).where(Mailbox.workspace_id == workspace_id, Mailbox.user_id == user_id))
    addresses = {box.id: box.address for box in boxes}
    copies = select(func.count()).select_from(Copy).where(Copy.mailbox_id.in_(addresses))
    return Belongings(
        records={row[0]: row[1] for row in kinds},
        tasks=len(open_tasks(session, workspace_id, user_id)),
        mailboxes=tuple(sorted(addresses.values())),
        mails=session.scalar(copies) or 0,
        private_mails=len(private_copies(session, list(addresses))),
    )


def records(session: Session, workspace_id: int, user_id: int) -> list[int]:
    """The ids of the records that somebody is responsible for."""
    where = (Record.workspace_id == workspace_id, Record.owner_id == user_id, Record.deleted_at.is_(None))
    return list(session.scalars(select(Record.id).where(*where).order_by(Record.id)))


def open_tasks(session: Session, workspace_id: int, user_id: int) -> list[int]:
    """The ids of the tasks that somebody still has to do."""
    where = (Activity.workspace_id == workspace_id, Activity.owner_id == user_id, Activity.kind == "task")
    return list(session.scalars(select(Activity.id).where(*where, Activity.done_at.is_(None)).order_by(Activity.id)))


def private_copies(session: Session, mailbox_ids: Sequence[int]) -> list[int]:
    """The ids of the shown copies that these mailboxes keep to themselves, by a label or as a private thread."""
    of_thread = exists().where(
        PrivateThread.mailbox_id == Copy.mailbox_id, PrivateThread.conversation_id == Message.conversation_id
    )
    query = (
        select(Copy.id)
        .join(Message, Message.id == Copy.message_id)
        .where(Copy.mailbox_id.in_(mailbox_ids), Copy.is_live, or_(Copy.is_private, of_thread))
    )
    return list(session.scalars(query.order_by(Copy.id)))


def show_copies(session: Session, copy_ids: Sequence[int], *, is_live: bool) -> None:
    """Hide copies from everybody, or show them again."""
    for chunk in chunks(copy_ids):
        session.execute(update(Copy).where(Copy.id.in_(chunk)).values(is_live=is_live))
        count_live_copies(session, session.scalars(select(Copy.message_id).where(Copy.id.in_(chunk))))


def give_records(session: Session, ids: Sequence[int], giver_id: int, taker_id: int, now: datetime) -> None:
    """Let records change hands that are still the giver's; each becomes a new version of itself."""
    for chunk in chunks(ids):
        where = and_(Record.id.in_(chunk), Record.owner_id == giver_id)
        values = {"owner_id": taker_id, "version": Record.version + 1, "updated_at": now}
        session.execute(update(Record).where(where).values(**values), execution_options={"synchronize_session": False})


def give_tasks(session: Session, ids: Sequence[int], giver_id: int, taker_id: int) -> None:
    """Let tasks change hands that are still the giver's."""
    for chunk in chunks(ids):
        where = and_(Activity.id.in_(chunk), Activity.owner_id == giver_id)
        session.execute(update(Activity).where(where).values(owner_id=taker_id))


def newest_standing(session: Session, workspace_id: int, leaver_id: int) -> Handover | None:
    """The last handover of somebody that was not taken back."""
    return next((found for found in standing(session, workspace_id) if found.leaver_id == leaver_id), None)


def standing(session: Session, workspace_id: int) -> list[Handover]:
    """Of each leaver the last handover that was not taken back."""
    query = select(Handover).where(Handover.workspace_id == workspace_id, Handover.undone_at.is_(None))
    newest: dict[int, Handover] = {}
    for found in session.scalars(query.order_by(Handover.id.desc())):
        newest.setdefault(found.leaver_id, found)
    return list(newest.values())


def handovers(session: Session, workspace_id: int, limit: int = 20) -> list[HandoverView]:
    """The newest handovers of a team."""
    leaver, heir = aliased(User), aliased(User)
    query = (
        select(Handover, leaver.name, leaver.email, heir.name, heir.email)
        .join(leaver, leaver.id == Handover.leaver_id)
        .join(heir, heir.id == Handover.heir_id)
        .where(Handover.workspace_id == workspace_id)
        .order_by(Handover.id.desc())
        .limit(limit)
    )
    return [
        HandoverView(
            id=row[0].id,
            at=row[0].at,
            leaver=row[1] or row[2],
            heir=row[3] or row[4],
            records=len(row[0].moved["records"]),
            tasks=len(row[0].moved["tasks"]),
            mailboxes=len(row[0].moved["mailboxes"]),
            undone_at=row[0].undone_at,
        )
        for row in session.execute(query)
    ]
