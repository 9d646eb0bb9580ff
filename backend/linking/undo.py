"""What people do to links: take one back, put it back, link by hand, answer a question, relink history, undo that.

Nothing here commits. Every verb answers with what it changed, so that it can be shown and undone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.audit.service import record
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import NotFoundError, UserError
from backend.linking import history, mail_store, question_store, store
from backend.linking.rules.outsiders import domain
from backend.linking.service import Linker, linker_for
from backend.linking.shapes import Preview, Scope
from backend.linking.tables import LinkBatch, Veto
from backend.mail.store import load_messages
from backend.records.service import require
from backend.records.tables import Deal, Record


@dataclass(frozen=True, slots=True)
class Undone:
    """A link taken back: the veto that keeps it so, and how many mails it concerned."""

    veto_id: int
    scope: Scope
    value: str
    mails: int


def unlink(
    session: Session, clock: Clock, actor: Actor, message_id: int, record_id: int, scope: Scope, address: str = ""
) -> Undone:
    """Say that mail does not belong to a record: this mail, its thread, or all mail of an address or domain.

    `address` (a key) is needed for the last two; without it the mail's sender is meant. Raises `NotFoundError`.
    """
    require(session, actor.workspace_id, record_id, Record)
    value = _value_of(session, actor.workspace_id, message_id, scope, address)
    veto = Veto(
        workspace_id=actor.workspace_id,
        record_id=record_id,
        scope=scope.value,
        value=value,
        user_id=actor.user_id,
        at=clock.now(),
    )
    already = store.find_veto(session, actor.workspace_id, record_id, scope.value, value)
    if already is None:
        session.add(veto)
        session.flush()
    kept = already or veto
    concerned = store.linked_in_scope(session, record_id, store.scope_of(actor.workspace_id, scope.value, value))
    store.forget_hand_links(session, concerned, record_id, "rule", clock.now())
    linker_for(session, actor.workspace_id, clock).refresh(session, concerned, by=f"veto:{kept.id}")
    details = {"message_id": message_id, "scope": scope.value, "mails": len(concerned)}
    record(session, clock, actor, "link.undo", Subject("record", record_id), details=details)
    return Undone(kept.id, scope, value, len(concerned))


def lift_veto(session: Session, clock: Clock, actor: Actor, veto_id: int) -> int:
    """Take an undo back: the rules decide again. Returns the number of mails. Raises `NotFoundError`."""
    veto = session.get(Veto, veto_id)
    if veto is None or veto.workspace_id != actor.workspace_id:
        raise NotFoundError("That undo is not there any more; the page may be old.")
    scope, record_id = store.scope_of(actor.workspace_id, veto.scope, veto.value), veto.record_id
    session.delete(veto)
    session.flush()
    concerned = store.mails_in(session, scope)
    linker_for(session, actor.workspace_id, clock).refresh(session, concerned)
    record(session, clock, actor, "link.redo", Subject("record", record_id), details={"mails": len(concerned)})
    return len(concerned)


def link_by_hand(session: Session, clock: Clock, actor: Actor, message_id: int, record_id: int) -> None:
    """Link a mail to a record because a person says so; its conversation follows. Raises `NotFoundError`."""
    require(session, actor.workspace_id, record_id, Record)
    message = next(iter(load_messages(session, actor.workspace_id, [message_id])), None)
    if message is None:
        raise NotFoundError("That mail is not here; it may have been deleted.")
    scopes = (("mail", str(message.id)), ("thread", str(message.conversation_id)))
    store.remove_vetoes(session, actor.workspace_id, record_id, scopes)
    store.put_hand_link(session, actor.workspace_id, message, record_id, {"user_id": actor.user_id}, clock.now())
    linker_for(session, actor.workspace_id, clock).refresh(session, [message_id])
    record(session, clock, actor, "link.hand", Subject("record", record_id), details={"message_id": message_id})


def forget_hand_link(session: Session, clock: Clock, actor: Actor, message_id: int, record_id: int) -> None:
    """Take a link by hand back: the rules decide again, as if nobody had linked. Raises `NotFoundError`."""
    if store.find_message_id(session, actor.workspace_id, message_id) is None:
        raise NotFoundError("That mail is not here; it may have been deleted.")
    store.forget_hand_links(session, [message_id], record_id, "rule", clock.now())
    linker_for(session, actor.workspace_id, clock).refresh(session, [message_id])
    details = {"message_id": message_id}
    record(session, clock, actor, "link.forget_hand", Subject("record", record_id), details=details)


def answer_question(session: Session, clock: Clock, actor: Actor, conversation_id: int, deal_id: int | None) -> None:
    """Say which deal a conversation is about; None: none of those asked about. Raises `NotFoundError`."""
    question = question_store.find_question(session, actor.workspace_id, conversation_id)
    if question is None:
        raise NotFoundError("That question is not open any more; the page may be old.")
    if deal_id is not None:
        require(session, actor.workspace_id, deal_id, Deal)
    question.answered_at, question.answer_id, question.user_id = clock.now(), deal_id, actor.user_id
    session.flush()
    mails = mail_store.message_ids_of_conversations(session, [conversation_id])
    linker_for(session, actor.workspace_id, clock).refresh(session, mails)
    details = {"conversation_id": conversation_id, "deal_id": deal_id}
    record(session, clock, actor, "link.answer", Subject("conversation", conversation_id), details=details)


def reopen_question(session: Session, clock: Clock, actor: Actor, conversation_id: int) -> None:
    """Take an answer back: the question is open again. Raises `NotFoundError`."""
    question = question_store.find_question(session, actor.workspace_id, conversation_id)
    if question is None:
        raise NotFoundError("That question is not there any more; the page may be old.")
    question.answered_at = question.answer_id = question.user_id = None
    session.flush()
    mails = mail_store.message_ids_of_conversations(session, [conversation_id])
    linker_for(session, actor.workspace_id, clock).refresh(session, mails)
    record(session, clock, actor, "link.reopen", Subject("conversation", conversation_id))


def preview_relink(session: Session, clock: Clock, workspace_id: int, message_ids: Collection[int]) -> Preview:
    """What deciding these mails' conversations afresh would change; writes nothing."""
    decisions = linker_for(session, workspace_id, clock).decide_afresh(session, sorted(message_ids))
    changes = history.compare(session, decisions)
    added = changes.added + tuple((-1, link_id) for link_id in changes.brought_back)
    return Preview(len(decisions), added, changes.removed_pairs)


