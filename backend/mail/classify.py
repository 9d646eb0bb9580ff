"""What a message is to a CRM, told from its headers and its MIME structure alone.

The order matters: a delivery report may also be "auto-generated", an invitation may come from a no-reply robot. Each
answer carries its evidence. Subjects decide nothing alone: a person may well write "Re: Delivery failed?".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from backend.mail.addresses import is_role_or_robot
from backend.mail.headers import Headers
from backend.mail.lexicon import AUTO_REPLY_SUBJECT, BOUNCE_SUBJECT
from backend.mail.parts import Leaf, body_text
from backend.mail.shapes import Kind

Verdict = tuple[Kind, str]

_REPORT_TYPE = re.compile(r"report-type\s*=\s*\"?([\w-]+)", re.IGNORECASE)
_REPORTS = {
    "delivery-status": (Kind.BOUNCE, "delivery report"),
    "feedback-report": (Kind.BOUNCE, "feedback-loop report"),
    "disposition-notification": (Kind.AUTO_REPLY, "disposition notification"),
}
_REPORT_PARTS = {
    "message/delivery-status": "delivery-status",
    "message/feedback-report": "feedback-report",
    "message/disposition-notification": "disposition-notification",
}
_BOUNCE_HEADERS = ("x-failed-recipients", "x-qmail-bounce-id", "x-bounce-recipient")
_MAILER_DAEMON = re.compile(
    r"(?:.*[._-])?(?:mailer-?daemon|mail-?daemon|mdaemon|postmaster|mailer_daemon|mail[._-]delivery[._-]sub-?system|mail-?system"
    r"|complaints|bounces?|delivery|mmdf|smtp-?daemon)(?:[._+-].*)?",
    re.IGNORECASE,
)
_POSTMASTER = re.compile(r"post[._-]?master")
_AMAZON_BOUNCE = re.compile(r'notificationType\\?"\s*:\s*\\?"Bounce')  # as a string within JSON, or not
_METHOD = re.compile(r"method\s*=\s*\"?(request|reply|cancel|counter|add|refresh|declinecounter)\b", re.IGNORECASE)

_AUTO_REPLY_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-away-message",
)
_AUTO_REPLY_PRECEDENCE = frozenset({"auto_reply", "auto-reply", "autoreply"})
_BULK_PRECEDENCE = frozenset({"bulk", "list", "junk"})
# Headers that only mailing lists and the big senders' machines add.
_BULK_HEADERS = (
    "list-id", "list-unsubscribe", "list-post", "mailing-list", "x-mailing-list", "x-mailman-version", "feedback-id",
    "x-campaign", "x-campaignid", "x-campaign-id", "x-mc-user",
    "x-mandrill-user", "x-mailgun-variables", "x-sg-eid", "x-ses-outgoing",
    "x-csa-complaints", "x-sfmc-stack", "x-mailjet-campaign", "x-hs-cid", "x-cm-campaignid", "x-klaviyo-message-id",
    "x-sib-id", "x-emarsys-identify", "x-sendgrid-id", "x-constantcontact", "x-roving-id", "x-elqpod", "x-marketoid",
    "x-pm-message-id-broadcast", "x-mailer-lid", "x-github-reason", "x-auto-notification",
)  # fmt: skip


def classify(headers: Headers, leaves: Iterable[Leaf], subject: str, sender: str) -> Verdict:
    """Return the kind of a message and its evidence.

    `subject` is decoded, `sender` the From address as a key ("" where there is none), `leaves` the MIME parts.
    """
    parts = {leaf.mime_type: leaf for leaf in reversed(list(leaves))}
    return (
        _report(headers, parts)
        or _bounce(headers, subject, sender)
        or _amazon(headers, parts)
        or _calendar(parts)
        or _auto_reply(headers, subject)
        or _bulk(headers, sender)
        or _null_sender(headers)
        or (Kind.PERSON, "nothing speaks against it")
    )


def _report(headers: Headers, parts: dict[str, Leaf]) -> Verdict | None:
    """A machine-readable report, by RFC 6522's parameter or, where that was lost, by the part itself."""
    content_type = headers.first("content-type")
    if content_type[:16].lower() == "multipart/report" and (found := _REPORT_TYPE.search(content_type)):
        return _REPORTS.get(found[1].lower())
    return next((_REPORTS[kind] for part, kind in _REPORT_PARTS.items() if part in parts), None)


