"""How fast a mailbox sends, as its owner or a manager sets it, and letting it stand still. Nothing here commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.accounts.store import get_mailbox
from backend.accounts.tables import Mailbox
from backend.audit.service import record as audit
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import NotFoundError, UserError
from backend.outbox import service, store
from backend.outbox.shapes import Pace, Pause, State
from backend.outbox.tables import OutboxRow

MOST = {
    "daily_cap": 2000, "domain_cap": 2000, "spacing_s": 3600, "jitter_s": 3600, "lead_s": 4 * 3600, "ramp_start": 2000,
    "ramp_step": 2000, "person_hours": 24 * 60,
}  # fmt: skip
"""The largest value of each; Gmail itself takes 2,000 mails a day from a Workspace mailbox."""
LEAST = {"daily_cap": 1, "domain_cap": 1, "ramp_start": 1}
UNTIL_RESUMED = timedelta(days=3650)


def require_sender(session: Session, actor: Actor, mailbox_id: int) -> Mailbox:
    """A mailbox whose sending the actor may set: their own, for managers any of the team's. Raises `NotFoundError`."""
    mailbox = get_mailbox(session, actor.workspace_id, mailbox_id)
    if mailbox.user_id != actor.user_id and not actor.sees_all:
        raise NotFoundError("There is no such mailbox.")
    store.ensure_sender(session, actor.workspace_id, mailbox_id)
    return mailbox


def choose_pace(session: Session, clock: Clock, actor: Actor, mailbox_id: int, given: Mapping[str, int]) -> None:
    """Set a mailbox's pace; what is not given stays usual. Raises `UserError` that names what cannot be."""
    require_sender(session, actor, mailbox_id)
    for name, value in given.items():
        least, most = LEAST.get(name, 0), MOST[name]
        if not least <= value <= most:
            raise UserError("%(name)s is a whole number from %(least)s to %(most)s.", name=name, least=least, most=most)
    usual = asdict(Pace())
    changes = {name: value for name, value in given.items() if value != usual[name]}
    store.set_pace(session, mailbox_id, changes)
    audit(session, clock, actor, "outbox.pace", Subject("mailbox", mailbox_id), details=changes)


def pause_by_hand(session: Session, clock: Clock, actor: Actor, mailbox_id: int, until: datetime | None) -> None:
    """Let nothing of sequences and campaigns leave until then; None: until somebody resumes."""
    require_sender(session, actor, mailbox_id)
    store.pause_sender(session, mailbox_id, until or clock.now() + UNTIL_RESUMED, Pause.BY_HAND)
    audit(session, clock, actor, "outbox.pause", Subject("mailbox", mailbox_id), details={"why": Pause.BY_HAND.value})


def is_until_resumed(until: datetime, now: datetime) -> bool:
    """Whether a pause ends only when somebody resumes: no other one is longer than some weeks."""
    return until - now > UNTIL_RESUMED / 2


def resume_by_hand(session: Session, clock: Clock, actor: Actor, mailbox_id: int) -> None:
    """Lift a mailbox's pause, whoever paused it; what waited for that alone is looked at at once and paced."""
    require_sender(session, actor, mailbox_id)
    waited = (OutboxRow.mailbox_id == mailbox_id, OutboxRow.reason == "mailbox_paused")
    open_ = OutboxRow.state.in_((State.CLAIMED.value, State.DRAFTED.value))
    session.execute(update(OutboxRow).where(*waited, open_).values(due_at=clock.now(), reason=""))
    service.resume_sending(session, clock, mailbox_id, actor.workspace_id)
