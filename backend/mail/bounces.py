"""Delivery reports, read: which recipients did not get the mail, and whether the address is to blame.

In this order: the machine-readable fields of RFC 3464, then what mail systems without them write in plain text. A row
is hard only where the address itself will never take mail; a full mailbox, a policy, the sender's own quota or a delay
is not the recipient's fault for good.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from backend.kit.text import clean
from backend.mail.addresses import address_of
from backend.mail.bounce_reasons import Reason, is_hard, judge
from backend.mail.headers import Headers
from backend.mail.parts import Leaf, body_text, parts_within, read_content
from backend.mail.shapes import BounceRecipient

_MOST_ROWS = 200
_LONGEST_TEXT = 60_000
_LONGEST_EVIDENCE = 2_000
_LONGEST_LINE = 500
_OWN = ("to", "delivered-to", "from", "cc")  # who got the report and who wrote it

_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_FIELD = re.compile(r"^([A-Za-z][A-Za-z-]{1,40})[ \t]*:[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
_RECIPIENT_FIELDS = ("final-recipient", "original-recipient", "status", "action")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
# An empty line ends a recipient's fields; some systems forget it, and only start over.
_RECIPIENT_BLOCK = re.compile(r"\n[ \t]*\n|\n(?=Final-Recipient[ \t]*:)", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z0-9_.+=/&%!#$*?{}'^~-]{1,80}@(?:[A-Za-z0-9_-]{1,63}\.){0,8}[A-Za-z0-9-]{2,63}")
# Where the report ends and the returned message begins.
_RETURNED = re.compile(
    r"[ \t>]*+(?:"
    r"-{2,}+.*(?:copy|original message|original mail|message header|returned|returning|below this line|unsent message"
    r"|message text follows|message follows)"
    r"|original message follows|message header follows|the original message.* follows"
    r"|(?:return-path|received|x-originating-ip|dkim-signature|mime-version): "
    r")",
    re.IGNORECASE,
)
# A line that names the recipient a passage is about: first on the line but for a label or a reply code. Possessive
# throughout: a line of nothing but spaces must not be tried in all divisions.
_LABEL = (
    r"(?:\d{3}|recipient|rcpt to|user|address|original-recipient|final-recipient|intended recipient)?+"
    r"(?:[ \t]*+:)?+[ \t]*+"
)
_AFTER = r"[ \t]*+(?:(?:\.{2,}|[:;,(-]|on \w).*)?"
_RECIPIENT_LINE = re.compile(
    rf"^[ \t*]*+{_LABEL}(?:rfc822;[ \t]*+)?[<(\[\"']{{0,2}}(?:smtp:)?({_ADDRESS.pattern})[>)\]\"']{{0,2}}{_AFTER}$",
    re.IGNORECASE | re.MULTILINE,
)


def read_bounce(payload: Mapping[str, Any]) -> tuple[BounceRecipient, ...]:
    """Return a row per recipient of a delivery report; () for a message that reports nothing.

    Meant for messages that `classify` calls a bounce. Whatever a sender wrote, it does not raise.
    """
    leaves = _report_parts(payload)
    if any(leaf.mime_type == "message/feedback-report" for leaf in leaves):
        return (_row("", "", Reason.FEEDBACK),)
    report = _report_text(payload)
    rows = [row for fields in _recipient_fields(leaves) for row in _from_fields(fields, report)]
    return tuple((rows or list(_from_text(Headers(payload), report)))[:_MOST_ROWS])


def _report_parts(payload: Mapping[str, Any]) -> list[Leaf]:
    """The report's own parts; those of the attached message too where only it holds a report (forwarded as a whole)."""
    own = list(parts_within(payload))
    return (
        own if any(leaf.mime_type in _STATUS_PARTS for leaf in own) else list(parts_within(payload, into_messages=True))
    )


def _row(recipient: str, status: str, reason: Reason) -> BounceRecipient:
    return BounceRecipient(clean(recipient), clean(status), is_hard(reason), reason.value)


# --- machine-readable reports -------------------------------------------------------------------------------------


