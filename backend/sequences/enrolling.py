"""Putting people into a sequence, letting them stand still, taking them out. Nothing here commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.accounts.store import mailboxes
from backend.accounts.tables import Mailbox
from backend.kit.clock import Clock
from backend.kit.errors import ConflictError, NotFoundError, UserError
from backend.mail.addresses import address_of
from backend.outbox import service as outbox
from backend.outbox.store import suppressed
from backend.records.shapes import ContactView
from backend.records.store.reading import get_contact
from backend.sequences import enrolment_store as store
from backend.sequences import people_store
from backend.sequences.publishing import require_sequence
from backend.sequences.rights import Right, require_right
from backend.sequences.shapes import Baseline, Enrolled, EnrolmentState, EventKind, Stop
from backend.sequences.tables import Enrolment

MOST_AT_ONCE = 50_000
SOURCE = "enrolment"


def enrol(
    session: Session, clock: Clock, actor: Actor, sequence_id: int, contact_id: int,
    *, mailbox_id: int | None = None, deal_id: int | None = None, again: bool = False,
) -> Enrolment:  # fmt: skip
    """Put a person into a sequence's present version; its first step is due at once.

    `mailbox_id` None: the actor's own. Raises `ConflictError` where the person is in it now, or was before (unless
    `again`), `UserError` where nobody can be written to, `NotFoundError`.
    """
    sequence = require_sequence(session, actor.workspace_id, sequence_id)
    require_right(session, actor, Right.ENROL)
    version = store.current_version(session, sequence)
    if version is None or sequence.retired_at is not None:
        raise UserError("“%(name)s” has no published version in use; publish one first.", name=sequence.name)
    contact = get_contact(session, actor.workspace_id, contact_id)
    if contact is None:
        raise NotFoundError("That contact is not here; it may have been deleted or merged.")
    run = store.last_run(session, sequence_id, contact_id)
    if run and (not again or store.is_running(session, sequence_id, contact_id)):
        raise ConflictError(
            "%(name)s is in “%(name2)s” already, or was before.", name=contact.record.name, name2=sequence.name
        )
    email, address_key = _writable(session, actor.workspace_id, contact)
    mailbox = _mailbox(session, actor, mailbox_id)
    now = clock.now()
    enrolment = Enrolment(
        workspace_id=actor.workspace_id,
        sequence_id=sequence.id,
        version_id=version.id,
        contact_id=contact_id,
        email=email,
        address_key=address_key,
        mailbox_id=mailbox.id,
        user_id=mailbox.user_id,
        deal_id=deal_id,
        run=run + 1,
        state=EnrolmentState.ACTIVE.value,
        step=0,
        due_at=now,
        wall="",
        started_at=now,
    )
    enrolment.baseline = asdict(_baseline(session, enrolment))
    session.add(enrolment)
    session.flush()
    store.note(session, enrolment, now, EventKind.ENROLLED, "", f"user {actor.user_id}, version {version.number}")
    return enrolment


def enrol_many(
    session: Session, clock: Clock, actor: Actor, sequence_id: int, contact_ids: Iterable[int],
    *, mailbox_id: int | None = None, again: bool = False,
) -> Enrolled:  # fmt: skip
    """Put many people in, each once; who cannot be is named with the reason. Raises `UserError` beyond 50,000."""
    wanted = list(dict.fromkeys(contact_ids))
    if len(wanted) > MOST_AT_ONCE:
        raise UserError(
            "%(wanted)s people at once are too many; choose at most %(most_at_once)s.",
            wanted=len(wanted),
            most_at_once=MOST_AT_ONCE,
        )
    refused: dict[int, str] = {}
    for contact_id in wanted:
        try:
            enrol(session, clock, actor, sequence_id, contact_id, mailbox_id=mailbox_id, again=again)
        except UserError as error:
            refused[contact_id] = str(error)
    return Enrolled(len(wanted) - len(refused), refused)


def _writable(session: Session, workspace_id: int, contact: ContactView) -> tuple[str, str]:
    address = address_of(contact.emails[0]) if contact.emails else None
    if address is None:
        raise UserError("%(name)s has no mail address with a domain; add one first.", name=contact.record.name)
    taken_off = suppressed(session, workspace_id, address.key)
    if taken_off is not None:
        raise UserError(
            "%(name)s is not written to any more (%(ground)s).", name=contact.record.name, ground=taken_off.ground
        )
    return address.email, address.key


def _mailbox(session: Session, actor: Actor, mailbox_id: int | None) -> Mailbox:
    own = mailboxes(session, actor.workspace_id, user_id=actor.user_id)
    found = next((m for m in own if mailbox_id in {None, m.id} and m.status != "disconnected"), None)
    if found is None:
        raise UserError("Connect your mailbox first: mails of a sequence leave from it.")
    return found


def _baseline(session: Session, enrolment: Enrolment) -> Baseline:
    now = people_store.circumstances_of(session, [enrolment])[enrolment.id]
    return Baseline(owner_id=now.owner_id, stage_id=now.stage_id)


def pause(session: Session, enrolment: Enrolment, now: datetime, reason: str, evidence: str = "") -> None:
    """Let somebody stand still; a draft that waits is taken back. Ended ones stay as they are."""
    if enrolment.ended_at is None:
        enrolment.state, enrolment.reason, enrolment.due_at = EnrolmentState.PAUSED.value, reason, None
        store.note(session, enrolment, now, EventKind.PAUSED, reason, evidence)
        outbox.reconsider(session, SOURCE, enrolment.id, now)


def pause_until(session: Session, enrolment: Enrolment, now: datetime, until: datetime, evidence: str) -> None:
    """Let somebody who is away stand still until they are back."""
    pause(session, enrolment, now, "away", evidence)
    enrolment.due_at = until


def resume(session: Session, enrolment: Enrolment, now: datetime) -> None:
    """Let somebody go on where they stood; mails leave at the mailbox's pace."""
    if enrolment.ended_at is None and enrolment.state == EnrolmentState.PAUSED:
        enrolment.state, enrolment.reason, enrolment.due_at = EnrolmentState.ACTIVE.value, "", now
        store.note(session, enrolment, now, EventKind.RESUMED, "", "")


