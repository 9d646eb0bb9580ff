"""Looking at mail, which leaves a trace where it is a colleague's."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.audit.service import record
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.timeline.store.opening import OpenedMail, open_mail


def look_at_mail(session: Session, clock: Clock, viewer: Actor, message_id: int) -> OpenedMail | None:
    """Open a mail; None where there is none that the viewer may know of.

    A look at mail that only colleagues hold is written to the audit log, in the same transaction.
    """
    mail = open_mail(session, viewer, message_id)
    if mail is not None and not mail.is_own:
        record(session, clock, viewer, "mail.look", Subject("message", mail.id), details={"sharing": mail.sharing})
    return mail
