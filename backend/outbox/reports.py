"""Delivery reports on our mail: an address that takes no mail is written to no more; a refusal of the sender pauses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backend.gmail.shapes import GmailMessage
from backend.kit.clock import Clock, from_epoch_ms
from backend.mail.addresses import key_of
from backend.mail.bounce_reasons import Reason
from backend.mail.bounces import read_bounce
from backend.mail.shapes import BounceRecipient
from backend.outbox import service, store
from backend.outbox.shapes import Ground, Lease, Pause

_OURS = {Reason.SENDER_LIMIT: Pause.SENDER_LIMIT, Reason.POLICY: Pause.POLICY}


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery report: where it lies, when it came, and a row for each recipient."""

    gmail_id: str
    thread_id: str
    at: datetime
    rows: tuple[BounceRecipient, ...]


def read_report(message: GmailMessage, thread_id: str) -> Report:
    """Read a report as Gmail gives it."""
    return Report(message.id, thread_id, from_epoch_ms(message.internal_date_ms), read_bounce(message.payload or {}))


def act_on(session: Session, clock: Clock, lease: Lease, report: Report) -> None:
    """Suppress the addresses that are to blame; pause the mailbox where it is. What is temporary changes nothing.

    A mailbox that was connected just now has reports of years: an address that took no mail then takes none today, but
    a refusal of the sender from before our first mail is over.
    """
    began_at = store.sender_of(session, lease.mailbox_id).first_sent_at
    for row in report.rows:
        evidence = f"report {report.gmail_id}: {row.status or 'no status'} {row.reason}"
        if row.hard and (address_key := _whose(session, lease, report, row)):
            service.suppress(session, clock, lease.workspace_id, address_key, Ground.BOUNCED, evidence)
        elif row.reason in _OURS and began_at is not None and report.at >= began_at:
            why = f"{_OURS[Reason(row.reason)]}: {evidence}"
            service.pause_sending(session, clock, lease.mailbox_id, lease.workspace_id, why)


def _whose(session: Session, lease: Lease, report: Report, row: BounceRecipient) -> str:
    """The recipient's address; where the report names none, that of our mail in its thread."""
    if row.recipient:
        return key_of(row.recipient)
    sent = store.sent_in_thread(session, lease.mailbox_id, report.thread_id)
    return sent.address_key if sent else ""
