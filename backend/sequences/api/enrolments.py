"""People on the way over HTTP: who, why they stand where they stand, enrolling, and what can be done about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import Made, once, once_done
from backend.kit.errors import NotFoundError, UserError
from backend.mail.addresses import key_of
from backend.records.store.reading import get_deal
from backend.sequences.api.room import Fields, blueprint
from backend.sequences.authoring.publishing import require_sequence
from backend.sequences.campaigns.audience_store import known_contacts
from backend.sequences.people import ledger_store, list_store, steering
from backend.sequences.people.batches import enrol_in_batches
from backend.sequences.people.enrolling import enrol
from backend.sequences.people.ledger_store import LedgerLine
from backend.sequences.people.list_store import PersonView, Wanted
from backend.sequences.people.steering import require_enrolment
from backend.sequences.rights import Right, require_right
from backend.sequences.schemas import (
    EnrolIn,
    EnrolledOut,
    EnrolmentLedgerOut,
    EnrolmentOut,
    EnrolmentPage,
    EnrolmentQuery,
)
from backend.sequences.shapes import Enrolled, EnrolmentState
from backend.web.house import house
from backend.web.pagination import Page, cut_page, decode_cursor


@blueprint.get("/enrolments")
@needs()
@blueprint.input(EnrolmentQuery, location="query")
@blueprint.output(EnrolmentPage)
def list_enrolments(query_data: Fields) -> Page[PersonView]:
    """List people on the way or past it: one's own, for managers everybody's."""
    wanted = Wanted(
        sequence_id=query_data.get("sequence_id"),
        contact_id=query_data.get("contact_id"),
        state=EnrolmentState(query_data["state"]) if "state" in query_data else None,
        reason=query_data.get("reason", ""),
        before_id=decode_cursor(query_data["cursor"], int)[0] if "cursor" in query_data else None,
        limit=query_data["limit"] + 1,
    )
    with house().db.read() as session:
        found = list_store.list_people(session, current_actor(), wanted)
    return cut_page(found, query_data["limit"], lambda each: (each.id,))


@blueprint.get("/enrolments/<int:enrolment_id>")
@needs()
@blueprint.output(EnrolmentOut)
def read_enrolment(enrolment_id: int) -> PersonView:
    """Read where somebody stands."""
    with house().db.read() as session:
        return _shown(session, enrolment_id)


@blueprint.get("/enrolments/<int:enrolment_id>/ledger")
@needs()
@blueprint.output(EnrolmentLedgerOut)
def read_ledger(enrolment_id: int) -> Mapping[str, list[LedgerLine]]:
    """Read why and why not: everything that was done or left for somebody."""
    with house().db.read() as session:
        require_enrolment(session, current_actor(), enrolment_id)
        return {"items": ledger_store.read_ledger(session, current_actor(), enrolment_id)}


@blueprint.post("/enrolments")
@needs()
@blueprint.input(EnrolIn)
@blueprint.output(EnrolledOut, status_code=201)
@once_done(EnrolledOut)
def add_enrolments(json_data: Fields) -> Made:
    """Enrol people by id or address; who cannot be is named with the reason, and the others are in.

    Sent again it enrols nobody twice. Thousands are put in some at a time: cut off in the midst, send it again.
    """
    actor = current_actor()
    with house().db.read() as session:
        known = known_contacts(session, actor.workspace_id, map(key_of, json_data["emails"]))
    strangers = [email for email in json_data["emails"] if key_of(email) not in known]
    ids = list(dict.fromkeys([*json_data["contact_ids"], *known.values()]))
    if not ids and not strangers:
        raise UserError("Say whom to enrol: contact_ids or emails.")
    if "deal_id" in json_data and len(ids) != 1:
        raise UserError("A deal goes with one person; enrol them one by one.")
    done = _enrol(json_data, ids)
    refused = [_refused(None, email, "No contact has this address.") for email in strangers]
    refused += [_refused(contact_id, "", why) for contact_id, why in done.refused.items()]
    said, enrolment_id = _said(done.enrolled, len(refused)), _only_one(json_data, ids, done)
    return {"said": said, "enrolled": done.enrolled, "enrolment_id": enrolment_id, "refused": refused}, {}


def _said(enrolled: int, refused: int) -> str:
    """What came of it: also of fifty thousand who are all on the way already."""
    why = ", each with the reason under “refused”" if refused else ""
    return f"Enrolled: {enrolled}; not enrolled: {refused}{why}."


def _enrol(asked: Fields, ids: list[int]) -> Enrolled:
    """A deal goes with one person only, and what is wrong then is the request's own error."""
    db, clock, actor, sequence_id = house().db, house().clock, current_actor(), asked["sequence_id"]
    with db.read() as session:
        require_sequence(session, actor.workspace_id, sequence_id)
        require_right(session, actor, Right.ENROL)
    how = {name: asked[name] for name in ("mailbox_id", "again") if name in asked}
    if "deal_id" not in asked:
        return enrol_in_batches(db, clock, actor, sequence_id, ids, **how)
    with db.write() as session:
        if get_deal(session, actor.workspace_id, asked["deal_id"]) is None:
            raise NotFoundError("That deal is not here; it may have been deleted.")
        enrol(session, clock, actor, sequence_id, ids[0], deal_id=asked["deal_id"], **how)
    return Enrolled(1, {})


