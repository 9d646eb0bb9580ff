"""Pure decisions of the ledger: what a move posts, and what a mailbox's figures mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from backend.gmail.gateway import UNITS
from backend.sync.ledger.shapes import (
    PENDING,
    REMOVED,
    STORED,
    Account,
    Cause,
    Light,
    Mailbox,
    Postings,
    Standing,
    Totals,
    Verdict,
)

MOST_FAILURES = 3  # in a row, before a person hears of it
MANY_ATTEMPTS = 3  # of one mail, before it counts as stuck
OVERDUE = timedelta(minutes=2)  # a worker claims what is due within a second
LATE = timedelta(minutes=15)  # a mailbox is drained to its end each minute
NIGHT_H = 6  # audits are spread over the first hours of the day in UTC
UNAUDITED = timedelta(days=2)
_REMOVED = Account(REMOVED)


def postings(before: Mapping[str, Account], after: Mapping[str, Account], now: datetime) -> Postings:
    """Return what changed between two looks at some ids' accounts.

    An id without an account was never seen before, or is gone after.
    """
    moved: Counter[str] = Counter()
    seen = waited_s = 0
    for gmail_id in before.keys() | after.keys():
        old, new = before.get(gmail_id), after.get(gmail_id, _REMOVED)
        if old is None:
            seen += 1
        else:
            moved[old.name] -= 1
            waited_s = max(waited_s, _waited_s(old, new, now))
        moved[new.name] += 1
    skipped = {reason: n for reason, n in moved.items() if reason not in {STORED, PENDING, REMOVED} and n}
    return Postings(seen, moved[STORED], moved[PENDING], moved[REMOVED], skipped, waited_s)


def _waited_s(old: Account, new: Account, now: datetime) -> int:
    """Seconds that an id waited which waits no longer."""
    if old.waiting_since is None or new.name == PENDING:
        return 0
    return max(0, round((now - old.waiting_since).total_seconds()))


def correction(booked: Totals, counted: Mapping[str, int]) -> Postings:
    """Return what brings the books into line with what was counted, by account; nothing where they agree."""
    skipped = {
        reason: counted.get(reason, 0) - booked.skipped.get(reason, 0)
        for reason in (counted.keys() | booked.skipped.keys()) - {STORED, PENDING}
    }
    stored, pending = counted.get(STORED, 0) - booked.stored, counted.get(PENDING, 0) - booked.pending
    changed = {reason: n for reason, n in skipped.items() if n}
    return Postings(stored + pending + sum(changed.values()) - booked.unexplained, stored, pending, 0, changed)


def size(change: Postings) -> int:
    """Return by how many ids a correction found the books wrong."""
    return sum(abs(n) for n in (change.stored, change.pending, *change.skipped.values()))


def next_audit(mailbox_id: int, now: datetime) -> datetime:
    """Return the next night's moment for this mailbox: always the same one, and mailboxes evenly over the night."""
    minute = mailbox_id * 97 % (NIGHT_H * 60)
    tonight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=minute)
    return tonight if tonight > now else tonight + timedelta(days=1)


def seconds_left(mails: int, units_a_minute: int) -> int:
    """Return how long fetching so many mails takes when so many units a minute are used to their end."""
    return round(mails * UNITS["get"] * 60 / units_a_minute)


def judge(box: Standing, now: datetime) -> Verdict:
    """Say how a mailbox stands, by the gravest thing that is true of it. Green needs a proof of each kind."""
    return next((found for rule in _RULES if (found := rule(box, now)) is not None), Verdict(Light.GREEN, Cause.WELL))


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the gravest of several; None where there is none."""
    order = (Light.OFF, Light.GREEN, Light.AMBER, Light.RED)
    return max(verdicts, key=lambda verdict: order.index(verdict.light), default=None)


def is_importing(box: Mailbox) -> bool:
    """Say whether mails wait whose number tells how long it takes."""
    return box.verdict.cause in {Cause.IMPORT, Cause.RESYNC} and box.standing.pending > 0


def _off_duty(box: Standing, _now: datetime) -> Verdict | None:
    causes = {"paused": Cause.PAUSED, "disconnected": Cause.DISCONNECTED}
    if box.status == "reconnect_needed":
        return Verdict(Light.RED, Cause.RECONNECT, since=box.last_success_at, detail=box.status_reason)
    if box.status in causes:
        return Verdict(Light.OFF, causes[box.status], since=box.last_success_at, detail=box.status_reason)
    return None


def _no_worker(box: Standing, now: datetime) -> Verdict | None:
    due = box.next_sync_at or box.connected_at
    is_drained = box.lease_until is not None and box.lease_until > now
    if is_drained or now - due <= OVERDUE:
        return None
    return Verdict(Light.RED, Cause.NO_WORKER, since=box.last_success_at or box.connected_at)


def _failing(box: Standing, now: datetime) -> Verdict | None:
    if not box.failures or (box.failures < MOST_FAILURES and not _is_late(box, now)):
        return None
    if box.last_error.startswith("RateLimited"):
        return Verdict(Light.AMBER, Cause.QUOTA, since=box.next_sync_at, detail=box.last_error)
    light = Light.RED if _is_late(box, now) else Light.AMBER
    return Verdict(light, Cause.FAILING, box.failures, box.last_success_at, detail=box.last_error)


def _gap(box: Standing, now: datetime) -> Verdict | None:
    """What the audit found is settled as soon as nothing waits any more."""
    if box.audit is None or not box.audit.left or not box.pending:
        return None
    light = Light.AMBER if now - box.audit.at <= LATE else Light.RED
    return Verdict(light, Cause.GAP, box.audit.left, box.audit.at)


def _stuck(box: Standing, _now: datetime) -> Verdict | None:
    number = box.stuck + box.unread
    return Verdict(Light.AMBER, Cause.STUCK, number, box.urgent_since) if number else None


def _importing(box: Standing, _now: datetime) -> Verdict | None:
    if not box.is_listing and not box.bulk and box.last_success_at is not None:
        return None
    cause = Cause.RESYNC if box.listing > 1 else Cause.IMPORT
    return Verdict(Light.AMBER, cause, box.pending)


def _late(box: Standing, now: datetime) -> Verdict | None:
    if not _is_late(box, now) or (box.last_success_at is None and (box.is_listing or box.bulk)):
        return None
    return Verdict(Light.RED, Cause.LATE, since=box.last_success_at or box.connected_at)


def _overdue(box: Standing, now: datetime) -> Verdict | None:
    if box.urgent_since is None or now - box.urgent_since <= LATE:
        return None
    return Verdict(Light.AMBER, Cause.OVERDUE, box.pending - box.bulk, box.urgent_since)


def _not_audited(box: Standing, now: datetime) -> Verdict | None:
    if box.next_audit_at is None or now - box.next_audit_at <= UNAUDITED:  # None: the next drain plans it
        return None
    return Verdict(Light.AMBER, Cause.NOT_AUDITED, since=box.audit.at if box.audit else None)


def _is_late(box: Standing, now: datetime) -> bool:
    return now - (box.last_success_at or box.connected_at) > LATE


_Rule = Callable[[Standing, datetime], Verdict | None]
_RULES: tuple[_Rule, ...] = (
    _off_duty, _no_worker, _failing, _gap, _overdue, _stuck, _late, _importing, _not_audited,
)  # fmt: skip
