"""Users, keys, and changes to mailboxes over HTTP, under /api/v1; `sync.ledger` reads mailboxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from backend.accounts import store
from backend.accounts.guards import current_actor, needs
from backend.accounts.mailboxes import pause_mailbox, resume_mailbox, share_mailbox
from backend.accounts.schemas import ApiKeyList, MailboxChange, MailboxOut, UserOut, UserPage
from backend.accounts.shapes import Actor, MailboxStatus, Role, Sharing
from backend.accounts.tables import ApiKey, Mailbox, User
from backend.web.fields import PageQuery
from backend.web.house import house
from backend.web.pagination import Page, cut_page, decode_cursor

blueprint = APIBlueprint("accounts_api", __name__, url_prefix="/api/v1", tag="Accounts")


@blueprint.get("/users/me")
@needs()
@blueprint.output(UserOut)
def read_me() -> User:
    """Whom this session or key acts as."""
    actor = current_actor()
    with house().db.read() as session:
        return store.get_user(session, actor.workspace_id, actor.user_id)


@blueprint.get("/users/<int:user_id>")
@needs()
@blueprint.output(UserOut)
def read_user(user_id: int) -> User:
    """One person of the team."""
    with house().db.read() as session:
        return store.get_user(session, current_actor().workspace_id, user_id)


@blueprint.get("/users")
@needs()
@blueprint.input(PageQuery, location="query")
@blueprint.output(UserPage)
def list_users(query_data: Mapping[str, Any]) -> Page[User]:
    """The team, by id."""
    limit = query_data["limit"]
    with house().db.read() as session:
        found = store.users(session, current_actor().workspace_id, after_id=_after(query_data), limit=limit + 1)
    return cut_page(found, limit, lambda user: (user.id,))


@blueprint.patch("/mailboxes/<int:mailbox_id>")
@needs()
@blueprint.input(MailboxChange)
@blueprint.output(MailboxOut)
def change_mailbox(mailbox_id: int, json_data: Mapping[str, str]) -> Mailbox:
    """Choose what colleagues see of a mailbox; pause it and resume it."""
    with house().db.write() as session:
        mailbox = _visible(session, mailbox_id)
        _change(session, mailbox, json_data)
        return mailbox


@blueprint.get("/users/me/keys")
@needs()
@blueprint.output(ApiKeyList)
def list_keys() -> Mapping[str, Sequence[ApiKey]]:
    """The keys that act as oneself, by their readable beginnings."""
    actor = current_actor()
    with house().db.read() as session:
        return {"items": store.api_keys(session, actor.workspace_id, user_id=actor.user_id)}


def _change(session: Session, mailbox: Mailbox, wanted: Mapping[str, str]) -> None:
    actor, clock = current_actor(), house().clock
    if "sharing" in wanted:
        share_mailbox(session, clock, actor, mailbox, Sharing(wanted["sharing"]))
    if wanted.get("status") == MailboxStatus.PAUSED:
        pause_mailbox(session, clock, mailbox, by=actor)
    if wanted.get("status") == MailboxStatus.ACTIVE:
        resume_mailbox(session, clock, mailbox, by=actor)


def _visible(session: Session, mailbox_id: int) -> Mailbox:
    actor = current_actor()
    return store.get_mailbox(session, actor.workspace_id, mailbox_id, user_id=_only(actor))


def _only(actor: Actor) -> int | None:
    return None if actor.role is Role.ADMIN else actor.user_id


def _after(query_data: Mapping[str, Any]) -> int:
    return int(decode_cursor(query_data["cursor"], int)[0] or 0) if "cursor" in query_data else 0
