"""The ways in: passwords, one-time sign-in links and API keys. Only hashes are kept of any of them."""

from __future__ import annotations

import hmac
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from backend.accounts import store
from backend.accounts.rules import (
    SIGN_IN_LINK_LIVES,
    checked_password,
    digest,
    key_prefix,
    new_api_key,
    new_token,
)
from backend.accounts.service import to_actor
from backend.accounts.shapes import Actor
from backend.accounts.tables import ApiKey, SignInLink, User
from backend.audit.service import record
from backend.audit.shapes import Subject
from backend.kit.clock import Clock

_HASHER = PasswordHasher()


def set_password(session: Session, clock: Clock, user: User, password: str, *, by: Actor | None = None) -> None:
    """Give the person a password and end all their sessions. Raises `UserError` for one too short."""
    user.password_hash = _HASHER.hash(checked_password(password))
    user.session_version += 1
    record(session, clock, by or user.workspace_id, "user.set_password", Subject("user", user.id))


def check_password(session: Session, email: str, password: str) -> User | None:
    """Return the active user whose password this is.

    The same work is done for an unknown address as for a known one, so that the time taken tells nothing.
    """
    user = store.find_user_by_email(session, email)
    known_hash = user.password_hash if user is not None else None
    fits = _fits(known_hash or _nobodys_hash(), password)
    if user is None or known_hash is None or user.disabled_at is not None or not fits:
        return None
    return user


def note_sign_in(session: Session, clock: Clock, user: User, how: str) -> None:
    """Log that this person signed in, and how."""
    record(session, clock, to_actor(user), "user.sign_in", Subject("user", user.id), details={"how": how})


def make_sign_in_link(session: Session, clock: Clock, user: User, *, by: Actor | None = None) -> str:
    """Return a token that signs the person in once, within a day; the door makes an address of it."""
    token, now = new_token(), clock.now()
    link = SignInLink(
        user_id=user.id,
        workspace_id=user.workspace_id,
        token_hash=digest(token),
        created_at=now,
        expires_at=now + SIGN_IN_LINK_LIVES,
    )
    session.add(link)
    record(session, clock, by or user.workspace_id, "user.make_sign_in_link", Subject("user", user.id))
    return token


def redeem_sign_in_link(session: Session, clock: Clock, token: str) -> User | None:
    """Use a link up and return whom it signs in; None where it is unknown, used, expired, or its user disabled."""
    user_id = store.take_sign_in_link(session, digest(token), clock.now())
    user = store.find_user(session, user_id) if user_id is not None else None
    return user if user is not None and user.disabled_at is None else None


def create_api_key(session: Session, clock: Clock, user: User, *, name: str = "", by: Actor | None = None) -> str:
    """Return a key that acts as this person; it is shown this once."""
    key = new_api_key()
    row = ApiKey(
        user_id=user.id,
        workspace_id=user.workspace_id,
        name=name.strip(),
        prefix=key_prefix(key),
        key_hash=digest(key),
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    record(session, clock, by or user.workspace_id, "api_key.create", Subject("api_key", row.id))
    return key


def revoke_api_key(session: Session, clock: Clock, by: Actor, key: ApiKey) -> None:
    """Refuse a key from now on."""
    key.revoked_at = clock.now()
    record(session, clock, by, "api_key.revoke", Subject("api_key", key.id))


def resolve_api_key(session: Session, key: str) -> Actor | None:
    """Return whom a key acts as; None where it is unknown or revoked, or its user disabled."""
    found = store.find_api_key(session, key_prefix(key))
    if found is None or not hmac.compare_digest(found.key_hash, digest(key)):
        return None
    user = store.find_user(session, found.user_id)
    return to_actor(user) if user is not None and user.disabled_at is None else None


def _fits(known_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(known_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(new_token())