def stop(session: Session, enrolment: Enrolment, now: datetime, why: Stop) -> None:
    """End it for somebody, for a reason that stands in the ledger; a draft that waits is taken back."""
    if enrolment.ended_at is None:
        enrolment.state, enrolment.reason = EnrolmentState.STOPPED.value, why.reason
        enrolment.due_at, enrolment.ended_at = None, now
        store.note(session, enrolment, now, EventKind.STOPPED, why.reason, why.evidence)
        outbox.reconsider(session, SOURCE, enrolment.id, now)


def hand_over(
    session: Session, enrolment: Enrolment, now: datetime, owner_id: int | None, mailboxes: Mapping[int, int]
) -> bool:
    """Let it go on from the new owner's mailbox (`mailboxes`: by user); False where they have none, and it ends."""
    if owner_id is None or owner_id not in mailboxes:
        stop(session, enrolment, now, Stop("owner_changed", f"to user {owner_id}, who has no mailbox here"))
        return False
    came_from = [*enrolment.thread.get("came_from", ()), enrolment.mailbox_id]
    enrolment.thread = {**enrolment.thread, "came_from": came_from}
    enrolment.mailbox_id, enrolment.user_id = mailboxes[owner_id], owner_id
    enrolment.baseline = {**enrolment.baseline, "owner_id": owner_id}
    store.note(session, enrolment, now, EventKind.MOVED, "owner_changed", f"to user {owner_id}")
    return True


def finish(session: Session, enrolment: Enrolment, now: datetime) -> None:
    """Every step is done."""
    enrolment.state, enrolment.due_at, enrolment.ended_at = EnrolmentState.FINISHED.value, None, now
    store.note(session, enrolment, now, EventKind.FINISHED, "", "")
