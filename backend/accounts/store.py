"""The queries on accounts. All but those that sign somebody in are scoped to a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import BindParameter, CompoundSelect, Select, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from backend.accounts.tables import ApiKey, GivenAnswer, Mailbox, MailboxAlias, SignInLink, User, Workspace
from backend.db import insert_ignoring, read_columns
from backend.kit.errors import NotFoundError
from backend.kit.text import clean

ANSWERS_LIVE = timedelta(days=1)


def get_workspace(session: Session, workspace_id: int) -> Workspace:
    """Return a workspace. Raises `NotFoundError`."""
    found = session.get(Workspace, workspace_id)
    if found is None:
        raise NotFoundError("There is no such workspace.")
    return found


def first_workspace(session: Session) -> Workspace | None:
    """Return the oldest workspace, which is the only one of most installations."""
    return session.scalars(select(Workspace).order_by(Workspace.id).limit(1)).first()


def find_user_by_email(session: Session, email: str) -> User | None:
    """Return whoever signs in with `email` (any case), in any workspace."""
    return session.scalars(_user_by_email(), {"email": clean(email).strip().lower()}).first()


@cache  # asked for every card
def _user_by_email() -> Select[User]:
    return select(User).where(User.email == bindparam("email"))


def find_user(session: Session, user_id: int) -> User | None:
    """Return a user by id, for a session cookie or an API key that names one."""
    return session.get(User, user_id)


def get_user(session: Session, workspace_id: int, user_id: int) -> User:
    """Return a user of the workspace. Raises `NotFoundError`."""
    wanted = select(User).where(User.workspace_id == workspace_id, User.id == user_id)
    found = session.scalars(wanted).first()
    if found is None:
        raise NotFoundError("There is no such user.")
    return found


def users(
    session: Session, workspace_id: int, *, after_id: int = 0, limit: int | None = None, active_only: bool = False
) -> Sequence[User]:
    """Return the workspace's users by id, from the one after `after_id`."""
    wanted = select(User).where(User.workspace_id == workspace_id, User.id > after_id).order_by(User.id).limit(limit)
    if active_only:
        wanted = wanted.where(User.disabled_at.is_(None))
    return session.scalars(wanted).all()


