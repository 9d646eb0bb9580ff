"""From draft to sent mail: the mailbox is made level, and each mail is checked, committed and sent by itself."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from backend.gmail.errors import AuthRevoked, NotFound, PermissionDenied, RateLimited, Rejected, SendingRefused
from backend.gmail.shapes import Format, MessageRef
from backend.outbox import mail_store, rules, service, store
from backend.outbox.reports import act_on, read_report
from backend.outbox.shapes import Go, Hold, Sending, Skip, State, Verdict
from backend.outbox.shift import Shift
from backend.outbox.traces import SentMail, find_draft, find_sent, read_sent

FRESH = timedelta(seconds=30)
NOT_FRESH_AGAIN = timedelta(seconds=20)
_REPORTS = 50


def make_level(shift: Shift) -> None:
    """Have the mailbox synced, unless it was a moment ago, and heed the delivery reports that this brought."""
    with shift.desk.db.read() as session:
        is_fresh = mail_store.is_fresh(session, shift.lease.mailbox_id, shift.now - FRESH / 2)
    if not is_fresh:
        shift.desk.refresh(shift.lease.mailbox_id)
    _read_reports(shift)


def go_on(shift: Shift, sendings: Iterable[Sending]) -> None:
    """Send what lies there as a draft, one after the other; find out what became of a send that is in doubt."""
    for sending in sendings:
        (_send if sending.state is State.DRAFTED else _recover)(shift, sending)


def _send(shift: Shift, sending: Sending) -> None:
    verdict = _commit_to_send(shift, sending)
    if isinstance(verdict, Skip):
        _take_back(shift, sending, verdict)
    if not isinstance(verdict, Go):
        return
    try:
        ref = shift.gmail.send_draft(sending.draft_id)
    except (NotFound, RateLimited, SendingRefused, AuthRevoked, PermissionDenied, Rejected) as error:
        _not_sent(shift, sending)  # Gmail answered: it did not send
        if not isinstance(error, NotFound):
            raise
        _recover(shift, sending)  # the rep sent or deleted it, or this database was restored from a backup
    else:
        _book(shift, sending, ref)


def _commit_to_send(shift: Shift, sending: Sending) -> Verdict:
    with shift.writing() as session:
        now, sender = shift.now, store.sender_of(session, shift.lease.mailbox_id)
        verdict: Verdict = Hold(now + NOT_FRESH_AGAIN, "not_fresh")
        if mail_store.is_fresh(session, shift.lease.mailbox_id, now - FRESH):
            verdict = shift.judge(session, sender, [sending], now)[sending.id]
        if isinstance(verdict, Go):
            store.write(session, sending.id, State.SENDING, due_at=now + store.LEASE, reason="")
        elif isinstance(verdict, Hold):
            shift.heed(session, sending, verdict)
        return verdict


def _book(shift: Shift, sending: Sending, ref: MessageRef) -> None:
    shift.book(sending, SentMail(ref.id, ref.thread_id, "", "", (), shift.now), "")
    shift.sent.append((sending.id, ref.id))


def _not_sent(shift: Shift, sending: Sending) -> None:
    with shift.writing() as session:
        store.write(session, sending.id, State.DRAFTED)


def _take_back(shift: Shift, sending: Sending, skip: Skip) -> None:
    """Delete the draft of an order that is not to leave, unless the rep sent it by hand meanwhile."""
    if not shift.discard(sending.draft_id) and (sent := find_sent(shift.gmail, sending)) is not None:
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


def read_back(shift: Shift) -> None:
    """Note what Gmail called the mails that just left; where that fails, the next mail in the thread asks again."""
    gmail_ids, shift.sent = dict(shift.sent), []
    if not gmail_ids:
        return
    fetched = shift.gmail.get_messages(list(gmail_ids.values()), Format.METADATA).messages
    with shift.writing() as session:
        for sending_id, gmail_id in gmail_ids.items():
            if gmail_id in fetched:
                values = service.read_back(read_sent(fetched[gmail_id]))
                store.write(session, sending_id, State.SENT, **values)


def _read_reports(shift: Shift) -> None:
    with shift.desk.db.read() as session:
        found, last_id = mail_store.new_reports(session, shift.lease.mailbox_id, _REPORTS)
    if last_id is None:
        return
    reports = []
    for gmail_id, thread_id in found:
        with suppress(NotFound, Rejected):  # deleted since it was synced, or no mail that Gmail can give
            reports.append(read_report(shift.gmail.get_message(gmail_id, Format.FULL), thread_id))
    with shift.writing() as session:
        store.write_sender(session, shift.lease.mailbox_id, reports_read_id=last_id)
        for report in reports:
            act_on(session, shift.desk.clock, shift.lease, report)
