"""Handing over what a leaver has, and taking that back. Nothing here commits.

The grants to the leaver's mailboxes are forgotten and their sync ends; what was read stays, in the heir's name. What
the leaver kept private stays closed, to the heir as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.accounts.mailboxes import disconnect_mailbox
from backend.accounts.service import disable_user, enable_user
from backend.accounts.shapes import Actor
from backend.accounts.store import get_user, mailboxes
from backend.accounts.tables import User
from backend.audit.service import record
from backend.audit.shapes import Subject
from backend.handover import store
from backend.handover.shapes import Belongings
from backend.handover.tables import Handover
from backend.kit.clock import Clock
from backend.kit.errors import UserError


@dataclass(frozen=True, slots=True)
class Done:
    """A handover, and the sealed grants that Google should be told of once it is committed."""

    handover: Handover
    sealed: tuple[bytes, ...]


def preview(session: Session, workspace_id: int, leaver_id: int) -> Belongings:
    """What `hand_over` would move. Raises `NotFoundError`."""
    return store.belongings(session, workspace_id, get_user(session, workspace_id, leaver_id).id)


def hand_over(
    session: Session, clock: Clock, by: Actor, leaver_id: int, heir_id: int, *, is_closing: bool = True
) -> Done:
    """Move a leaver's records, open tasks and mailboxes to an heir; `is_closing` closes the leaver's account.

    Raises `NotFoundError`, and `UserError` for an heir who cannot take it or a leaver who is the only admin.
    """
    leaver, heir = _pair(session, by, leaver_id, heir_id)
    boxes = mailboxes(session, by.workspace_id, user_id=leaver.id)
    moved = {
        "records": store.records(session, by.workspace_id, leaver.id),
        "tasks": store.open_tasks(session, by.workspace_id, leaver.id),
        "mailboxes": [box.id for box in boxes],
        "private": store.private_copies(session, [box.id for box in boxes]),
        "closed": [leaver.id] if is_closing and leaver.disabled_at is None else [],
    }
    if moved["closed"]:
        disable_user(session, clock, by, leaver)
    sealed = [disconnect_mailbox(session, clock, box, by=by) for box in boxes if box.status != "disconnected"]
    store.show_copies(session, moved["private"], is_live=False)
    _give(session, clock, moved, leaver, heir)
    found = Handover(
        workspace_id=by.workspace_id, leaver_id=leaver.id, heir_id=heir.id, user_id=by.user_id, moved=moved,
        at=clock.now(),
    )  # fmt: skip
    session.add(found)
    _log(session, clock, by, found, "user.hand_over")
    return Done(found, tuple(grant for grant in sealed if grant is not None))


def take_back(session: Session, clock: Clock, by: Actor, leaver_id: int) -> Handover:
    """Undo the last handover of somebody: what is still the heir's goes back, and the account opens again.

    Grants do not come back: the mailboxes stay disconnected until their owner connects them. Raises `UserError` where
    there is nothing to take back.
    """
    leaver = get_user(session, by.workspace_id, leaver_id)
    found = store.newest_standing(session, by.workspace_id, leaver.id)
    if found is None:
        raise UserError("Nothing of theirs was handed over, or it was taken back already.")
    heir = get_user(session, by.workspace_id, found.heir_id)
    _give(session, clock, found.moved, heir, leaver)
    store.show_copies(session, found.moved["private"], is_live=True)
    if found.moved["closed"]:
        enable_user(session, clock, by, leaver)
    found.undone_at = clock.now()
    _log(session, clock, by, found, "user.take_back")
    return found


def _pair(session: Session, by: Actor, leaver_id: int, heir_id: int) -> tuple[User, User]:
    leaver, heir = get_user(session, by.workspace_id, leaver_id), get_user(session, by.workspace_id, heir_id)
    if leaver.id == heir.id:
        raise UserError("Choose a colleague who takes over; that is the same person.")
    if heir.disabled_at is not None:
        raise UserError("%(heir)s cannot sign in any more; choose somebody who works here.", heir=heir.email)
    if leaver.id == by.user_id:
        raise UserError("Nobody hands over what is their own and closes the door behind them; ask another admin.")
    return leaver, heir


def _give(session: Session, clock: Clock, moved: dict[str, list[int]], giver: User, taker: User) -> None:
    store.give_records(session, moved["records"], giver.id, taker.id, clock.now())
    store.give_tasks(session, moved["tasks"], giver.id, taker.id)
    for box in mailboxes(session, giver.workspace_id, user_id=giver.id):
        if box.id in moved["mailboxes"]:
            box.user_id = taker.id


def _log(session: Session, clock: Clock, by: Actor, found: Handover, action: str) -> None:
    session.flush()
    counts = {name: len(ids) for name, ids in found.moved.items()}
    details = {"handover_id": found.id, "heir_id": found.heir_id, **counts}
    record(session, clock, by, action, Subject("user", found.leaver_id), details=details)