def _bounce(headers: Headers, subject: str, sender: str) -> Verdict | None:
    if found := headers.any_of(_BOUNCE_HEADERS):
        return Kind.BOUNCE, f"{found} header"
    local = sender.rpartition("@")[0]
    if local.startswith("mailer-daemon"):
        return Kind.BOUNCE, "sent by the mailer daemon"
    if _POSTMASTER.fullmatch(local) and (_has_null_sender(headers) or headers.first("in-reply-to")):
        return Kind.BOUNCE, "the postmaster tells of a mail"
    if not BOUNCE_SUBJECT.match(subject):
        return None
    if not sender or _has_null_sender(headers) or _MAILER_DAEMON.fullmatch(local) or _auto_submitted(headers):
        return Kind.BOUNCE, "delivery failure by subject and sender"
    return None


def _amazon(headers: Headers, parts: dict[str, Leaf]) -> Verdict | None:
    """Amazon's mail service sends no report, but has its notification service tell, in JSON."""
    if not headers.first("x-amz-sns-message-id") or "text/plain" not in parts:
        return None
    told = _AMAZON_BOUNCE.search(body_text(parts["text/plain"], []))
    return (Kind.BOUNCE, "Amazon's notification of a bounce") if told else None


def _calendar(parts: dict[str, Leaf]) -> Verdict | None:
    """An invitation or an answer to one (RFC 5546); a calendar file without a method is only an attachment."""
    invitation = parts.get("text/calendar")
    method = _METHOD.search(invitation.headers.first("content-type")) if invitation else None
    return (Kind.CALENDAR, f"calendar {method[1].lower()}") if method else None


def _auto_reply(headers: Headers, subject: str) -> Verdict | None:
    """RFC 3834, the headers from before it, and vacation subjects in many languages."""
    submitted = _auto_submitted(headers)
    if submitted and submitted != "auto-generated":
        return Kind.AUTO_REPLY, f"Auto-Submitted: {submitted[:40]}"
    if found := headers.any_of(_AUTO_REPLY_HEADERS):
        return Kind.AUTO_REPLY, f"{found} header"
    if _precedence(headers) in _AUTO_REPLY_PRECEDENCE:
        return Kind.AUTO_REPLY, "Precedence: auto_reply"
    if AUTO_REPLY_SUBJECT.match(subject):
        return Kind.AUTO_REPLY, "subject of an automatic reply"
    return None


def _bulk(headers: Headers, sender: str) -> Verdict | None:
    if found := headers.any_of(_BULK_HEADERS):
        return Kind.BULK, f"{found} header"
    precedence = _precedence(headers)
    if precedence in _BULK_PRECEDENCE:
        return Kind.BULK, f"Precedence: {precedence}"
    if _auto_submitted(headers):
        return Kind.BULK, "Auto-Submitted: auto-generated"
    if is_role_or_robot(sender):
        return Kind.BULK, "sent by a robot"
    return None


def _null_sender(headers: Headers) -> Verdict | None:
    """RFC 5321, 4.5.5: only notifications and automatic replies leave the return path empty."""
    return (Kind.AUTO_REPLY, "empty Return-Path") if _has_null_sender(headers) else None


def _has_null_sender(headers: Headers) -> bool:
    return headers.first("return-path").replace(" ", "") == "<>"


def _auto_submitted(headers: Headers) -> str:
    """The keyword of Auto-Submitted in lower case; "" where it is missing or "no"."""
    keyword = headers.first("auto-submitted").partition(";")[0].partition("(")[0].strip().lower()
    return "" if keyword == "no" else keyword


def _precedence(headers: Headers) -> str:
    return headers.first("precedence").strip().lower()
