"""Conversations that somebody keeps to themselves: keeping one, sharing it again, asking to read one, answering."""

from __future__ import annotations

from backend.card import facts
from backend.card.service.asked import Asked, Changed, Done, beside, needed_mail
from backend.card.service.open_mail import LockedMail, OpenMail
from backend.card.service.visit import Visit
from backend.kit.errors import NotFoundError, UserError
from backend.privacy.service import threads
from backend.privacy.shapes import RequestState
from backend.privacy.store.threads import requests_by
from backend.timeline import service as timeline


def keep_private(visit: Visit, asked: Asked) -> Done:
    """Show colleagues a locked line where this conversation is in the reader's mailboxes."""
    conversation_id = _own_conversation(visit, asked)
    threads.keep_private(visit.session, visit.clock, visit.actor, conversation_id)
    text = visit.words.gettext("Kept private; colleagues see a locked line.")
    return Done(text, (Changed.KEPT, (conversation_id,)))


def share_again(visit: Visit, asked: Asked) -> Done:
    """Let the mailbox's sharing decide again."""
    conversation_id = _own_conversation(visit, asked)
    threads.share_again(visit.session, visit.clock, visit.actor, conversation_id)
    text = visit.words.gettext("Shared again, as the rest of your mailbox is.")
    return Done(text, (Changed.SHARED, (conversation_id,)))


def _own_conversation(visit: Visit, asked: Asked) -> int:
    mail = needed_mail(visit, asked)
    if not mail.is_own:
        raise NotFoundError("That conversation is not in a mailbox of yours.")
    return mail.message.conversation_id


def ask_to_read(visit: Visit, asked: Asked) -> Done:
    """Ask those who keep the conversation to themselves to let the reader see it."""
    mail = beside(visit, asked)
    if not isinstance(mail, LockedMail):
        raise UserError("You can read that conversation already.")
    timeline.ask_to_read(visit.session, visit.clock, visit.actor, mail.conversation_id)
    return Done(visit.words.gettext("%(names)s is asked.", names=", ".join(mail.owners)))


def locked(visit: Visit, mail: LockedMail, notice: facts.Notice | None = None) -> facts.Locked:
    """A locked mail, and what became of the reader's question."""
    asked = requests_by(visit.session, visit.actor, mail.conversation_id)
    return facts.Locked(
        facts.Mail(mail.id),
        mail.owners,
        is_kept=mail.is_kept,
        asked_at=asked[0].asked_at if asked else None,
        is_refused=bool(asked) and all(each.state == RequestState.REFUSED for each in asked),
        notice=notice,
    )


def grant_access(visit: Visit, asked: Asked) -> Done:
    """Let a colleague read a conversation that the reader keeps to themselves."""
    said = visit.words.gettext("They can read it now; each look is written down.")
    return _answer(visit, asked, RequestState.GRANTED, said)


def refuse_access(visit: Visit, asked: Asked) -> Done:
    """Do not let a colleague read it."""
    return _answer(visit, asked, RequestState.REFUSED, visit.words.gettext("They cannot read it."))


def _answer(visit: Visit, asked: Asked, state: RequestState, said: str) -> Done:
    request = threads.answer_request(visit.session, visit.clock, visit.actor, asked.id("request"), state)
    return Done(said, (Changed.ANSWERED, (request.id,)))


def look_of(mail: OpenMail | LockedMail | None) -> int | None:
    """The id of a mail whose card is a look at private mail, by its owner's leave: doors write that down; else None."""
    return mail.message.id if isinstance(mail, OpenMail) and mail.is_by_grant else None
