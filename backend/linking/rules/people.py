"""Whom correspondence makes a contact: somebody we wrote to, or who answered; never a robot, never a list."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from backend.accounts.shapes import ContactPolicy
from backend.linking.rules.outsiders import SENDERS, excluding, left_out, outsiders
from backend.linking.shapes import NewPerson, Policy, Reason
from backend.mail.addresses import is_role_or_robot
from backend.mail.shapes import Kind, Participant, StoredMessage

MASS_MAIL = 25  # a mail of ours to more people than this is an announcement, not correspondence


def new_people(
    message: StoredMessage,
    policy: Policy,
    known: Collection[str],
    list_keys: Collection[str],
    *,
    is_answer_to_us: bool,
) -> list[NewPerson]:
    """People of one mail who should become contacts.

    `known` are address keys that are contacts already, `list_keys` those of mailing lists; `is_answer_to_us` says that
    the conversation holds a mail of ours.
    """
    if message.kind not in {Kind.PERSON, Kind.CALENDAR} or policy.contact_policy is ContactPolicy.OFF:
        return []
    others = outsiders(message, policy)
    if left_out(message, others, policy) is not Reason.NONE:
        return []
    people = []
    for person, because in _correspondents(message, others, policy.contact_policy, is_answer_to_us=is_answer_to_us):
        address = person.address
        if _may_become_contact(address.key, policy, known, list_keys):
            people.append(NewPerson(address.key, address.email, address.name, because, message.id))
    return people


def _correspondents(
    message: StoredMessage, others: tuple[Participant, ...], policy: ContactPolicy, *, is_answer_to_us: bool
) -> Iterator[tuple[Participant, str]]:
    if policy is ContactPolicy.ALL:
        yield from ((p, "all") for p in others)
    elif message.is_ours:
        if len(others) <= MASS_MAIL:
            yield from ((p, "written_to") for p in others)
    elif is_answer_to_us:
        yield from ((p, "answered") for p in others if p.role in SENDERS)


def _may_become_contact(key: str, policy: Policy, known: Collection[str], list_keys: Collection[str]) -> bool:
    return not (key in known or key in list_keys or is_role_or_robot(key) or excluding(key, policy) is not None)
