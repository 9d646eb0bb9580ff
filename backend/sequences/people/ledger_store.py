"""An enrolment's ledger as people read it: each line with what it rests on, and where that can be looked at."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.accounts.tables import Mailbox, User
from backend.mail.links import gmail_url
from backend.outbox.tables import OutboxRow
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.shapes import EventKind
from backend.sequences.tables import EnrolmentEvent

_NAMED = re.compile(r"\b(mail|task|activity|record|order|user) (\d{1,18})\b")

_TURNED = re.compile(r"to step (\d{1,3})")


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One thing that was done or left, and why.

    `evidence` as it was written down; `message_id`, `record_id` and `task_id` what it names, None where it does not.
    `subject` and `gmail_url` are the sent mail's; the address only for the owner of the mailbox. `to_step`: where a
    condition led, from 0. `detail`: what of the evidence is neither, as the fields without a value. `who` did it, ""
    the machine.
    """

    at: datetime
    kind: EventKind
    step: int
    reason: str
    evidence: str
    message_id: int | None = None
    record_id: int | None = None
    task_id: int | None = None
    subject: str = ""
    gmail_url: str = ""
    to_step: int | None = None
    detail: str = ""
    who: str = ""


def read_ledger(session: Session, actor: Actor, enrolment_id: int) -> list[LedgerLine]:
    """Everything that was done or left for somebody, in its order."""
    return read_ledgers(session, actor, [enrolment_id]).get(enrolment_id, [])


def read_ledgers(session: Session, actor: Actor, enrolment_ids: Collection[int]) -> dict[int, list[LedgerLine]]:
    """The same for several, by the enrolment."""
    query = select(EnrolmentEvent).where(EnrolmentEvent.enrolment_id.in_(enrolment_ids)).order_by(EnrolmentEvent.id)
    events = list(session.scalars(query))
    sent = _sent(session, actor, enrolment_ids)
    names = _names(session, actor.workspace_id, events)
    found: dict[int, list[LedgerLine]] = {}
    for event in events:
        found.setdefault(event.enrolment_id, []).append(_line(event, sent, names))
    return found


def _line(event: EnrolmentEvent, sent: dict[int, tuple[str, str]], names: dict[int, str]) -> LedgerLine:
    named = {kind: int(number) for kind, number in _NAMED.findall(event.evidence)}
    subject, url = sent.get(named.get("order", 0), ("", "")) if event.kind == EventKind.SENT else ("", "")
    return LedgerLine(
        at=event.at,
        kind=EventKind(event.kind),
        step=event.step,
        reason=event.reason,
        evidence=event.evidence,
        message_id=named.get("mail"),
        record_id=named.get("record"),
        task_id=named.get("task"),
        subject=subject,
        gmail_url=url,
        to_step=_target(event),
        detail="" if named or event.kind == EventKind.TURNED.value else event.evidence,
        who=names.get(named.get("user", 0), "") if event.kind in _BY_PEOPLE else "",
    )


def _target(event: EnrolmentEvent) -> int | None:
    found = _TURNED.fullmatch(event.evidence)
    return int(found[1]) if found and event.kind == EventKind.TURNED.value else None


_BY_PEOPLE = {EventKind.ENROLLED.value, EventKind.PAUSED.value, EventKind.STOPPED.value, EventKind.RESUMED.value}


def _sent(session: Session, actor: Actor, enrolment_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """The subject of each mail that left, and where it opens for the one who looks."""
    query = (
        select(OutboxRow.id, OutboxRow.subject, OutboxRow.gmail_id, Mailbox.address, Mailbox.user_id)
        .join(Mailbox, Mailbox.id == OutboxRow.mailbox_id)
        .where(OutboxRow.source == SOURCE, OutboxRow.source_id.in_(enrolment_ids), OutboxRow.gmail_id != "")
    )
    return {
        row.id: (row.subject, gmail_url(row.address, row.gmail_id) if row.user_id == actor.user_id else "")
        for row in session.execute(query)
    }


def _names(session: Session, workspace_id: int, events: list[EnrolmentEvent]) -> dict[int, str]:
    """Those who did something, by id."""
    ids = {int(number) for event in events for kind, number in _NAMED.findall(event.evidence) if kind == "user"}
    query = select(User.id, User.name, User.email).where(User.workspace_id == workspace_id, User.id.in_(ids))
    return {row.id: row.name or row.email for row in session.execute(query)} if ids else {}
