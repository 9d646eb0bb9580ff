"""When a mail may leave, and what Gmail's mailbox says of one whose send is in doubt: pure decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.outbox.shapes import Go, Hold, Pace, Sender, Sending, Skip, Spent, State, Verdict

FIRST_PAUSE_S, LONGEST_PAUSE_S = 30, 3600
MOST_ATTEMPTS = 8
DAY = timedelta(hours=24)


def token_of(key: str) -> str:
    """What the header says for an order's key: 32 hex digits that tell outsiders nothing."""
    return hashlib.blake2b(key.encode(), digest_size=16, person=b"enlace.outbox").hexdigest()


def variant_of(token: str, wordings: int) -> int:
    """Which of a mail's wordings somebody gets: by lot, and the same one whenever it is asked for."""
    return int(hashlib.blake2b(token.encode(), digest_size=4).hexdigest(), 16) % wordings


def slot(sender: Sender, token: str, now: datetime) -> datetime:
    """The next free moment of a mailbox, after its lead time and its last mail; the jitter is the token's own."""
    pace = sender.pace
    jitter = timedelta(seconds=int(token[:8], 16) % (pace.jitter_s + 1))
    soonest = now + timedelta(seconds=pace.lead_s)
    if sender.last_slot_at is None:
        return soonest
    return max(soonest, sender.last_slot_at + timedelta(seconds=pace.spacing_s) + jitter)


def begins_at(sender: Sender, token: str, now: datetime) -> datetime:
    """When the next drafts are to be laid down, `token`'s first: half a reach before its moment.

    Then all are laid down whose moments lie within a whole reach: some every few minutes, not one for each that left.
    """
    return slot(sender, token, now) - _reach(sender.pace) / 2


def is_near(moment: datetime, pace: Pace, now: datetime) -> Verdict:
    """Whether a slot is near enough to lay the draft down: not a whole day's mail into the rep's drafts at once."""
    opens = moment - _reach(pace)
    return Go() if opens <= now else Hold(opens, "paced", is_for_all=True)


def near_slots(sender: Sender, now: datetime, most: int) -> int:
    """How many of `most` orders may find a near slot, were there no jitter; 1 at least, whose slot says when to go on.

    All others are not worth a look now: of a thousand that wait, each round gives one or two their moment.
    """
    pace = sender.pace
    soonest = now + timedelta(seconds=pace.lead_s)
    if sender.last_slot_at is not None:
        soonest = max(soonest, sender.last_slot_at + timedelta(seconds=pace.spacing_s))
    if not pace.spacing_s:
        return most
    return min(most, max(1, (now + _reach(pace) - soonest) // timedelta(seconds=pace.spacing_s) + 1))


def _reach(pace: Pace) -> timedelta:
    return timedelta(seconds=2 * (pace.lead_s + pace.spacing_s + pace.jitter_s))


def keep_distance(pace: Pace, sendings: Sequence[Sending], now: datetime) -> dict[int, Verdict]:
    """Those of the drafts that are due who wait a little: after an outage many are due, and leave one by one."""
    spacing = timedelta(seconds=pace.spacing_s)
    return {s.id: Hold(now + spacing * place, "paced") for place, s in enumerate(sendings) if place and spacing}


def daily_cap(sender: Sender, now: datetime) -> int:
    """Mails in 24 hours: less for a mailbox that only began to send."""
    days = (now - sender.first_sent_at).days if sender.first_sent_at else 0
    return min(sender.pace.daily_cap, sender.pace.ramp_start + days * sender.pace.ramp_step)


def within_caps(sender: Sender, sending: Sending, spent: Spent, now: datetime) -> Verdict:
    """Whether the mailbox and the recipient's domain still have room today."""
    again = max((spent.oldest_at or now) + DAY, now + timedelta(minutes=5))
    if spent.total >= daily_cap(sender, now):
        return Hold(again, "daily_cap", str(spent.total), is_for_all=True)
    if spent.by_domain.get(sending.domain, 0) >= sender.pace.domain_cap:
        return Hold(again, "domain_cap", sending.domain)
    return Go()


def with_one_more(spent: Spent, domain: str, at: datetime) -> Spent:
    """The same day with one more mail of ours."""
    by_domain = {**spent.by_domain, domain: spent.by_domain.get(domain, 0) + 1}
    return Spent(spent.total + 1, spent.oldest_at or at, by_domain)


def within_person_budget(pace: Pace, last_mail_at: datetime | None, now: datetime) -> Verdict:
    """Whether the person was left alone for long enough."""
    again = last_mail_at + timedelta(hours=pace.person_hours) if last_mail_at else now
    return Hold(again, "person_budget", f"{last_mail_at:%Y-%m-%dT%H:%MZ}") if again > now else Go()


def in_time(sending: Sending, now: datetime) -> Verdict:
    """Whether the order has not expired."""
    return Skip("expired", f"{sending.expires_at:%Y-%m-%dT%H:%MZ}") if now >= sending.expires_at else Go()


def pause_s(attempts: int) -> int:
    """How long an order that failed waits: twice as long each time."""
    return int(min(FIRST_PAUSE_S * 2 ** min(attempts, 20), LONGEST_PAUSE_S))


def after_doubt(state: State, *, has_draft: bool, has_sent_mail: bool) -> State:
    """What became of an order whose draft was laid down, told by the mailbox.

    A sent mail with our header outweighs all. The draft is there: it was not sent. Neither: the rep deleted the draft,
    unless we had called `drafts.send`; then nobody knows, and nobody sends again.
    """
    if has_sent_mail:
        return State.SENT
    if has_draft:
        return State.DRAFTED
    return State.UNKNOWN if state is State.SENDING else State.VETOED
