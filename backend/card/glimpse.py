"""What the add-on saw of the open mail: Gmail's ids, the Message-ID, the subject and the people in its headers.

Headers come raw: they are taken apart here, addresses before encoded words, so that `"Doe, Jane" <jane@x.example>`
stays one person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from backend.mail.address_lists import addresses_in
from backend.mail.addresses import address_of
from backend.mail.headers import LONGEST_VALUE, decode_words, message_ids
from backend.mail.shapes import Participant, Role

MOST_PEOPLE = 100
_LONGEST_GMAIL_ID = 32
_SEALED_ID, _SEALED_SUBJECT, _SEALED_NAME = 200, 80, 40


@dataclass(frozen=True, slots=True)
class Glimpse:
    """`gmail_id` and `rfc_id` (without brackets) may be "", not both where the mail is to be found again."""

    gmail_id: str
    rfc_id: str
    subject: str
    people: tuple[Participant, ...]


def read_headers(*, gmail_id: str, message_id: str, subject: str, **headers: str) -> Glimpse:
    """Read raw headers; `headers` are address headers by the name of their role (`to`, `cc`, `from_`)."""
    people = [
        Participant(Role(name.rstrip("_")), address)
        for name, raw in headers.items()
        for address in addresses_in(raw[:LONGEST_VALUE])[0]
    ]
    rfc_id = next(message_ids(message_id), "")
    return Glimpse(api_id(gmail_id), rfc_id, decode_words(subject[:LONGEST_VALUE]), _once(people))


def api_id(gmail_id: str) -> str:
    """Gmail's id as its API spells it: the web's "msg-f:1785" is the same number in decimal, there it is hex."""
    number = gmail_id.removeprefix("msg-f:")
    if number != gmail_id and number.isascii() and number.isdecimal() and len(number) <= _LONGEST_GMAIL_ID:
        return f"{int(number):x}"
    return gmail_id[:_LONGEST_GMAIL_ID]


def _once(people: Sequence[Participant]) -> tuple[Participant, ...]:
    first = {(p.role, p.address.key): p for p in reversed(people)}
    return tuple(p for p in people if first[p.role, p.address.key] is p)[:MOST_PEOPLE]


def packed(glimpse: Glimpse) -> Iterator[list[Any]]:
    """The glimpse as JSON values, each shorter than the one before: people at the end go first, by quarters."""
    rfc_id = glimpse.rfc_id if len(glimpse.rfc_id) <= _SEALED_ID else ""
    subject = glimpse.subject[:_SEALED_SUBJECT]
    people = [[p.role.value, p.address.email, p.address.name[:_SEALED_NAME]] for p in glimpse.people]
    count = len(people)
    while count:
        yield [glimpse.gmail_id, rfc_id, subject, people[:count]]
        count = count * 3 // 4
    yield [glimpse.gmail_id, rfc_id, subject, []]
    yield [glimpse.gmail_id, rfc_id, "", []]
    yield [glimpse.gmail_id, "", "", []]


def unpacked(content: Any) -> Glimpse:
    """The inverse, of content that was sealed here."""
    gmail_id, rfc_id, subject, people = content
    found = [(Role(role), address_of(email, name)) for role, email, name in people]
    return Glimpse(gmail_id, rfc_id, subject, tuple(Participant(r, a) for r, a in found if a is not None))
