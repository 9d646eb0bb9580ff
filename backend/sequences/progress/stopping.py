"""Whether a sequence may go on for somebody: pure decisions on what came and what changed since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.mail.auto_replies import auto_reply_until
from backend.mail.shapes import Kind
from backend.sequences.authoring.definitions import STOP, Habits
from backend.sequences.hours import to_utc
from backend.sequences.shapes import Arrival, Away, Baseline, Circumstances, Stop

_BACK_AT = time(9)


def stop_for(habits: Habits, baseline: Baseline, now: Circumstances, arrivals: Sequence[Arrival]) -> Stop | None:
    """The first reason to stop; None: it may go on. A person's word outweighs a change in our own records."""
    return _answered(habits, arrivals) or _person_gone(now) or _changed(habits, baseline, now)


def _answered(habits: Habits, arrivals: Sequence[Arrival]) -> Stop | None:
    for mail in arrivals:
        if mail.how == "colleague" and not habits.stops_on_colleague:
            continue
        if mail.kind == Kind.CALENDAR:
            return Stop("meeting", f"mail {mail.message_id}, {mail.how}")
        # In our own thread even what looks like bulk is an answer: a ticket system's, a newsletter sender's.
        if mail.kind == Kind.PERSON or (mail.kind == Kind.BULK and mail.how == "in_thread"):
            return Stop("replied", f"mail {mail.message_id}, {mail.how}")
    return None


def _person_gone(now: Circumstances) -> Stop | None:
    if now.merged_into_id is not None:
        return Stop("contact_merged", f"into record {now.merged_into_id}")
    if not now.is_living:
        return Stop("contact_gone", "the contact was deleted or erased")
    if not now.has_address:
        return Stop("address_gone", "the address is this contact's no more")
    return Stop("meeting", f"activity {now.meeting_id}") if now.meeting_id is not None else None


def _changed(habits: Habits, baseline: Baseline, now: Circumstances) -> Stop | None:
    if habits.stops_on_deal and baseline.stage_id is not None:
        if not now.is_deal_open:
            return Stop("deal_closed", "the deal is won, lost or gone")
        if now.stage_id != baseline.stage_id:
            return Stop("deal_moved", f"from stage {baseline.stage_id} to {now.stage_id}")
    if habits.on_owner_change == STOP and now.owner_id != baseline.owner_id:
        return Stop("owner_changed", f"from user {baseline.owner_id} to {now.owner_id}")
    return None


def away(habits: Habits, arrivals: Sequence[Arrival], now: datetime, zone: ZoneInfo) -> Away | None:
    """The latest return that automatic replies state, else some days from each; None where it has passed."""
    notices = [mail for mail in arrivals if mail.kind == Kind.AUTO_REPLY]
    returns = [(_return(habits, mail, zone), mail) for mail in notices]
    until, mail = max(returns, key=lambda each: each[0], default=(now, None))
    return Away(until, f"mail {mail.message_id}") if mail is not None and until > now else None


def _return(habits: Habits, mail: Arrival, zone: ZoneInfo) -> datetime:
    day = auto_reply_until(mail.text, mail.subject, mail.sent_at)
    if day is None:
        return mail.sent_at + timedelta(days=habits.away_days)
    return to_utc(datetime.combine(day, _BACK_AT), zone)
