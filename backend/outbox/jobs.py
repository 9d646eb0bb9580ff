"""Sending what is due in one mailbox: the outbox's door, under a lease that one worker holds at a time."""

from __future__ import annotations

from datetime import timedelta

import structlog

from backend.accounts.mailboxes import ask_to_reconnect
from backend.accounts.store import get_mailbox
from backend.gmail.errors import AuthRevoked, GmailError, PermissionDenied
from backend.outbox import rules, store
from backend.outbox.rounds import Round
from backend.outbox.shapes import End, Lease
from backend.outbox.shift import Desk, Shift
from backend.outbox.store import LeaseLostError

__all__ = ["Desk", "send_due"]
log = structlog.get_logger(__name__)


def send_due(desk: Desk, mailbox_id: int) -> End:
    """Work on everything that is due in one mailbox, or as much as one round takes.

    `End.DONE`: nothing is due now; `MORE`: call again; `BUSY`: somebody else sends or it is not active; `HELD`: Gmail
    asked for a pause; `STOPPED`: it needs a person (reconnect, permission).
    """
    not_before = desk.clock.now()
    with desk.db.write() as session:
        lease = store.take_lease(session, mailbox_id, not_before)
        if lease is None:
            return End.BUSY
        shift = Shift(desk, lease, not_before)
        work = Round(shift, session)
    try:
        end = work.run()
    except LeaseLostError:
        log.info("sending_lost_lease", mailbox_id=mailbox_id)
        return End.BUSY
    except (AuthRevoked, PermissionDenied) as error:
        end = _stop(desk, lease, error)
    except GmailError as error:
        not_before += timedelta(seconds=(getattr(error, "retry_after_s", None) or rules.FIRST_PAUSE_S))
        log.warning("sending_held", mailbox_id=mailbox_id, error=type(error).__name__)
        end = End.HELD
    with desk.db.write() as session:
        store.release(session, lease, not_before, shift.begins_at)
    return end


def _stop(desk: Desk, lease: Lease, error: GmailError) -> End:
    """The mailbox needs a person: its orders wait, nothing is lost."""
    with desk.db.write() as session:
        mailbox = get_mailbox(session, lease.workspace_id, lease.mailbox_id)
        ask_to_reconnect(session, desk.clock, mailbox, error.detail)
    log.warning("sending_stopped", mailbox_id=lease.mailbox_id, error=type(error).__name__)
    return End.STOPPED
