"""Who in a mail is not of the team, and whether policy keeps the mail out."""

from __future__ import annotations

from collections.abc import Iterator

from backend.linking.shapes import Policy, Reason
from backend.mail.addresses import domain_of, registrable_domain
from backend.mail.shapes import Kind, Participant, Role, StoredMessage

SENDERS = frozenset({Role.FROM, Role.SENDER})


def outsiders(message: StoredMessage, policy: Policy) -> tuple[Participant, ...]:
    """Everybody in the headers who is neither the team nor the mailing list itself, each address once."""
    return tuple(_once(p for p in message.participants if not _is_inside(p.address.key, message, policy)))


def _is_inside(key: str, message: StoredMessage, policy: Policy) -> bool:
    return policy.is_ours(key) or (bool(message.list_key) and key == message.list_key)


def _once(participants: Iterator[Participant]) -> Iterator[Participant]:
    seen: set[str] = set()
    for participant in participants:
        if participant.address.key not in seen:
            seen.add(participant.address.key)
            yield participant


def left_out(message: StoredMessage, others: tuple[Participant, ...], policy: Policy) -> Reason:
    """Why policy keeps the mail out of the CRM; `Reason.NONE` where it does not."""
    if message.is_private:
        return Reason.PRIVATE
    if not message.participants:
        return Reason.NO_PEOPLE
    if not others:
        return Reason.INTERNAL if message.kind in {Kind.PERSON, Kind.CALENDAR} else Reason.BULK
    if message.sender_key and excluding(message.sender_key, policy) is not None:
        return Reason.EXCLUDED
    if all(excluding(p.address.key, policy) is not None for p in others):
        return Reason.EXCLUDED
    return Reason.NONE


def excluding(address_key: str, policy: Policy) -> int | None:
    """The id of the exclusion that an address falls under, by itself or by its domain."""
    by_key = policy.excluded_keys.get(address_key)
    return by_key if by_key is not None else policy.excluded_domains.get(domain(address_key))


def domain(address_key: str) -> str:
    """The registrable domain of an address; "" where it has none."""
    return registrable_domain(domain_of(address_key))
