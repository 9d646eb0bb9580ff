"""The mail that the reader has open: found in the store, or known by its headers alone until it is synced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.accounts.store import mailboxes
from backend.card import facts
from backend.card.glimpse import Glimpse, packed, unpacked
from backend.card.seals import Sealed, read_id
from backend.card.service.visit import Visit
from backend.card.store.mails import LinkRow, MailRow, mail_by_id, mail_by_traces
from backend.kit.errors import NotFoundError
from backend.linking.policy_store import load_policy
from backend.linking.rules.outsiders import left_out, outsiders
from backend.linking.shapes import Candidate, Policy, Reason
from backend.mail.addresses import is_role_or_robot, key_of
from backend.mail.shapes import Address, Kind, Role, StoredMessage
from backend.privacy.shapes import Sight
from backend.privacy.store.sight import seen_copies


@dataclass(frozen=True, slots=True)
class OpenMail:
    """A mail with all that a card needs of it.

    `id` is what cards call it. `reason` says why it is linked to nothing, `others` are the people outside the team,
    `candidates` the deals of an open question, `is_own` whether the reader's mailbox holds it and they may answer,
    `is_kept` whether they keep it private, `is_by_grant` whether they see it by its owner's leave alone.
    """

    id: str
    message: StoredMessage
    is_stored: bool
    reason: Reason
    others: tuple[Address, ...]
    links: Sequence[LinkRow] = ()
    candidates: tuple[Candidate, ...] = ()
    is_own: bool = False
    is_kept: bool = False
    is_by_grant: bool = False

    @property
    def fact(self) -> facts.Mail:
        """The mail as cards are built from it."""
        return facts.Mail(self.id, self.message.subject, self.is_own, self.is_kept)

    @property
    def sender(self) -> Address | None:
        """The outsider who wrote it; None where a colleague did."""
        return next((a for a in self.others if a.key == self.message.sender_key), None)

    def link_to(self, record_id: int) -> LinkRow | None:
        """The link of this mail to a record, if there is one."""
        return next((link for link in self.links if link.record_id == record_id), None)


@dataclass(frozen=True, slots=True)
class LockedMail:
    """A mail of colleagues of which the reader may know that it is there, and not what it says."""

    id: str
    conversation_id: int
    owners: tuple[str, ...]
    is_kept: bool


def open_by_glimpse(visit: Visit, glimpse: Glimpse) -> OpenMail | LockedMail:
    """Find the mail that the add-on saw; of what is not stored, or unknown to the reader, its headers speak.

    They do so too for a mail to the reader that a colleague keeps private, before the reader's own copy is synced.
    """
    row = mail_by_traces(visit.session, visit.actor, glimpse.rfc_id, glimpse.gmail_id)
    if row is None:
        return _unsynced(visit, glimpse)
    found = _stored_or_locked(visit, row)
    return _unsynced(visit, glimpse) if isinstance(found, LockedMail) and _is_party(visit, glimpse) else found


def _is_party(visit: Visit, glimpse: Glimpse) -> bool:
    own = {box.address_key for box in mailboxes(visit.session, visit.workspace_id, user_id=visit.actor.user_id)}
    return not {p.address.key for p in glimpse.people}.isdisjoint(own | {key_of(visit.actor.email)})


def open_by_id(visit: Visit, mail_id: str) -> OpenMail | LockedMail:
    """Find the mail that a card's parameter names. Raises `NotFoundError`."""
    if not mail_id.isdecimal():
        return open_by_glimpse(visit, unpacked(visit.seals.unseal(Sealed.MAIL, mail_id)))
    row = mail_by_id(visit.session, visit.actor, read_id(mail_id))
    if row is None:
        raise NotFoundError("That mail is not here; it may have been deleted.")
    return _stored_or_locked(visit, row)


def _stored_or_locked(visit: Visit, row: MailRow) -> OpenMail | LockedMail:
    """What lists do not show may be open by a grant; else it is locked."""
    if row.is_shown:
        return _stored(visit, row)
    seen = seen_copies(visit.session, visit.actor, [row.id])[row.id]
    if seen.opened.reaches(Sight.SUBJECT):
        return replace(_stored(visit, row), is_by_grant=True)
    return LockedMail(str(row.id), row.conversation_id, seen.names, is_kept=seen.opened is Sight.LOCKED)


def _stored(visit: Visit, row: MailRow) -> OpenMail:
    policy = load_policy(visit.session, visit.workspace_id)
    message = StoredMessage(
        id=row.id,
        conversation_id=row.conversation_id,
        kind=Kind(row.kind),
        subject=row.subject,
        sent_at=row.sent_at,
        is_ours=row.is_ours,
        sender_key=row.sender_key,
        participants=row.people,
        list_key=row.list_key,
        is_private=row.reason is Reason.PRIVATE,
    )
    others = outsiders(message, policy)
    return OpenMail(
        id=str(row.id),
        message=message,
        is_stored=True,
        reason=left_out(message, others, policy) if row.reason is None else row.reason,
        others=tuple(p.address for p in others),
        links=row.links,
        candidates=_candidates(row),
        is_own=row.is_own,
        is_kept=row.is_kept,
    )


def _candidates(row: MailRow) -> tuple[Candidate, ...]:
    """Questions are put to those whose own mailbox holds the mail."""
    if not row.is_own:
        return ()
    return tuple(Candidate(c["deal_id"], c["score"], c["evidence"]) for c in row.candidates)


def _unsynced(visit: Visit, glimpse: Glimpse) -> OpenMail:
    policy = load_policy(visit.session, visit.workspace_id)
    message = _message(visit, glimpse, policy)
    others = outsiders(message, policy)
    return OpenMail(
        id=visit.seals.seal_first(Sealed.MAIL, packed(glimpse)),
        message=message,
        is_stored=False,
        reason=left_out(message, others, policy) or _robot(message),
        others=tuple(p.address for p in others),
    )


def _message(visit: Visit, glimpse: Glimpse, policy: Policy) -> StoredMessage:
    """The mail as it will be stored, as far as the headers on the wire tell."""
    sender = next((p.address.key for p in glimpse.people if p.role is Role.FROM), "")
    return StoredMessage(
        id=0,
        conversation_id=0,
        kind=Kind.PERSON,
        subject=glimpse.subject,
        sent_at=visit.now,
        is_ours=bool(sender) and policy.is_ours(sender),
        sender_key=sender,
        participants=glimpse.people,
        list_key="",
        is_private=False,
    )


def _robot(message: StoredMessage) -> Reason:
    """Who writes from no-reply@ is nobody to make a contact of; the rest waits for the sync to judge."""
    return Reason.AUTOMATIC if is_role_or_robot(message.sender_key) else Reason.NONE
