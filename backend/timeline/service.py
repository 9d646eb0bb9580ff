"""Looking at mail, which leaves a trace where it is a colleague's, and asking to be let in."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.audit.service import record
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import NotFoundError
from backend.privacy.service import threads
from backend.privacy.tables import AccessRequest
from backend.timeline.store.opening import OpenedMail, has_conversation, open_mail


def look_at_mail(session: Session, clock: Clock, viewer: Actor, message_id: int) -> OpenedMail | None:
    """Open a mail; None where there is none that the viewer may know of.

    A look at mail that only colleagues hold is written to the audit log, in the same transaction.
    """
    mail = open_mail(session, viewer, message_id)
    if mail is not None and not mail.is_own:
        record(session, clock, viewer, "mail.look", Subject("message", mail.id), details=_how(mail))
    return mail


def _how(mail: OpenedMail) -> dict[str, object]:
    return {"sharing": mail.sharing.value, "by_grant": mail.is_granted}


def ask_to_read(session: Session, clock: Clock, viewer: Actor, conversation_id: int) -> list[AccessRequest]:
    """Ask a conversation's owners to let the viewer read it. Raises `NotFoundError` where they may not know of it."""
    if not has_conversation(session, viewer, conversation_id):
        raise NotFoundError("That conversation is not here, or its owner does not share it.")
    return threads.ask_to_read(session, clock, viewer, conversation_id)
