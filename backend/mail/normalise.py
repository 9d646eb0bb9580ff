"""The front door: one payload in, one `NormalisedMail` out, in about a quarter of a millisecond.

Quotes are not cut and delivery reports not read here: see `quotes`, `bounces` and `auto_replies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.kit.text import clean
from backend.mail.address_lists import addresses_in
from backend.mail.classify import classify
from backend.mail.headers import LONGEST_VALUE, MOST_REFERENCES, Headers, date_of, decode_words, message_ids
from backend.mail.parts import read_content
from backend.mail.shapes import NormalisedMail, Participant, Role

LONGEST_SUBJECT = 1_000
MOST_PARTICIPANTS = 500
_LONGEST_LIST_ID = 255
_ROLES = tuple((role, role.value.replace("_", "-")) for role in Role)


def normalise(payload: Mapping[str, Any]) -> NormalisedMail:
    """Read a message as Gmail gives it in full format. Whatever a sender wrote, it does not raise."""
    headers = Headers(payload)
    content = read_content(payload, headers)
    problems = content.problems
    if headers.cut:
        problems.append(f"a header longer than {LONGEST_VALUE} characters was cut")
    participants = _participants(headers, problems)
    subject = _subject(headers, problems)
    kind, why = classify(headers, content.leaves, subject, _sender_key(participants))
    in_reply_to = next(message_ids(headers.first("in-reply-to")), "")
    return NormalisedMail(
        message_id=next(message_ids(headers.first("message-id")), ""),
        references=_references(headers, in_reply_to, problems),
        in_reply_to=in_reply_to,
        subject=subject,
        participants=participants,
        date_header=date_of(headers.first("date")),
        kind=kind,
        why=clean(why),
        text=content.text,
        attachments=content.attachments,
        problems=tuple(dict.fromkeys(problems)),
        list_id=_list_id(headers),
    )


def _participants(headers: Headers, problems: list[str]) -> tuple[Participant, ...]:
    found: list[Participant] = []
    for role, header in _ROLES:
        for raw in headers.all(header):
            addresses, broken = addresses_in(raw)
            found += [Participant(role, address) for address in addresses]
            if broken:
                problems.append(f"{header}: {broken} of {broken + len(addresses)} entries are no address")
    if len(found) > MOST_PARTICIPANTS:
        problems.append(f"{len(found)} addresses: only the first {MOST_PARTICIPANTS} were kept")
    return tuple(dict.fromkeys(found[:MOST_PARTICIPANTS]))


def _sender_key(participants: tuple[Participant, ...]) -> str:
    if participants and participants[0].role in {Role.FROM, Role.SENDER}:
        return participants[0].address.key
    return ""


def _subject(headers: Headers, problems: list[str]) -> str:
    subject = decode_words(headers.first("subject"))
    if len(subject) > LONGEST_SUBJECT:
        problems.append(f"subject longer than {LONGEST_SUBJECT} characters: the rest was cut")
    return subject[:LONGEST_SUBJECT]


def _references(headers: Headers, in_reply_to: str, problems: list[str]) -> tuple[str, ...]:
    """References, oldest first, then In-Reply-To; of absurdly many the first and the latest ones."""
    found = dict.fromkeys(message_ids(" ".join(headers.all("references"))))
    found |= dict.fromkeys([in_reply_to] if in_reply_to else [])
    if len(found) <= MOST_REFERENCES:
        return tuple(found)
    problems.append(f"{len(found)} references: only {MOST_REFERENCES} were kept")
    first, *rest = found
    return (first, *rest[1 - MOST_REFERENCES :])


def _list_id(headers: Headers) -> str:
    """RFC 2919's identifier, without the list's description."""
    raw = headers.first("list-id")
    return next(message_ids(raw), "")[:_LONGEST_LIST_ID] or decode_words(raw)[:_LONGEST_LIST_ID] if raw else ""
