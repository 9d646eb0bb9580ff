"""From order to draft: checked and written together, looked for in the mailbox, laid down one by one."""

from __future__ import annotations

from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.gmail.errors import NotFound
from backend.gmail.shapes import Draft, Format
from backend.outbox import letters, rules, service, store
from backend.outbox.shapes import Go, Hold, Letter, Sender, Sending, Skip, State, Verdict
from backend.outbox.shift import Shift
from backend.outbox.source import UnfitError
from backend.outbox.store import LeaseLostError
from backend.outbox.traces import look_around, read_sent


@dataclass(frozen=True, slots=True)
class Written:
    """An order's mail, ready to be laid down; it is to leave at `slot`. `thread_id` None: a thread of its own."""

    sending: Sending
    raw: bytes
    thread_id: str | None
    slot: datetime


def begin(shift: Shift, sendings: Sequence[Sending]) -> None:
    """Lay down the drafts of claimed orders, as many as may go soon.

    An earlier attempt may have left a draft behind, which the rep may even have sent: that is looked at first, so that
    nothing stays in the mailbox of an order that is not to leave any more.
    """
    booked = _read_back_earlier(shift, sendings)
    gone = _clear(shift, [sending for sending in sendings if sending.attempts], booked)
    written = _write_letters(shift, [sending for sending in sendings if sending.id not in gone])
    gone = _clear(shift, [each.sending for each in written if not each.sending.attempts], booked)
    _lay_down(shift, [each for each in written if each.sending.id not in gone])


def _clear(shift: Shift, sendings: Sequence[Sending], booked: Container[str]) -> set[int]:
    """Remove drafts that nobody remembers, and book what was sent; returns these orders."""
    if not sendings:
        return set()
    traces = look_around(shift.gmail, sendings, booked)
    if traces.strays:
        shift.require_lease()  # whoever has it now may have laid them down
    for draft_id in traces.strays:
        shift.discard(draft_id)
    sent = [sending for sending in sendings if sending.token in traces.sent]
    for sending in sent:
        shift.book(sending, traces.sent[sending.token], "found_sent")
    return {sending.id for sending in sent}


def _write_letters(shift: Shift, sendings: Sequence[Sending]) -> list[Written]:
    """Check, and write the mails for their moments; those that do not go now are noted with the reason."""
    if not sendings:
        return []
    with shift.writing() as session:
        now, sender = shift.now, store.sender_of(session, shift.lease.mailbox_id)
        verdicts = shift.judge(session, sender, sendings, now)
        near = []
        for sending, verdict in zip(sendings, _paced(sender, sendings, verdicts, now), strict=False):
            if isinstance(verdict, Go):
                near.append(sending)
            else:
                shift.heed(session, sending, verdict)
        return _written(shift, session, sender, near, now)


def _paced(sender: Sender, sendings: Sequence[Sending], verdicts: dict[int, Verdict], now: datetime) -> list[Verdict]:
    """The verdicts in the order of the queue, up to the first that holds all: only near moments are given away."""
    found: list[Verdict] = []
    for sending in sendings:
        verdict = verdicts[sending.id]
        if isinstance(verdict, Go):
            slot = rules.slot(sender, sending.token, now)
            verdict, sender = rules.is_near(slot, sender.pace, now), replace(sender, last_slot_at=slot)
        found.append(verdict)
        if isinstance(verdict, Hold) and verdict.is_for_all:
            break
    return found


def _written(
    shift: Shift, session: Session, sender: Sender, sendings: Sequence[Sending], now: datetime
) -> list[Written]:
    letters_of = service.compose(session, shift.desk.sources, sendings, now)
    found: list[Written] = []
    for sending in sendings:
        slot = rules.slot(sender, sending.token, now)
        try:
            found.append(_build(shift, sender, sending, letters_of[sending.id], slot))
        except UnfitError as error:
            shift.heed(session, sending, Skip(error.reason, error.evidence))
        else:
            sender = replace(sender, last_slot_at=slot)
    store.write_all(session, State.CLAIMED, {e.sending.id: {"attempts": e.sending.attempts + 1} for e in found})
    if found:
        store.write_sender(session, sender.mailbox_id, last_slot_at=sender.last_slot_at)
    return found


def _build(shift: Shift, sender: Sender, sending: Sending, letter: Letter | UnfitError, slot: datetime) -> Written:
    if isinstance(letter, UnfitError):
        raise letter
    url = shift.desk.links.url(sending.workspace_id, sending.address_key)
    raw = letters.build(letter, sending, sender, url)
    return Written(sending, raw, letter.anchor.thread_id or None if letter.anchor else None, slot)


def _lay_down(shift: Shift, written: Sequence[Written]) -> None:
    """Make the drafts, and note their ids together; where Gmail refuses one, those before it are noted all the same."""
    if not written:
        return
    laid: list[tuple[Written, Draft]] = []
    try:
        for each in written:
            laid.append((each, _create(shift, each)))  # noqa: PERF401 - what was made before a refusal counts
    finally:
        _note(shift, laid)


def _create(shift: Shift, written: Written) -> Draft:
    if written.thread_id is None:
        return shift.gmail.create_draft(written.raw)
    try:
        return shift.gmail.create_draft(written.raw, thread_id=written.thread_id)
    except NotFound:  # the rep deleted the thread here; the recipient still has it, and the headers lead there
        return shift.gmail.create_draft(written.raw)


def _note(shift: Shift, laid: Sequence[tuple[Written, Draft]]) -> None:
    try:
        with shift.writing() as session:
            store.write_all(session, State.DRAFTED, {each.sending.id: _laid(each, draft) for each, draft in laid})
    except LeaseLostError:
        for _each, draft in laid:  # whoever has the lease lays down their own
            shift.discard(draft.id)
        raise


def _laid(written: Written, draft: Draft) -> dict[str, Any]:
    ids = {"draft_id": draft.id, "thread_id": draft.message.thread_id}
    return {**ids, "due_at": written.slot, "reason": "", "attempts": 0}


def _read_back_earlier(shift: Shift, sendings: Sequence[Sending]) -> set[str]:
    """Learn what Gmail called the mails before, where that failed then: a reply refers to it.

    Returns the ids of all mails to these people that the books know.
    """
    with shift.desk.db.read() as session:
        unread = store.not_read_back(session, sendings)
        booked = store.sent_to_the_same(session, sendings)
    for sending_id, gmail_id in unread:
        with suppress(NotFound):  # the rep deleted it since; the thread goes on without
            mail = read_sent(shift.gmail.get_message(gmail_id, Format.METADATA))
            with shift.writing() as session:
                store.write(session, sending_id, State.SENT, **service.read_back(mail))
    return booked
