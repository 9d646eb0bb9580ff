"""Leaving an address or a domain out of the CRM, and taking it in again: mail that is stored follows at once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.accounts.store import get_mailbox, mailboxes
from backend.kit.clock import Clock
from backend.kit.errors import UserError
from backend.linking import mail_store
from backend.linking.policy_store import load_policy
from backend.linking.rules.outsiders import domain
from backend.linking.service import linker_for
from backend.privacy import service as privacy
from backend.privacy.shapes import ExclusionKind
from backend.privacy.store import find_exclusion_by_id
from backend.records.store.lookup import company_with_writers


@dataclass(frozen=True, slots=True)
class Ignored:
    """What is left out from now on: the exclusion and its address or domain."""

    id: int
    value: str


def ignore(session: Session, clock: Clock, actor: Actor, kind: ExclusionKind, address_key: str) -> Ignored:
    """Leave an address, or its whole domain, out for the whole team; once is enough.

    Raises `UserError` for the team's own, for free mail, and for a domain from which contacts write.
    """
    value = address_key if kind is ExclusionKind.ADDRESS else domain(address_key)
    if load_policy(session, actor.workspace_id).is_ours(address_key):
        raise UserError("That is your own team; its mail stays.")
    company = company_with_writers(session, actor.workspace_id, value) if kind is ExclusionKind.DOMAIN else None
    if company and company[1]:
        raise UserError("Contacts of yours write from %(value)s; leave out the address alone.", value=value)
    exclusion = privacy.exclude(session, clock, actor, kind, value)
    _refresh(session, clock, actor, kind, value)
    return Ignored(exclusion.id, value)


def ignore_in_mailbox(
    session: Session, clock: Clock, actor: Actor, mailbox_id: int, kind: ExclusionKind, address_key: str
) -> Ignored:
    """Leave an address, or its whole domain, out of one mailbox of the actor's; colleagues keep theirs.

    Raises `NotFoundError` for another's mailbox, `UserError` for the team's own and for free mail.
    """
    get_mailbox(session, actor.workspace_id, mailbox_id, user_id=actor.user_id)
    value = address_key if kind is ExclusionKind.ADDRESS else domain(address_key)
    if load_policy(session, actor.workspace_id).is_ours(address_key):
        raise UserError("That is your own team; its mail stays.")
    exclusion = privacy.exclude(session, clock, actor, kind, value, mailbox_id)
    return Ignored(exclusion.id, value)


def may_remove(session: Session, actor: Actor, exclusion_id: int) -> bool:
    """Whether the actor may take an exclusion back: anybody the team's, owners their mailbox's."""
    exclusion = find_exclusion_by_id(session, actor.workspace_id, exclusion_id)
    if exclusion is None or exclusion.mailbox_id is None:
        return exclusion is not None
    own = mailboxes(session, actor.workspace_id, user_id=actor.user_id)
    return exclusion.mailbox_id in {mailbox.id for mailbox in own}


def stop_ignoring(session: Session, clock: Clock, actor: Actor, exclusion_id: int) -> None:
    """Take an address or domain in again; where it is in already, nothing happens."""
    exclusion = find_exclusion_by_id(session, actor.workspace_id, exclusion_id)
    if exclusion is not None:
        kind, value = ExclusionKind(exclusion.kind), exclusion.value
        is_teams = exclusion.mailbox_id is None
        privacy.include(session, clock, actor, exclusion)
        if is_teams:
            _refresh(session, clock, actor, kind, value)


def _refresh(session: Session, clock: Clock, actor: Actor, kind: ExclusionKind, value: str) -> None:
    keys, domains = ([value], []) if kind is ExclusionKind.ADDRESS else ([], [value])
    mails = mail_store.message_ids_concerning(session, actor.workspace_id, keys, domains)
    linker_for(session, actor.workspace_id, clock).refresh(session, mails)
