"""Mailboxes: connecting, pausing and leaving them. Their history of mail is never touched here."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from backend.accounts import store
from backend.accounts.grants import Vault
from backend.accounts.rules import shares_at_least
from backend.accounts.shapes import Actor, GrantKind, MailboxStatus, Sharing
from backend.accounts.tables import Mailbox, User
from backend.audit.service import record
from backend.audit.shapes import Subject
from backend.gmail.errors import Transient
from backend.gmail.oauth import OAuthClient, UserGrant
from backend.kit.clock import Clock
from backend.kit.errors import ConflictError, UserError


def connect_mailbox(
    session: Session, clock: Clock, vault: Vault, user: User, *, address: str, address_key: str, kind: GrantKind,
    secret: str = "", by: Actor | None = None,
) -> Mailbox:  # fmt: skip
    """Store the grant to a mailbox, sealed; a known mailbox is reconnected and keeps all that it has.

    `address_key` is the address as `mail.addresses` compares it; `secret` is what the kind of grant needs, as in
    `oauth.UserGrant.to_json`. Raises `ConflictError` where the mailbox is a colleague's.
    """
    mailbox = store.find_mailbox(session, user.workspace_id, address_key)
    if mailbox is None:
        sharing = store.get_workspace(session, user.workspace_id).default_sharing
        mailbox = Mailbox(workspace_id=user.workspace_id, user_id=user.id, created_at=clock.now(), sharing=sharing)
        session.add(mailbox)
    elif mailbox.user_id != user.id:
        raise ConflictError(
            "%(address)s is connected as a colleague's mailbox; an admin can hand it over.", address=address
        )
    mailbox.address, mailbox.address_key = address.strip().lower(), address_key
    mailbox.grant_kind, mailbox.grant_ciphertext = kind.value, vault.seal(secret) if secret else None
    _set_status(mailbox, MailboxStatus.ACTIVE)
    session.flush()
    record(session, clock, by or user.workspace_id, "mailbox.connect", _subject(mailbox), details={"kind": kind.value})
    return mailbox


def open_grant(vault: Vault, mailbox: Mailbox) -> str:
    """Return the secret that was given to `connect_mailbox`; "" where there was none. Raises `UserError`."""
    return "" if mailbox.grant_ciphertext is None else vault.open(mailbox.grant_ciphertext)


def pause_mailbox(session: Session, clock: Clock, mailbox: Mailbox, *, by: Actor | None = None, why: str = "") -> None:
    """Read nothing and send nothing until `resume_mailbox`; the grant is kept. Raises `UserError` once disconnected."""
    if mailbox.status == MailboxStatus.DISCONNECTED:
        raise UserError("%(address)s is disconnected; connect it again instead.", address=mailbox.address)
    _set_status(mailbox, MailboxStatus.PAUSED, why)
    record(session, clock, by or mailbox.workspace_id, "mailbox.pause", _subject(mailbox), details={"why": why})


def resume_mailbox(session: Session, clock: Clock, mailbox: Mailbox, *, by: Actor | None = None) -> None:
    """Read it again. Raises `UserError` where it needs a new grant first."""
    if mailbox.status not in {MailboxStatus.PAUSED, MailboxStatus.ACTIVE}:
        raise UserError("%(address)s must be connected again first.", address=mailbox.address)
    _set_status(mailbox, MailboxStatus.ACTIVE)
    record(session, clock, by or mailbox.workspace_id, "mailbox.resume", _subject(mailbox))


def ask_to_reconnect(session: Session, clock: Clock, mailbox: Mailbox, why: str) -> None:
    """Note that Gmail no longer honours the grant; nothing is asked of Gmail until the rep reconnects."""
    if mailbox.status == MailboxStatus.DISCONNECTED:
        return
    _set_status(mailbox, MailboxStatus.RECONNECT_NEEDED, why)
    record(session, clock, mailbox.workspace_id, "mailbox.reconnect_needed", _subject(mailbox), details={"why": why})


def disconnect_mailbox(session: Session, clock: Clock, mailbox: Mailbox, *, by: Actor | None = None) -> bytes | None:
    """Forget the grant; the mail that was read stays with the team. Returns what is left for `give_grant_back`."""
    sealed = mailbox.grant_ciphertext if mailbox.grant_kind == GrantKind.OAUTH else None
    mailbox.grant_kind, mailbox.grant_ciphertext = GrantKind.NONE.value, None
    _set_status(mailbox, MailboxStatus.DISCONNECTED)
    record(session, clock, by or mailbox.workspace_id, "mailbox.disconnect", _subject(mailbox))
    return sealed


def give_grant_back(client: OAuthClient, vault: Vault, sealed: bytes) -> bool:
    """Tell Google that a grant is no longer wanted; False where Google does not answer or no key opens the grant.

    Call it outside a transaction: the mailbox is disconnected here whatever Google says.
    """
    try:
        client.revoke(UserGrant.from_json(vault.open(sealed)))
    except (Transient, UserError):
        return False
    return True


def share_mailbox(session: Session, clock: Clock, by: Actor, mailbox: Mailbox, sharing: Sharing) -> None:
    """Choose how much of the mailbox's mail colleagues see. Raises `UserError` for less than the team's least."""
    least = Sharing(store.get_workspace(session, mailbox.workspace_id).least_sharing)
    if not shares_at_least(sharing, least):
        raise UserError("Your team shares more than that; keep single conversations private instead, or ask an admin.")
    before, mailbox.sharing = mailbox.sharing, sharing.value
    changed = {"before": before, "after": sharing.value}
    record(session, clock, by, "mailbox.share", _subject(mailbox), details=changed)


def hand_over_mailbox(session: Session, clock: Clock, by: Actor, mailbox: Mailbox, heir: User) -> None:
    """Give a mailbox, with its history, to a colleague. Raises `UserError` across workspaces."""
    if heir.workspace_id != mailbox.workspace_id:
        raise UserError("A mailbox can only be handed to somebody of the same team.")
    before, mailbox.user_id = mailbox.user_id, heir.id
    record(session, clock, by, "mailbox.hand_over", _subject(mailbox), details={"from": before, "to": heir.id})


def set_aliases(session: Session, mailbox: Mailbox, keys: Iterable[str]) -> None:
    """Make `keys` (compared addresses) the mailbox's other addresses; its primary one is left out."""
    store.replace_aliases(session, mailbox, sorted(set(keys) - {mailbox.address_key}))


def _set_status(mailbox: Mailbox, status: MailboxStatus, why: str = "") -> None:
    mailbox.status, mailbox.status_reason = status.value, why


def _subject(mailbox: Mailbox) -> Subject:
    return Subject("mailbox", mailbox.id)