def take_sign_in_link(session: Session, token_hash: bytes, now: datetime) -> int | None:
    """Use up a link that is still good and return its user's id; of two who come at once, one gets None."""
    taken = (
        update(SignInLink)
        .where(SignInLink.token_hash == token_hash, SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(used_at=now)
        .returning(SignInLink.user_id)
    )
    return session.scalar(taken)


def find_api_key(session: Session, prefix: str) -> ApiKey | None:
    """Return the key that begins with `prefix` and was not revoked."""
    wanted = select(ApiKey).where(ApiKey.prefix == clean(prefix), ApiKey.revoked_at.is_(None))
    return session.scalars(wanted).first()


def get_api_key(session: Session, workspace_id: int, key_id: int) -> ApiKey:
    """Return a key of the workspace. Raises `NotFoundError`."""
    wanted = select(ApiKey).where(ApiKey.workspace_id == workspace_id, ApiKey.id == key_id)
    found = session.scalars(wanted).first()
    if found is None:
        raise NotFoundError("There is no such API key.")
    return found


def api_keys(session: Session, workspace_id: int, *, user_id: int | None = None) -> Sequence[ApiKey]:
    """Return the keys that are good, all or one user's."""
    wanted = select(ApiKey).where(ApiKey.workspace_id == workspace_id, ApiKey.revoked_at.is_(None))
    if user_id is not None:
        wanted = wanted.where(ApiKey.user_id == user_id)
    return session.scalars(wanted.order_by(ApiKey.id)).all()


def get_mailbox(session: Session, workspace_id: int, mailbox_id: int, *, user_id: int | None = None) -> Mailbox:
    """Return a mailbox of the workspace, where given of that user only. Raises `NotFoundError`."""
    wanted = select(Mailbox).where(Mailbox.workspace_id == workspace_id, Mailbox.id == mailbox_id)
    if user_id is not None:
        wanted = wanted.where(Mailbox.user_id == user_id)
    found = session.scalars(wanted).first()
    if found is None:
        raise NotFoundError("There is no such mailbox.")
    return found


def find_mailbox(session: Session, workspace_id: int, address_key: str) -> Mailbox | None:
    """Return the workspace's mailbox whose primary address has this key."""
    wanted = select(Mailbox).where(Mailbox.workspace_id == workspace_id, Mailbox.address_key == address_key)
    return session.scalars(wanted).first()


def mailboxes_at(session: Session, address: str) -> Sequence[Mailbox]:
    """Return the mailboxes with this primary address, one in each workspace: for the command line and for pushes."""
    return session.scalars(select(Mailbox).where(Mailbox.address == clean(address).strip().lower())).all()


def all_mailboxes(session: Session) -> Sequence[tuple[Mailbox, str]]:
    """Return every mailbox of the installation with its owner's e-mail: for the command line only."""
    wanted = select(Mailbox, User.email).join(User, User.id == Mailbox.user_id).order_by(Mailbox.address, Mailbox.id)
    return [(mailbox, email) for mailbox, email in session.execute(wanted)]


def mailboxes(
    session: Session, workspace_id: int, *, user_id: int | None = None, after_id: int = 0, limit: int | None = None
) -> Sequence[Mailbox]:
    """Return the workspace's mailboxes by id, all or one user's, from the one after `after_id`."""
    wanted = select(Mailbox).where(Mailbox.workspace_id == workspace_id, Mailbox.id > after_id)
    if user_id is not None:
        wanted = wanted.where(Mailbox.user_id == user_id)
    return session.scalars(wanted.order_by(Mailbox.id).limit(limit)).all()


def aliases(session: Session, mailbox_id: int) -> frozenset[str]:
    """Return the address keys that are this mailbox besides its primary one."""
    return frozenset(session.scalars(select(MailboxAlias.address_key).where(MailboxAlias.mailbox_id == mailbox_id)))


def team_addresses(session: Session, workspace_id: int) -> frozenset[str]:
    """Return every address of the team: its mailboxes and their aliases by key, its users as they sign in."""
    return frozenset(read_columns(session, _team_addresses(), {"workspace_id": workspace_id}).scalars())


@cache  # asked for every card, and for every batch of mail
def _team_addresses() -> CompoundSelect[str]:
    return team_addresses_of(bindparam("workspace_id"))


def team_addresses_of(workspace_id: BindParameter[int]) -> CompoundSelect[str]:
    """The same as a statement, to be part of another one."""
    own = select(Mailbox.address_key).where(Mailbox.workspace_id == workspace_id)
    other = select(MailboxAlias.address_key).where(MailboxAlias.workspace_id == workspace_id)
    people = select(User.email).where(User.workspace_id == workspace_id)
    return own.union(other, people)


def replace_aliases(session: Session, mailbox: Mailbox, keys: Iterable[str]) -> None:
    """Make `keys` the mailbox's aliases."""
    session.execute(delete(MailboxAlias).where(MailboxAlias.mailbox_id == mailbox.id))
    session.add_all(
        MailboxAlias(mailbox_id=mailbox.id, workspace_id=mailbox.workspace_id, address_key=key) for key in keys
    )
    session.flush()


def active_admins(session: Session, workspace_id: int) -> int:
    """Return how many admins can sign in."""
    wanted = select(func.count()).where(
        User.workspace_id == workspace_id, User.role == "admin", User.disabled_at.is_(None)
    )
    return session.scalar(wanted) or 0


def claim_answer(session: Session, user_id: int, key: str, request_hash: bytes, now: datetime) -> GivenAnswer:
    """Return the answer under a key: a fresh row without a status, or what was given within the day.

    Of two requests that come at once with the same key, the second waits here until the first is done.
    """
    session.execute(delete(GivenAnswer).where(GivenAnswer.created_at < now - ANSWERS_LIVE))
    row = {"user_id": user_id, "key": key, "request_hash": request_hash, "headers": {}, "body": "", "created_at": now}
    insert_ignoring(session, GivenAnswer, [row])
    return session.get_one(GivenAnswer, (user_id, key))


def find_answer(session: Session, user_id: int, key: str, now: datetime) -> GivenAnswer | None:
    """The answer that was given under a key within the day."""
    kept = session.get(GivenAnswer, (user_id, key))
    return None if kept is None or kept.created_at < now - ANSWERS_LIVE else kept
