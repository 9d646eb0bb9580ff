"""From draft to sent mail: the mailbox is made level, and each mail is checked, committed and sent by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from backend.gmail.errors import (
    AuthRevoked,
    GmailError,
    NotFound,
    PermissionDenied,
    RateLimited,
    Rejected,
    SendingRefused,
)
from backend.gmail.shapes import Format, MessageRef
from backend.outbox import mail_store, rules, service, store
from backend.outbox.reports import act_on, read_report
from backend.outbox.shapes import Go, Hold, Sending, Skip, State, Verdict
from backend.outbox.shift import Shift
from backend.outbox.traces import SentMail, find_draft, find_sent, read_sent

log = structlog.get_logger(__name__)

FRESH = timedelta(seconds=30)
NOT_FRESH_AGAIN = timedelta(seconds=20)
_REPORTS = 50


def _make_level(shift: Shift) -> None:
    """Have the mailbox synced, unless it was a moment ago, and heed the delivery reports that this brought."""
    mailbox_id = shift.lease.mailbox_id
    with shift.desk.db.read() as session:
        is_fresh = mail_store.is_fresh(session, mailbox_id, shift.now - FRESH / 3)
        news = mail_store.new_reports(session, mailbox_id, _REPORTS) if is_fresh else None
    if news is None:
        shift.desk.refresh(mailbox_id)
        with shift.desk.db.read() as session:
            news = mail_store.new_reports(session, mailbox_id, _REPORTS)
    if news.last_id is not None:
        _read_reports(shift, news.found, news.last_id)


def go_on(shift: Shift, sendings: Sequence[Sending]) -> None:
    """Send what lies there as drafts, and find out what became of sends that are in doubt."""
    for sending in sendings:
        if sending.state is State.SENDING:
            _recover(shift, sending)
    drafted = [sending for sending in sendings if sending.state is State.DRAFTED]
    if drafted:
        _make_level(shift)
        _send_all(shift, drafted)


def _send_all(shift: Shift, sendings: Sequence[Sending]) -> None:
    """Send what may go, one after the other. What is not tried, or not in time, is a draft as before."""
    left = _commit_to_send(shift, sendings)
    until = shift.now + FRESH / 2
    try:
        while left and shift.now <= until:
            _send(shift, left.pop(0))
    finally:
        if left:
            _not_sent(shift, left)


def _commit_to_send(shift: Shift, sendings: Sequence[Sending]) -> list[Sending]:
    """Check again, and commit what may go to its send; the others are noted with the reason, or taken back.

    What is to be taken back is noted as begun, no more: should the line break, a draft that is gone is no rep's veto.
    """
    with shift.writing() as session:
        now = shift.now
        verdicts = _verdicts(shift, session, sendings, now)
        going = [sending for sending in sendings if isinstance(verdicts[sending.id], Go)]
        in_doubt = {"due_at": now + store.LEASE, "reason": ""}
        store.write_all(session, State.SENDING, {sending.id: in_doubt for sending in going})
        skipped = [sending for sending in sendings if isinstance(verdicts[sending.id], Skip)]
        store.write_all(session, State.CLAIMED, {s.id: {"attempts": s.attempts + 1} for s in skipped})
        for sending in sendings:
            if isinstance(verdicts[sending.id], Hold):
                shift.heed(session, sending, verdicts[sending.id])
    for sending in skipped:
        verdict = verdicts[sending.id]
        assert isinstance(verdict, Skip)
        _take_back(shift, sending, verdict)
    return going


def _verdicts(shift: Shift, session: Session, sendings: Sequence[Sending], now: datetime) -> Mapping[int, Verdict]:
    if not mail_store.is_fresh(session, shift.lease.mailbox_id, now - FRESH / 2):
        return dict.fromkeys((sending.id for sending in sendings), Hold(now + NOT_FRESH_AGAIN, "not_fresh"))
    sender = store.sender_of(session, shift.lease.mailbox_id)
    waiting = rules.keep_distance(sender.pace, sendings, now)
    return waiting | shift.judge(session, sender, [s for s in sendings if s.id not in waiting], now)


def _send(shift: Shift, sending: Sending) -> None:
    try:
        ref = shift.gmail.send_draft(sending.draft_id)
    except (NotFound, RateLimited, SendingRefused, AuthRevoked, PermissionDenied, Rejected) as error:
        _not_sent(shift, [sending])  # Gmail answered: it did not send
        if not isinstance(error, NotFound):
            raise
        _recover(shift, replace(sending, state=State.DRAFTED))  # sent or deleted by the rep, or books of a backup
    else:
        shift.book(sending, _as_stored(shift, ref), "")


def _as_stored(shift: Shift, ref: MessageRef) -> SentMail:
    """A mail that just left, with what Gmail called it; else the next mail in the thread asks again."""
    left = SentMail(ref.id, ref.thread_id, "", "", (), shift.now)
    try:
        return replace(read_sent(shift.gmail.get_message(ref.id, Format.METADATA)), at=left.at)
    except GmailError as error:  # it left all the same, and that is to be booked; the next call meets the same trouble
        log.warning("sent_mail_not_read_back", gmail_id=ref.id, error=type(error).__name__)
        return left


def _not_sent(shift: Shift, sendings: Sequence[Sending]) -> None:
    with shift.writing() as session:
        store.write_all(session, State.DRAFTED, {sending.id: {"due_at": sending.due_at} for sending in sendings})


def _take_back(shift: Shift, sending: Sending, skip: Skip) -> None:
    """Delete the draft of an order that is not to leave; where it is gone, the rep sent or vetoed it meanwhile."""
    if not shift.discard(sending.draft_id):
        sent = find_sent(shift.gmail, sending)
        if sent is None:
            _recover(shift, sending)
        else:
            shift.book(sending, sent, "by_hand")
        return
    with shift.writing() as session:
        service.end_skipped(session, shift.desk.sources, sending, skip, shift.now)


def _recover(shift: Shift, sending: Sending) -> None:
    """The mailbox tells what became of an order in `sending`, or of a draft that is gone."""
    has_draft = find_draft(shift.gmail, sending)
    sent = find_sent(shift.gmail, sending)
    state = rules.after_doubt(sending.state, has_draft=has_draft, has_sent_mail=sent is not None)
    if sent is not None:
        shift.book(sending, sent, "found_sent")
        return
    with shift.writing() as session:
        if state is State.UNKNOWN:
            user_id = store.sender_of(session, sending.mailbox_id).user_id
            service.end_unknown(session, shift.desk.clock, shift.desk.sources, sending, user_id)
        elif state is State.VETOED:
            service.end_vetoed(session, shift.desk.sources, sending, shift.now)
        else:
            store.write(session, sending.id, State.DRAFTED, due_at=shift.now)


def _read_reports(shift: Shift, found: Sequence[tuple[str, str]], last_id: int) -> None:
    reports = []
    for gmail_id, thread_id in found:
        with suppress(NotFound, Rejected):  # deleted since it was synced, or no mail that Gmail can give
            reports.append(read_report(shift.gmail.get_message(gmail_id, Format.FULL), thread_id))
    with shift.writing() as session:
        store.write_sender(session, shift.lease.mailbox_id, reports_read_id=last_id)
        for report in reports:
            act_on(session, shift.desk.clock, shift.lease, report)