def _recipient_fields(leaves: list[Leaf]) -> Iterator[dict[str, str]]:
    """The fields of each recipient (RFC 3464, 2.3), by lower-case name."""
    for index, leaf in enumerate(leaves):
        if leaf.mime_type in _STATUS_PARTS:
            # Gmail puts the fields into a text/plain child, which comes next.
            text = body_text(leaf, []) or (body_text(leaves[index + 1], []) if leaf.part.get("parts") else "")
            for block in _BLANK_LINE.split(text[:_LONGEST_TEXT]):
                yield from _recipients_in(block)


def _recipients_in(block: str) -> Iterator[dict[str, str]]:
    """The recipients of one block: one by the RFC, more where the empty line between them was forgotten."""
    fields: dict[str, str] = {}
    for found in _FIELD.finditer(block):
        name = found[1].lower()
        if name in fields and name in _RECIPIENT_FIELDS:
            yield fields
            fields = {}
        fields.setdefault(name, found[2])
    if not fields.keys().isdisjoint(_RECIPIENT_FIELDS):
        yield fields


def _from_fields(fields: dict[str, str], report: str) -> Iterator[BounceRecipient]:
    recipient = _mailbox(fields.get("final-recipient", "")) or _mailbox(fields.get("original-recipient", ""))
    status = fields.get("status", "").split(" ")[0].strip()
    action = fields.get("action", "").strip().lower()
    words = fields.get("diagnostic-code", "")
    code, reason = judge(status, words, _passage(report, recipient))
    if action.startswith(("delivered", "relayed", "expanded")):
        reason = Reason.DELIVERED
    elif action.startswith("delayed"):
        reason = Reason.TEMPORARY
    yield _row(recipient, code, reason)


def _mailbox(field: str) -> str:
    """The address of "rfc822; jane@x.example"; "" where it is none (an X.400 name, a local one)."""
    found = _ADDRESS.search(field.partition(";")[2] or field)
    address = address_of(found[0]) if found else None
    return address.email if address else ""


# --- reports in plain words ---------------------------------------------------------------------------------------


def _report_text(payload: Mapping[str, Any]) -> str:
    """What the mail system says, without the message that it returns; of absurdly long lines the beginning."""
    lines = (line[:_LONGEST_LINE] for line in read_content(payload, Headers(payload)).text[:_LONGEST_TEXT].split("\n"))
    return "\n".join(takewhile(lambda line: not _RETURNED.match(line), lines))


def _from_text(headers: Headers, report: str) -> Iterator[BounceRecipient]:
    """A row for each recipient that the report names: in a header, on a line of its own, or anywhere at all."""
    own = {found.lower() for name in _OWN for found in _ADDRESS.findall(headers.first(name))}
    failed = _ADDRESS.findall(headers.first("x-failed-recipients"))
    named = [match[1] for match in _RECIPIENT_LINE.finditer(report) if match[1].lower() not in own]
    anywhere = [found for found in _ADDRESS.findall(report) if found.lower() not in own][:1]
    for recipient in list({found.lower(): found for found in failed or named or anywhere or [""]}.values())[
        :_MOST_ROWS
    ]:
        yield _row(_mailbox(recipient), *_judged_nearby(report, recipient))


def _judged_nearby(report: str, recipient: str) -> tuple[str, Reason]:
    """The verdict of the recipient's own line, else of its passage, else of the whole report."""
    passage = _passage(report, recipient)
    verdicts = [judge("", words) for words in (passage.partition("\n")[0], passage, report)]
    return next((verdict for verdict in verdicts if verdict[1] is not Reason.UNKNOWN), verdicts[-1])


def _passage(report: str, recipient: str) -> str:
    """The words about one recipient: from its first mention to the next recipient's line."""
    start = report.lower().find(recipient.lower()) if recipient else -1
    if start < 0:
        return report[:_LONGEST_EVIDENCE]
    passage = report[start : start + _LONGEST_EVIDENCE]
    others = (m for m in _RECIPIENT_LINE.finditer(passage, len(recipient)) if m[1].lower() != recipient.lower())
    after = next(others, None)
    return passage[: after.start()] if after else passage
