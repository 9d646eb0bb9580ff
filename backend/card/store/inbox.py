"""The reader's own mailbox as a list, for the page that shows each card beside its mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.linking.receipt_store import is_open_to
from backend.linking.shapes import Outcome, Reason
from backend.linking.tables import Receipt
from backend.mail.addresses import key_of
from backend.mail.shapes import Participant, Role
from backend.mail.store.reading import participants_of, text_of
from backend.mail.tables import Message
from backend.privacy.shapes import Sight
from backend.privacy.store.sight import is_own, seen_copies


class Show(StrEnum):
    """Which mails are listed; each kind has cards of its own."""

    ALL = "all"
    LINKED = "linked"
    STRANGERS = "strangers"
    ASIDE = "aside"
    INTERNAL = "internal"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class ListedMail:
    """A mail in the list. `who` is the sender, or the recipients of what the reader sent.

    Of a locked mail, a colleague's, it is who holds it, and there is neither subject nor snippet.
    """

    id: int
    who: str
    is_sent: bool
    subject: str
    snippet: str
    sent_at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class ShownMail:
    """A mail as it is read; `text` with its quotes."""

    id: int
    subject: str
    sent_at: datetime
    sender_name: str
    sender_email: str
    people: tuple[Participant, ...]
    text: str


_SHOWN: dict[Show, ColumnElement[bool]] = {
    Show.ALL: true(),
    Show.LINKED: Receipt.outcome == Outcome.LINKED.value,
    Show.STRANGERS: Receipt.reason == Reason.NOBODY_KNOWN.value,
    Show.ASIDE: and_(
        Receipt.outcome != Outcome.LINKED.value,
        Receipt.reason.not_in([Reason.NOBODY_KNOWN.value, Reason.INTERNAL.value]),
    ),
    Show.INTERNAL: Receipt.reason == Reason.INTERNAL.value,
}


def locked_mails(session: Session, actor: Actor, limit: int) -> list[ListedMail]:
    """The latest mails of colleagues of which the reader may know that they are there, and no more."""
    query = (
        select(Message.id, Message.sent_at)
        .where(Message.workspace_id == actor.workspace_id, is_open_to(actor), ~is_open_to(actor, Sight.SUBJECT))
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(limit)
    )
    rows = session.execute(query).all()
    seen = seen_copies(session, actor, [row.id for row in rows])
    return [ListedMail(row.id, ", ".join(seen[row.id].names), False, "", "", row.sent_at, Reason.NONE) for row in rows]


def own_mails(session: Session, actor: Actor, show: Show, limit: int) -> list[ListedMail]:
    """The latest mails of the reader's own mailboxes; of the locked ones, of colleagues'."""
    if show is Show.LOCKED:
        return locked_mails(session, actor, limit)
    query = (
        select(Message, Receipt.reason)
        .outerjoin(Receipt, Receipt.message_id == Message.id)
        .where(Message.workspace_id == actor.workspace_id, is_own(actor), _SHOWN[show])
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(limit)
    )
    rows = session.execute(query).all()
    people = participants_of(session, [row.Message.id for row in rows])
    own = key_of(actor.email)
    return [
        ListedMail(
            id=m.id,
            who=_names(people[m.id], Role.TO) if m.sender_key == own else m.sender_name or m.sender_email,
            is_sent=m.sender_key == own,
            subject=m.subject,
            snippet=m.snippet,
            sent_at=m.sent_at,
            reason=Reason(reason or ""),
        )
        for m, reason in rows
    ]


def _names(people: Sequence[Participant], role: Role) -> str:
    return ", ".join(p.address.name or p.address.email for p in people if p.role is role)


def own_mail(session: Session, actor: Actor, message_id: int) -> ShownMail | None:
    """One mail of the reader's own mailboxes."""
    query = select(Message).where(Message.workspace_id == actor.workspace_id, Message.id == message_id, is_own(actor))
    m = session.scalars(query).first()
    if m is None:
        return None
    return ShownMail(
        id=m.id,
        subject=m.subject,
        sent_at=m.sent_at,
        sender_name=m.sender_name,
        sender_email=m.sender_email,
        people=tuple(participants_of(session, [m.id])[m.id]),
        text=text_of(session, actor.workspace_id, m.id) or "",
    )
