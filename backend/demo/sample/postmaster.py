"""What mail systems answer by themselves: delivery reports (RFC 3464) and out-of-office notes (RFC 3834)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email import message_from_string
from email.message import Message
from random import Random

from backend.demo.sample.cast import DOMAIN, Member
from backend.demo.sample.copies import deliver
from backend.demo.sample.letter import POLICY, Letter, multipart, seal, text_part
from backend.demo.sample.moments import DAYS, spell
from backend.demo.sample.script import rows
from backend.demo.sample.shapes import SampleMail

_DAEMON = Member(f"mailer-daemon@{DOMAIN}", "Mail Delivery Subsystem", "", "", "", "GB", "plain")
REASONS = {
    "5.1.1": ("550", "The email account that you tried to reach does not exist."),
    "5.1.2": ("550", "The domain of the recipient could not be found."),
    "4.2.2": ("452", "The recipient's inbox is out of storage space. We will try again for 45 hours."),
    "5.7.1": ("550", "The message was refused by the recipient's policy for unsolicited mail."),
    "5.4.5": ("550", "Daily user sending limit exceeded."),
}


_DOTTED = frozenset({"de", "sv", "no"})  # languages that write 24.12.2026; the others here write 24/12/2026


@dataclass(frozen=True, slots=True)
class Absence:
    """An out-of-office note; `words` have a {until} in them."""

    language: str
    prefix: str
    words: str


def read_absences() -> tuple[Absence, ...]:
    """Return the notes of `texts/machines/absences.txt`."""
    return tuple(Absence(*row) for row in rows("machines/absences.txt"))


def bounce(failed: Letter, status: str, at: datetime, now: datetime, rng: Random) -> SampleMail:
    """Return the report that `failed` was refused (4.…: is delayed) with the enhanced status code `status`."""
    code, reason = REASONS[status]
    recipient = failed.to[0].address
    kind = "Delay" if status.startswith("4") else "Failure"
    report = Letter(
        message_id=f"<{rng.getrandbits(96):024x}@mail.{DOMAIN}>",
        at=at,
        sender=_DAEMON,
        to=(failed.sender,),
        subject=f"Delivery Status Notification ({kind})",
        text=f"** Your message to {recipient} was not delivered **\n\n{reason}\n\n{code} {status} {reason}",
        references=(*failed.references, failed.message_id),
        headers={"Auto-Submitted": "auto-replied", "X-Failed-Recipients": recipient},
    )
    action = "delayed" if kind == "Delay" else "failed"
    facts = f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n"
    machine = f"Reporting-MTA: dns; mail.{DOMAIN}\n\n{facts}Diagnostic-Code: smtp; {code} {status} {reason}\n"
    parts = [text_part(report.text), _part("message/delivery-status", machine), _headers_of(failed)]
    body = multipart("report", parts, report, **{"report-type": "delivery-status"})
    return deliver(report, now, rng, raw=seal(body, report))


def away(received: Letter, absence: Absence, at: datetime, now: datetime, rng: Random) -> SampleMail:
    """Return the out-of-office note that answers `received`; it ends some days later."""
    until = _spelled(at.date() + timedelta(days=rng.randrange(3, 15)), absence.language)
    absent = received.to[0]
    note = Letter(
        message_id=f"<{rng.getrandbits(96):024x}@mail.{absent.domain}>",
        at=at,
        sender=absent,
        to=(received.sender,),
        subject=f"{absence.prefix}: {received.subject}",
        text=absence.words.replace("{until}", until),
        references=(*received.references, received.message_id),
        headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
    )
    return deliver(note, now, rng)


def _spelled(day: date, language: str) -> str:
    if language in DAYS:
        return spell(day, language)
    return f"{day:%d.%m.%Y}" if language in _DOTTED else f"{day:%d/%m/%Y}"


def _headers_of(failed: Letter) -> Message:
    whole = seal(Message(policy=POLICY), replace(failed, headers={}))
    return _part("text/rfc822-headers", whole.decode("ascii").replace("\r\n", "\n"))


def _part(kind: str, content: str) -> Message:
    """Parsed rather than built: a delivery-status holds messages, and the parser knows how to make them."""
    return message_from_string(f"Content-Type: {kind}\n\n{content}", policy=POLICY)