def relink(
    session: Session, clock: Clock, workspace_id: int, message_ids: Collection[int], cause: str,
    *, user_id: int | None = None, linker: Linker | None = None,
) -> LinkBatch:  # fmt: skip
    """Decide these mails' conversations afresh, as one batch that can be undone."""
    batch = LinkBatch(workspace_id=workspace_id, cause=cause, user_id=user_id, at=clock.now(), added=[], removed=[])
    session.add(batch)
    session.flush()
    linker = linker or linker_for(session, workspace_id, clock)
    changes = linker.refresh(session, sorted(message_ids), by=f"batch:{batch.id}", batch_id=batch.id)
    batch.added = [*changes.added_ids, *changes.brought_back]
    batch.removed = list(changes.removed)
    return batch


def undo_relink(session: Session, clock: Clock, actor: Actor, batch_id: int) -> LinkBatch:
    """Undo a relinking: what it added goes, what it removed comes back. Raises `NotFoundError`, `UserError`.

    Both are a person's word from then on, for rules would do the same again with the next mail.
    """
    batch = store.find_batch(session, actor.workspace_id, batch_id)
    if batch is None:
        raise NotFoundError("That relinking is not here; the page may be old.")
    if batch.undone_at is not None:
        raise UserError("That relinking is undone already; nothing was changed.")
    brought_back = reverse_relink(session, clock, actor, batch)
    store.confirm_by_hand(session, brought_back, {"user_id": actor.user_id, "batch_id": batch.id})
    mails = store.mails_of_links(session, [*batch.added, *batch.removed])
    linker_for(session, actor.workspace_id, clock).refresh(session, mails)
    return batch


def reverse_relink(session: Session, clock: Clock, actor: Actor, batch: LinkBatch) -> list[int]:
    """Put links back as they were before a relinking; returns the ids of those that hold again."""
    store.take_back(session, batch.added, f"user:{actor.user_id}", clock.now())
    removed = store.removed_by(session, batch.removed, f"batch:{batch.id}")
    store.bring_back(session, removed, {i: {} for i in removed})
    batch.undone_at = clock.now()
    record(session, clock, actor, "link.undo_batch", Subject("link_batch", batch.id))
    return removed


def _value_of(session: Session, workspace_id: int, message_id: int, scope: Scope, address: str) -> str:
    message = next(iter(load_messages(session, workspace_id, [message_id])), None)
    if message is None:
        raise NotFoundError("That mail is not here; it may have been deleted.")
    key = address or message.sender_key
    values = {
        Scope.MAIL: str(message.id),
        Scope.THREAD: str(message.conversation_id),
        Scope.ADDRESS: key,
        Scope.DOMAIN: domain(key),
    }
    if not values[scope]:
        raise UserError("This mail has no address for that; take back the mail or its thread instead.")
    return values[scope]
