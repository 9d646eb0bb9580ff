"""Putting people into a sequence, letting them stand still, taking them out. Nothing here commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.accounts.store import mailboxes
from backend.accounts.tables import Mailbox
from backend.db import insert_returning, serialise
from backend.kit.clock import Clock
from backend.kit.errors import ConflictError, NotFoundError, UserError
from backend.mail.addresses import address_of
from backend.mail.shapes import Address
from backend.outbox import service as outbox
from backend.outbox.suppression_store import suppressed_among
from backend.sequences.authoring import sequence_store
from backend.sequences.authoring.publishing import require_sequence
from backend.sequences.people import enrolment_store as store
from backend.sequences.people.candidate_store import Candidate, candidates_of, stages_of
from backend.sequences.rights import Right, require_right
from backend.sequences.shapes import Baseline, Enrolled, EnrolmentState, EventKind, Stop
from backend.sequences.tables import Enrolment, Sequence, SequenceVersion

MOST_AT_ONCE = 50_000
_CHUNK = 1_000
SOURCE = "enrolment"


def enrol(
    session: Session, clock: Clock, actor: Actor, sequence_id: int, contact_id: int,
    *, mailbox_id: int | None = None, deal_id: int | None = None, again: bool = False,
) -> Enrolment:  # fmt: skip
    """Put a person into a sequence's present version; its first step is due at once.

    `mailbox_id` None: the actor's own. Raises `ConflictError` where the person is in it now, or was before (unless
    `again`), `UserError` where nobody can be written to, `NotFoundError`.
    """
    entry = _entry(session, actor, sequence_id, mailbox_id, again=again)
    fit, refused = _sifted(session, entry, [contact_id])
    if refused:
        raise refused[contact_id]
    [enrolment_id] = _put_in(session, clock, actor, entry, fit, {} if deal_id is None else {contact_id: deal_id})
    return session.get_one(Enrolment, enrolment_id)


def enrol_many(
    session: Session, clock: Clock, actor: Actor, sequence_id: int, contact_ids: Iterable[int],
    *, mailbox_id: int | None = None, again: bool = False, deals: Mapping[int, int] | None = None,
) -> Enrolled:  # fmt: skip
    """Put many people in, each once; who cannot be is named with the reason. Raises `UserError` beyond 50,000.

    `deals`: what it is about, by contact.
    """
    wanted = distinct(contact_ids)
    if not wanted:
        return Enrolled(0, {})
    entry = _entry(session, actor, sequence_id, mailbox_id, again=again)
    all_refused: dict[int, str] = {}
    for begin in range(0, len(wanted), _CHUNK):
        fit, refused = _sifted(session, entry, wanted[begin : begin + _CHUNK])
        _put_in(session, clock, actor, entry, fit, deals or {})
        all_refused |= {contact_id: str(error) for contact_id, error in refused.items()}
    return Enrolled(len(wanted) - len(all_refused), all_refused)


def distinct(contact_ids: Iterable[int]) -> list[int]:
    """Each person once, in their order. Raises `UserError` beyond 50,000."""
    wanted = list(dict.fromkeys(contact_ids))
    require_not_too_many(len(wanted))
    return wanted


def require_not_too_many(people: int) -> None:
    """Refuse a crowd of more than 50,000. Raises `UserError`."""
    if people > MOST_AT_ONCE:
        raise UserError(
            "%(wanted)s people at once are too many; choose at most %(most_at_once)s.",
            wanted=people,
            most_at_once=MOST_AT_ONCE,
        )


@dataclass(frozen=True, slots=True)
class _Entry:
    """What people are put into, and from whose mailbox it is sent."""

    sequence: Sequence
    version: SequenceVersion
    mailbox: Mailbox
    again: bool


@dataclass(frozen=True, slots=True)
class _Fit:
    """Somebody who can be put in, at the address that is written to."""

    candidate: Candidate
    address: Address


def _entry(session: Session, actor: Actor, sequence_id: int, mailbox_id: int | None, *, again: bool) -> _Entry:
    sequence = require_sequence(session, actor.workspace_id, sequence_id)
    require_right(session, actor, Right.ENROL)
    version = sequence_store.current_version(session, sequence)
    if version is None or sequence.retired_at is not None:
        raise UserError("“%(name)s” has no published version in use; publish one first.", name=sequence.name)
    serialise(session, "enrol", sequence_id)  # two who put the same person in at once
    return _Entry(sequence, version, _mailbox(session, actor, mailbox_id), again)


def _mailbox(session: Session, actor: Actor, mailbox_id: int | None) -> Mailbox:
    own = mailboxes(session, actor.workspace_id, user_id=actor.user_id)
    found = next((m for m in own if mailbox_id in {None, m.id} and m.status != "disconnected"), None)
    if found is None:
        raise UserError("Connect your mailbox first: mails of a sequence leave from it.")
    return found


def _sifted(session: Session, entry: _Entry, contact_ids: list[int]) -> tuple[list[_Fit], dict[int, UserError]]:
    """Who can be put in, and why each other one cannot."""
    workspace_id = entry.sequence.workspace_id
    candidates = candidates_of(session, workspace_id, entry.sequence.id, contact_ids)
    found: dict[int, _Fit | UserError] = {key: _fit(entry, candidates.get(key)) for key in contact_ids}
    keys = {each.address.key for each in found.values() if isinstance(each, _Fit)}
    taken_off = suppressed_among(session, workspace_id, keys)
    fit: list[_Fit] = []
    refused: dict[int, UserError] = {}
    for contact_id, each in found.items():
        if isinstance(each, UserError):
            refused[contact_id] = each
        elif each.address.key in taken_off:
            refused[contact_id] = _not_written_to(each, taken_off[each.address.key])
        else:
            fit.append(each)
    return fit, refused


def _fit(entry: _Entry, candidate: Candidate | None) -> _Fit | UserError:
    """Somebody with the address that is written to, or why they cannot be put in."""
    if candidate is None:
        return NotFoundError("That contact is not here; it may have been deleted or merged.")
    if candidate.is_running or (candidate.runs and not entry.again):
        return ConflictError(
            "%(name)s is in “%(name2)s” already, or was before.", name=candidate.name, name2=entry.sequence.name
        )
    address = address_of(candidate.email)
    if address is None:
        return UserError("%(name)s has no mail address with a domain; add one first.", name=candidate.name)
    return _Fit(candidate, address)


def _not_written_to(fit: _Fit, taken_off: tuple[str, str]) -> UserError:
    ground, _ = taken_off
    return UserError("%(name)s is not written to any more (%(ground)s).", name=fit.candidate.name, ground=ground)


def _put_in(
    session: Session, clock: Clock, actor: Actor, entry: _Entry, fit: Collection[_Fit], deals: Mapping[int, int]
) -> list[int]:
    now = clock.now()
    ids = insert_returning(session, Enrolment, _rows(session, entry, fit, now, deals))
    evidence = f"user {actor.user_id}, version {entry.version.number}"
    store.note_enrolled(session, actor.workspace_id, ids, now, evidence)
    return ids


def _rows(
    session: Session, entry: _Entry, fit: Collection[_Fit], now: datetime, deals: Mapping[int, int]
) -> list[dict[str, Any]]:
    """One for each; every column is given, since asking for defaults takes as long as the rest."""
    about = [deals.get(each.candidate.id) for each in fit]
    stages = stages_of(session, entry.sequence.workspace_id, filter(None, about)) if deals else {}
    common: dict[str, Any] = {
        "workspace_id": entry.sequence.workspace_id,
        "sequence_id": entry.sequence.id,
        "version_id": entry.version.id,
        "mailbox_id": entry.mailbox.id,
        "user_id": entry.mailbox.user_id,
        "state": EnrolmentState.ACTIVE.value,
        "reason": "",
        "step": 0,
        "due_at": now,
        "wall": "",
        "thread": {},
        "failures": 0,
        "started_at": now,
    }
    return [
        common | {
            "contact_id": each.candidate.id,
            "email": each.address.email,
            "address_key": each.address.key,
            "deal_id": deal_id,
            "run": each.candidate.runs + 1,
            "baseline": _baseline(each.candidate.owner_id, stages.get(deal_id) if deal_id else None),
        }
        for each, deal_id in zip(fit, about, strict=True)
    ]  # fmt: skip


@lru_cache(maxsize=1000)
def _baseline(owner_id: int | None, stage_id: int | None) -> dict[str, Any]:
    return asdict(Baseline(owner_id=owner_id, stage_id=stage_id))


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
