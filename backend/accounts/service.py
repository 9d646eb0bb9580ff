"""Workspaces and their people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.orm import Session

from backend.accounts import store
from backend.accounts.rules import LANGUAGES, checked_domains, checked_email, checked_prefix, shares_at_least
from backend.accounts.shapes import Actor, ContactPolicy, Role, Sharing
from backend.accounts.tables import User, Workspace
from backend.audit.service import record
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import ConflictError, UserError


def create_workspace(session: Session, clock: Clock, name: str, *, domain: str = "") -> Workspace:
    """Make a workspace; `domain` is the team's own mail domain, if it has one."""
    workspace = Workspace(name=name, domain=domain.strip().lower(), created_at=clock.now())
    session.add(workspace)
    session.flush()
    record(session, clock, workspace.id, "workspace.create", Subject("workspace", workspace.id))
    return workspace


def create_user(
    session: Session, clock: Clock, workspace: Workspace, *, email: str, role: Role, name: str = "",
    locale: str = "en", timezone: str = "UTC", by: Actor | None = None,
) -> User:  # fmt: skip
    """Make a user, who cannot sign in before getting a password, a link, or Google. Raises `ConflictError`."""
    address = checked_email(email)
    if store.find_user_by_email(session, address) is not None:
        raise ConflictError("There is a user %(address)s already.", address=address)
    user = User(
        workspace_id=workspace.id,
        email=address,
        name=name.strip(),
        role=role.value,
        locale=_checked_locale(locale),
        timezone=_checked_timezone(timezone),
        session_version=1,
        created_at=clock.now(),
    )
    session.add(user)
    session.flush()
    record(session, clock, by or workspace.id, "user.create", _subject(user), details={"role": role.value})
    return user


def change_user(session: Session, clock: Clock, by: Actor, user: User, changes: Mapping[str, str]) -> User:
    """Change name, role, locale or timezone. Raises `UserError`, among others for the last admin's role."""
    checked = {field: _CHECKS[field](value) for field, value in changes.items()}
    if user.role == Role.ADMIN and checked.get("role", Role.ADMIN) != Role.ADMIN:
        _keep_an_admin(session, user)
    for field, value in checked.items():
        setattr(user, field, value)
    record(session, clock, by, "user.change", _subject(user), details=checked)
    return user


def disable_user(session: Session, clock: Clock, by: Actor, user: User) -> None:
    """Refuse this person from now on and end all their sessions; what they did stays."""
    if user.role == Role.ADMIN:
        _keep_an_admin(session, user)
    user.disabled_at = clock.now()
    user.session_version += 1
    record(session, clock, by, "user.disable", _subject(user))


def enable_user(session: Session, clock: Clock, by: Actor, user: User) -> None:
    """Let this person in again."""
    user.disabled_at = None
    record(session, clock, by, "user.enable", _subject(user))


def end_sessions(session: Session, clock: Clock, user: User) -> None:
    """Sign this person out everywhere."""
    user.session_version += 1
    record(session, clock, to_actor(user), "user.end_sessions", _subject(user))


def to_actor(user: User) -> Actor:
    """Return the form in which other rooms meet this person."""
    return Actor(
        user_id=user.id,
        workspace_id=user.workspace_id,
        role=Role(user.role),
        email=user.email,
        name=user.name,
        locale=user.locale,
        timezone=user.timezone,
    )


def _keep_an_admin(session: Session, user: User) -> None:
    if user.disabled_at is None and store.active_admins(session, user.workspace_id) == 1:
        raise UserError("%(email)s is the only admin; make somebody else an admin first.", email=user.email)


def _checked_locale(locale: str) -> str:
    if locale not in LANGUAGES:
        raise UserError(
            "“%(locale)s” is not one of our languages (%(languages)s).", locale=locale, languages=", ".join(LANGUAGES)
        )
    return locale


def _checked_timezone(timezone: str) -> str:
    try:
        return ZoneInfo(timezone).key
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:  # OSError: a folder of zones, such as “Europe”
        raise UserError(
            "“%(timezone)s” is not a time zone; write one such as Europe/Madrid.", timezone=timezone
        ) from error


def _checked_role(role: str) -> str:
    try:
        return Role(role).value
    except ValueError as error:
        raise UserError("“%(role)s” is not a role; choose rep, manager or admin.", role=role) from error


_CHECKS: Mapping[str, Callable[[str], str]] = {
    "name": str.strip,
    "role": _checked_role,
    "locale": _checked_locale,
    "timezone": _checked_timezone,
}


def _subject(user: User) -> Subject:
    return Subject("user", user.id)


def change_workspace(session: Session, clock: Clock, by: Actor, changes: Mapping[str, str]) -> Workspace:
    """Change the team's name, domain, contact_policy, deal_reference_prefix, private_label or what mailboxes share.

    A new least binds what owners choose from now on: no mail is opened that was written under another promise. Raises
    `UserError`.
    """
    checks: dict[str, Callable[[str], str]] = {
        "name": _named,
        "domain": checked_domains,
        "contact_policy": lambda value: ContactPolicy(value).value,
        "deal_reference_prefix": checked_prefix,
        "private_label": _named,
        "default_sharing": lambda value: Sharing(value).value,
        "least_sharing": lambda value: Sharing(value).value,
    }
    checked = {field: checks[field](value) for field, value in changes.items()}
    workspace = store.get_workspace(session, by.workspace_id)
    for field, value in checked.items():
        setattr(workspace, field, value)
    if not shares_at_least(Sharing(workspace.default_sharing), Sharing(workspace.least_sharing)):
        raise UserError("A new mailbox cannot share less than the least; choose two levels that fit.")
    record(session, clock, by, "workspace.change", Subject("workspace", workspace.id), details=checked)
    return workspace


def _named(value: str) -> str:
    if not value.strip():
        raise UserError("A name is missing; write what you would call it.")
    return value.strip()[:200]
