"""Who sees how much of which mail: `rules.sight` asked of the database, for every list, search and page alike.

A grant opens a mail for a look (which is written to the audit log), never a list: so lists leave grants aside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor, Sharing
from backend.accounts.tables import Mailbox, User
from backend.db import among, read_columns
from backend.mail.store import chunks
from backend.mail.tables import Copy, Message
from backend.privacy.rules.sight import best_sight, sight_of
from backend.privacy.shapes import Holding, RequestState, Sight
from backend.privacy.tables import AccessRequest, PrivateThread


@dataclass(frozen=True, slots=True)
class Holder:
    """A mailbox with a live copy of a mail, and how somebody stands to it. `name` is its owner's."""

    mailbox_id: int
    user_id: int
    name: str
    address: str
    gmail_id: str
    holding: Holding

    @property
    def sight(self) -> Sight:
        """What this copy shows in a list."""
        return sight_of(replace(self.holding, is_granted=False))

    @property
    def opened(self) -> Sight:
        """What it shows to somebody who opens the mail, grants included."""
        return sight_of(self.holding)


@dataclass(frozen=True, slots=True)
class Seen:
    """All copies of a mail that somebody may know of."""

    holders: tuple[Holder, ...]

    @property
    def sight(self) -> Sight:
        """How much of the mail a list shows."""
        return best_sight(h.sight for h in self.holders)

    @property
    def opened(self) -> Sight:
        """How much of it is shown once it is opened."""
        return best_sight(h.opened for h in self.holders)

    @property
    def own(self) -> Holder | None:
        """The viewer's own copy."""
        return next((h for h in self.holders if h.holding.is_own), None)

    @property
    def names(self) -> tuple[str, ...]:
        """Whose mailboxes hold it, each once."""
        return tuple(dict.fromkeys(h.name for h in self.holders))


def may_see(viewer: Actor, least: Sight = Sight.LOCKED, *, held_by: int | None = None) -> ColumnElement[bool]:
    """Whether a list may show the viewer at least this much of a `Message`; `held_by`: by this colleague's copy."""
    shared = and_(~Copy.is_private, Mailbox.sharing.in_(_levels(least)))
    if least is not Sight.LOCKED:
        shared = and_(shared, ~_is_locked())
    whose = () if held_by is None else (Mailbox.user_id == held_by,)
    return _has_copy(or_(Mailbox.user_id == viewer.user_id, shared), *whose)


def is_own(viewer: Actor) -> ColumnElement[bool]:
    """Whether a live copy of a `Message` is the viewer's own."""
    return _has_copy(Mailbox.user_id == viewer.user_id)


def is_kept_by(viewer: Actor) -> ColumnElement[bool]:
    """Whether the viewer keeps the conversation of a `Message` to themselves."""
    thread = PrivateThread
    return exists().where(
        thread.conversation_id == Message.conversation_id,
        Mailbox.id == thread.mailbox_id,
        Mailbox.user_id == viewer.user_id,
    )


def _has_copy(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Copy.message_id == Message.id, Copy.is_live, Mailbox.id == Copy.mailbox_id, *where)


def _levels(least: Sight) -> list[str]:
    return [s.value for s in Sharing if s is not Sharing.NOTHING and Sight(s.value).reaches(least)]


def _is_locked() -> ColumnElement[bool]:
    thread = PrivateThread
    return exists().where(thread.conversation_id == Message.conversation_id, thread.mailbox_id == Mailbox.id)


def _is_granted(viewer: Actor) -> ColumnElement[bool]:
    request = AccessRequest
    return exists().where(
        request.conversation_id == Message.conversation_id,
        request.mailbox_id == Mailbox.id,
        request.asker_id == viewer.user_id,
        request.state == RequestState.GRANTED.value,
    )


def seen_copies(session: Session, viewer: Actor, message_ids: Sequence[int]) -> dict[int, Seen]:
    """The copies of these mails that the viewer may know of, each mail with an entry."""
    found: dict[int, list[Holder]] = defaultdict(list)
    for row in session.execute(_holders(viewer).where(Copy.message_id.in_(message_ids)).order_by(Copy.id)):
        holder = _holder(row, viewer)
        if holder.opened is not Sight.NOTHING:
            found[row.message_id].append(holder)
    return {i: Seen(tuple(found[i])) for i in message_ids}


def _holders(viewer: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Copy.message_id, Copy.gmail_id, Copy.is_private, Mailbox.id.label("mailbox_id"), Mailbox.address,
            Mailbox.sharing, Mailbox.user_id, User.name, User.email,
            _is_locked().label("is_locked"), _is_granted(viewer).label("is_granted"),
        )
        .select_from(Copy)
        .join(Message, Message.id == Copy.message_id)
        .join(Mailbox, Mailbox.id == Copy.mailbox_id)
        .join(User, User.id == Mailbox.user_id)
        .where(Copy.workspace_id == viewer.workspace_id, Copy.is_live)
    )  # fmt: skip


def _holder(row: Any, viewer: Actor) -> Holder:
    holding = Holding(
        is_own=row.user_id == viewer.user_id,
        sharing=Sharing(row.sharing),
        has_label=row.is_private,
        is_locked=row.is_locked,
        is_granted=row.is_granted,
    )
    return Holder(row.mailbox_id, row.user_id, row.name or row.email, row.address, row.gmail_id, holding)


def known_to_team(session: Session, message_ids: Collection[int]) -> set[int]:
    """Those mails of which everybody in the team may see who took part: only they make new contacts."""
    found: set[int] = set()
    for chunk in chunks(sorted(message_ids)):
        found.update(read_columns(session, _known_to_team(), {"ids": chunk}).scalars())
    return found


@cache  # asked for every batch of mail that brings new people
def _known_to_team() -> Select[int]:
    shared = and_(~Copy.is_private, Mailbox.sharing != Sharing.NOTHING.value, ~_is_locked())
    return (
        select(Copy.message_id)
        .join(Message, Message.id == Copy.message_id)
        .join(Mailbox, Mailbox.id == Copy.mailbox_id)
        .where(among(Copy.message_id, "ids"), shared)
    )
