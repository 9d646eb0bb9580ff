"""Judging orders, ending them, and taking people off. Nothing here calls Gmail or commits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from backend.accounts.languages import gettext_of
from backend.activities.service import add_activity
from backend.activities.shapes import ActivityKind, NewActivity
from backend.audit.service import record as audit
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.outbox import mail_store, rules, store, suppression_store
from backend.outbox.shapes import Go, Ground, Hold, Letter, Sender, Sending, Skip, Spent, State, Verdict
from backend.outbox.source import Source, Sources, UnfitError
from backend.outbox.tables import OutboxRow
from backend.outbox.traces import SentMail
from backend.outbox.words import OWN_CLICK
from backend.records.store.lookup import names_of

PAUSE = timedelta(hours=24)


def make_due(session: Session, mailbox_id: int, at: datetime) -> None:
    """Have a mailbox looked at no later than that."""
    store.wake_sender(session, mailbox_id, at)


def reconsider(session: Session, source: str, source_id: int, now: datetime) -> None:
    """Have the open orders of an enrolment or campaign judged again at once: it was stopped, paused or taken up."""
    reconsider_all(session, source, (source_id,), now)


def reconsider_all(
    session: Session, source: str, source_ids: Collection[int] | Select[tuple[int]], now: datetime
) -> None:
    """The same for many at once; one whose send was committed meanwhile stays as it is."""
    waiting = OutboxRow.state.in_([state.value for state in State.unsent()])
    which = (OutboxRow.source == source, OutboxRow.source_id.in_(source_ids), waiting)
    mailbox_ids = session.scalars(select(OutboxRow.mailbox_id).where(*which).distinct()).all()
    if mailbox_ids:
        session.execute(update(OutboxRow).where(*which).values(due_at=now).execution_options(synchronize_session=False))
    for mailbox_id in mailbox_ids:
        make_due(session, mailbox_id, now)


def judge(
    session: Session, sources: Sources, sender: Sender, sendings: Sequence[Sending], spent: Spent, now: datetime
) -> dict[int, Verdict]:
    """Whether orders of one mailbox may go now, by id: what forbids it for good first, then what only delays it."""
    taken_off = suppression_store.suppressed_among(session, sender.workspace_id, {s.address_key for s in sendings})
    found = {s.id: _for_good(taken_off.get(s.address_key), s, now) for s in sendings}
    for source, asked in _by_source(sources, [s for s in sendings if isinstance(found[s.id], Go)]):
        found |= source.judge(session, asked, now)
    going = [s for s in sendings if isinstance(found[s.id], Go)]
    return found | _for_now(session, sender, going, spent, now)


def _for_good(taken_off: tuple[str, str] | None, sending: Sending, now: datetime) -> Verdict:
    return rules.in_time(sending, now) if taken_off is None else Skip(*taken_off)


def _for_now(
    session: Session, sender: Sender, sendings: Sequence[Sending], spent: Spent, now: datetime
) -> dict[int, Verdict]:
    """What the caps and budgets say to orders that go together: each counts for those behind it."""
    last_mails = mail_store.last_mails_to(session, sendings, now) if sendings else {}
    found: dict[int, Verdict] = {}
    written_to: set[str | int] = set()
    for sending in sendings:
        is_second = not written_to.isdisjoint((sending.address_key, sending.contact_id))
        last_mail_at = now if is_second else last_mails.get(sending.id)
        found[sending.id] = verdict = _delay(sender, sending, spent, last_mail_at, now)
        if isinstance(verdict, Go):
            spent = rules.with_one_more(spent, sending.domain, now)
            written_to |= {sending.address_key, sending.contact_id}
    return found


def _delay(sender: Sender, sending: Sending, spent: Spent, last_mail_at: datetime | None, now: datetime) -> Verdict:
    for verdict in (_paused(sender, now), rules.within_caps(sender, sending, spent, now)):
        if not isinstance(verdict, Go):
            return verdict
    return rules.within_person_budget(sender.pace, last_mail_at, now)


def compose(
    session: Session, sources: Sources, sendings: Sequence[Sending], now: datetime
) -> dict[int, Letter | UnfitError]:
    """What the mails of some orders say, by id, or why they cannot be written."""
    found: dict[int, Letter | UnfitError] = {}
    for source, asked in _by_source(sources, sendings):
        found |= source.compose(session, asked, now)
    return found


def _by_source(sources: Sources, sendings: Sequence[Sending]) -> Iterator[tuple[Source, list[Sending]]]:
    for name in dict.fromkeys(sending.source for sending in sendings):
        yield sources[name], [sending for sending in sendings if sending.source == name]


def _paused(sender: Sender, now: datetime) -> Verdict:
    if sender.paused_until is not None and sender.paused_until > now:
        return Hold(sender.paused_until, "mailbox_paused", is_for_all=True)
    return Go()


def book_sent(session: Session, sources: Sources, sending: Sending, mail: SentMail, now: datetime, why: str) -> None:
    """Note that an order's mail left, and what a reply to it must refer to."""
    values = {"gmail_id": mail.gmail_id, "thread_id": mail.thread_id or sending.thread_id, "sent_at": mail.at}
    _end(session, sources, sending, State.SENT, now, reason=why, **values, **read_back(mail))


