"""Undo, for what a card's notice offers. Undoing twice is as undoing once; what moved on meanwhile is left alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date

from backend.activities.service import remove_activity, reopen_task
from backend.card.seals import Sealed
from backend.card.service import enrolling
from backend.card.service.asked import Asked, Changed, Done
from backend.card.service.visit import Visit
from backend.card.store.records import is_company_in_use
from backend.kit.errors import ConflictError
from backend.linking.exclusions import stop_ignoring
from backend.linking.learning import relink_concerned
from backend.linking.tables import Veto
from backend.linking.undo import forget_hand_link, lift_veto, reopen_question
from backend.mail.addresses import key_of
from backend.privacy.service import threads
from backend.records.editing import Editor
from backend.records.service import require
from backend.records.store.writing import addresses_of, find_record
from backend.records.tables import Company, Contact, Deal, Record
from backend.sequences.people import steering


def undo(visit: Visit, asked: Asked) -> Done:
    """Take a change back. Raises `NotFoundError` for a change that is not this reader's."""
    kind, *ids = visit.seals.unseal(Sealed.CHANGE, asked.parameters.get("change", ""))
    _UNDOS[Changed(kind)](visit, *ids)
    visit.session.flush()
    return Done(visit.words.gettext("Undone."))


def _veto(visit: Visit, veto_id: int) -> None:
    if visit.session.get(Veto, veto_id) is not None:
        lift_veto(visit.session, visit.clock, visit.actor, veto_id)


def _hand_link(visit: Visit, message_id: int, record_id: int) -> None:
    forget_hand_link(visit.session, visit.clock, visit.actor, message_id, record_id)


def _answer(visit: Visit, conversation_id: int) -> None:
    reopen_question(visit.session, visit.clock, visit.actor, conversation_id)


def _stage(visit: Visit, deal_id: int, before: int, after: int) -> None:
    deal = require(visit.session, visit.workspace_id, deal_id, Deal)
    if deal.stage_id not in {before, after}:
        raise ConflictError(visit.words.gettext("The deal was moved again meanwhile; it stays where it is."))
    _editor(visit).change(deal, {"stage_id": before})


def _task(visit: Visit, task_id: int) -> None:
    reopen_task(visit.session, visit.workspace_id, task_id)


def _activity(visit: Visit, activity_id: int) -> None:
    remove_activity(visit.session, visit.workspace_id, activity_id)


def _records(visit: Visit, *record_ids: int) -> None:
    """Delete what was made, but for a company at which somebody else works or a deal hangs by now."""
    for record_id in record_ids:
        record = find_record(visit.session, visit.workspace_id, record_id)
        is_in_use = isinstance(record, Company) and is_company_in_use(visit.session, record_id)
        if record is not None and not is_in_use:
            _editor(visit).delete(record)
            visit.session.flush()


def _fields(visit: Visit, record_id: int, version: int, before: str) -> None:
    record = require(visit.session, visit.workspace_id, record_id, Record)
    fields = json.loads(before)
    if fields.get("expected_close"):
        fields["expected_close"] = date.fromisoformat(fields["expected_close"])
    if all(getattr(record, name) == value for name, value in fields.items()):
        return
    if record.version != version:
        raise ConflictError(visit.words.gettext("It was changed again meanwhile; it stays as it is."))
    _editor(visit).change(record, fields)


def _address(visit: Visit, contact_id: int, address_key: str) -> None:
    contact = require(visit.session, visit.workspace_id, contact_id, Contact)
    present = [(key_of(email), email) for email in addresses_of(visit.session, contact_id)]
    rest = [(key, email) for key, email in present if key != address_key]
    if len(rest) < len(present):
        _editor(visit).change(contact, {"addresses": rest})


def _exclusion(visit: Visit, exclusion_id: int) -> None:
    stop_ignoring(visit.session, visit.clock, visit.actor, exclusion_id)


def _kept(visit: Visit, conversation_id: int) -> None:
    threads.share_again(visit.session, visit.clock, visit.actor, conversation_id)


def _shared(visit: Visit, conversation_id: int) -> None:
    threads.keep_private(visit.session, visit.clock, visit.actor, conversation_id)


def _answered(visit: Visit, request_id: int) -> None:
    threads.reopen_request(visit.session, visit.clock, visit.actor, request_id)


def _enrolled(visit: Visit, enrolment_id: int) -> None:
    enrolling.take_back(visit, enrolment_id)


def _steered(steer: enrolling.Steering) -> Callable[[Visit, int], None]:
    def undo(visit: Visit, enrolment_id: int) -> None:
        steer(visit.session, visit.clock, visit.actor, enrolment_id)

    return undo


def _editor(visit: Visit) -> Editor:
    return Editor(visit.session, visit.clock, visit.actor, relink_concerned)


_UNDOS: Mapping[Changed, Callable[..., None]] = {
    Changed.VETO: _veto,
    Changed.HAND_LINK: _hand_link,
    Changed.ANSWER: _answer,
    Changed.STAGE: _stage,
    Changed.TASK: _task,
    Changed.ACTIVITY: _activity,
    Changed.RECORDS: _records,
    Changed.FIELDS: _fields,
    Changed.ADDRESS: _address,
    Changed.EXCLUSION: _exclusion,
    Changed.KEPT: _kept,
    Changed.SHARED: _shared,
    Changed.ANSWERED: _answered,
    Changed.ENROLLED: _enrolled,
    Changed.PAUSED: _steered(steering.resume),
    Changed.RESUMED: _steered(steering.pause),
    Changed.SKIPPED: _steered(steering.skip_no_more),
    Changed.UNSKIPPED: _steered(steering.skip_next),
}