def _only_one(asked: Fields, ids: list[int], done: Enrolled) -> int | None:
    """The id of the one who was asked for and is in; None where more were, or nobody is."""
    if len(ids) != 1 or not done.enrolled:
        return None
    wanted = Wanted(sequence_id=asked["sequence_id"], contact_id=ids[0], limit=1)
    with house().db.read() as session:
        return list_store.list_people(session, current_actor(), wanted)[0].id


def _refused(contact_id: int | None, email: str, reason: str) -> dict[str, Any]:
    return {"contact_id": contact_id, "email": email, "reason": reason}


@blueprint.post("/enrolments/<int:enrolment_id>/pause")
@needs()
@blueprint.output(EnrolmentOut)
@once(EnrolmentOut, 200)
def pause_enrolment(session: Session, enrolment_id: int) -> Made:
    """Let somebody stand still; a draft that waits is taken back."""
    steering.pause(session, house().clock, current_actor(), enrolment_id)
    return _shown(session, enrolment_id), {}


@blueprint.post("/enrolments/<int:enrolment_id>/resume")
@needs()
@blueprint.output(EnrolmentOut)
@once(EnrolmentOut, 200)
def resume_enrolment(session: Session, enrolment_id: int) -> Made:
    """Let somebody go on where they stood."""
    steering.resume(session, house().clock, current_actor(), enrolment_id)
    return _shown(session, enrolment_id), {}


@blueprint.post("/enrolments/<int:enrolment_id>/stop")
@needs()
@blueprint.output(EnrolmentOut)
@once(EnrolmentOut, 200)
def stop_enrolment(session: Session, enrolment_id: int) -> Made:
    """End it for somebody."""
    steering.stop(session, house().clock, current_actor(), enrolment_id)
    return _shown(session, enrolment_id), {}


@blueprint.post("/enrolments/<int:enrolment_id>/skip")
@needs()
@blueprint.output(EnrolmentOut)
@once(EnrolmentOut, 200)
def skip_next_mail(session: Session, enrolment_id: int) -> Made:
    """Do not send somebody's next mail; a draft of it is taken back."""
    steering.skip_next(session, house().clock, current_actor(), enrolment_id)
    return _shown(session, enrolment_id), {}


def _shown(session: Session, enrolment_id: int) -> PersonView:
    """Where somebody stands. Raises `NotFoundError`."""
    session.flush()
    found = list_store.find_person(session, current_actor(), enrolment_id)
    if found is None:
        raise NotFoundError("That person is not on the way here; they may be a colleague's.")
    return found