def read_back(mail: SentMail) -> dict[str, Any]:
    """The columns that Gmail's own version of the mail fills; none where it was not read yet."""
    if not mail.rfc_id:
        return {}
    return {"rfc_id": mail.rfc_id, "subject": mail.subject[:998], "references": mail.references}


def end_skipped(session: Session, sources: Sources, sending: Sending, skip: Skip, now: datetime) -> None:
    """Note that an order's mail will not leave, and why."""
    _end(session, sources, sending, State.SKIPPED, now, reason=skip.reason, evidence=skip.evidence[:500])


def end_vetoed(session: Session, sources: Sources, sending: Sending, now: datetime) -> None:
    """Note that the rep deleted the draft."""
    _end(session, sources, sending, State.VETOED, now, reason="draft_deleted", evidence=sending.draft_id)


def end_unknown(session: Session, clock: Clock, sources: Sources, sending: Sending, user_id: int) -> None:
    """Note that nobody can tell whether the mail left, and ask the rep to look; it is never sent again by itself."""
    _ = gettext_of(session, user_id)
    text = _(
        "Look whether the mail to %(email)s left: the connection to Gmail broke while it was sent, and it is neither "
        "among the drafts nor among the sent mail. Enlace does not send it again.",
        email=sending.email,
    )
    add_task(session, clock, sending, user_id, text)
    _end(session, sources, sending, State.UNKNOWN, clock.now(), reason="unknown", evidence=sending.draft_id)


def add_task(session: Session, clock: Clock, sending: Sending, user_id: int, text: str) -> None:
    """Ask the rep to do something about the person, if that one still has a record."""
    about = tuple(names_of(session, sending.workspace_id, [sending.contact_id]))
    now = clock.now()
    add_activity(session, clock, sending.workspace_id, NewActivity(ActivityKind.TASK, text, about, user_id, due_at=now))


def _end(session: Session, sources: Sources, sending: Sending, state: State, now: datetime, **values: Any) -> None:
    """Tell the source first: all who lock rows lock the source's, then the order, then the sender, or they deadlock."""
    sources[sending.source].settled(session, replace(sending, state=state, **values), now)
    store.write(session, sending.id, state, ended_at=now, **values)


def pause_sending(session: Session, clock: Clock, sending_from: int, workspace_id: int, reason: str) -> None:
    """Let nothing leave a mailbox for a day: Gmail or a recipient's server refuses its mail, whoever it is for."""
    until = clock.now() + PAUSE
    store.pause_sender(session, sending_from, until, reason)
    store.postpone_open(session, sending_from, until, "mailbox_paused")
    audit(session, clock, workspace_id, "outbox.pause", Subject("mailbox", sending_from), details={"why": reason})


def resume_sending(session: Session, clock: Clock, mailbox_id: int, workspace_id: int) -> None:
    """Lift a mailbox's pause; what waited leaves at the mailbox's pace."""
    store.pause_sender(session, mailbox_id, None, "")
    make_due(session, mailbox_id, clock.now())
    audit(session, clock, workspace_id, "outbox.resume", Subject("mailbox", mailbox_id))


def unsubscribe(session: Session, clock: Clock, workspace_id: int, address_key: str) -> None:
    """Send nothing to an address any more, at its owner's wish."""
    suppress(session, clock, workspace_id, address_key, Ground.UNSUBSCRIBED, OWN_CLICK)


def suppress(
    session: Session, clock: Clock, workspace_id: int, address_key: str, ground: Ground, evidence: str
) -> None:
    """Send nothing to an address any more; said twice, the first reason stands."""
    if suppression_store.suppressed(session, workspace_id, address_key) is not None:
        return
    suppression_store.suppress(
        session, workspace_id, address_key, ground=ground.value, evidence=evidence[:500], at=clock.now()
    )
    subject = Subject("workspace", workspace_id)
    audit(
        session, clock, workspace_id, f"outbox.suppress.{ground.value}", subject, details={"evidence": evidence[:200]}
    )
