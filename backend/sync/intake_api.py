"""What mail comes in, over HTTP: policies with their effect before they are chosen, and exclusions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import Made, once
from backend.accounts.store import get_mailbox
from backend.kit.errors import NotFoundError, UserError
from backend.linking.exclusions import ignore, ignore_in_mailbox, may_remove, stop_ignoring
from backend.linking.rules.outsiders import domain
from backend.mail.addresses import key_of
from backend.privacy.service.policies import choose_policy, require_say, undo_change
from backend.privacy.shapes import ExclusionKind, ImportPolicy, PolicyKind
from backend.privacy.store.exclusions import exclusions_of
from backend.privacy.store.policies import find_policy, policy_of
from backend.privacy.tables import Exclusion
from backend.sync.effects import Effect
from backend.sync.intake_schemas import (
    ChangeOut,
    ChosenOut,
    EffectOut,
    ExclusionIn,
    ExclusionList,
    ExclusionOut,
    ExclusionQuery,
    PolicyIn,
    PolicyShown,
    RemovedOut,
)
from backend.sync.intake_sources import effect_of_policy, settle_soon
from backend.web.house import house

blueprint = APIBlueprint("intake_api", __name__, url_prefix="/api/v1", tag="What comes in")

Fields = Mapping[str, Any]


@blueprint.get("/mailboxes/<int:mailbox_id>/policy")
@needs()
@blueprint.output(PolicyShown)
def read_mailbox_policy(mailbox_id: int) -> Fields:
    """What a mailbox's owner chose."""
    return _shown(PolicyKind.MAILBOX, mailbox_id)


@blueprint.post("/mailboxes/<int:mailbox_id>/policy")
@needs()
@blueprint.input(PolicyIn)
@blueprint.output(ChosenOut)
@once(ChosenOut, 200)
def choose_mailbox_policy(session: Session, mailbox_id: int, json_data: Fields) -> Made:
    """Choose what comes in from a mailbox; stored mail follows within a minute."""
    return _choose(session, PolicyKind.MAILBOX, mailbox_id, json_data)


@blueprint.post("/mailboxes/<int:mailbox_id>/policy/preview")
@needs()
@blueprint.input(PolicyIn)
@blueprint.output(EffectOut)
def preview_mailbox_policy(mailbox_id: int, json_data: Fields) -> Effect:
    """Say what a choice would do to the mailbox; nothing is changed."""
    return _preview(PolicyKind.MAILBOX, mailbox_id, json_data)


@blueprint.get("/mailboxes/policies/default")
@needs()
@blueprint.output(PolicyShown)
def read_default_policy() -> Fields:
    """What comes in from mailboxes whose owners did not choose; for admins."""
    return _shown(PolicyKind.DEFAULT, None)


@blueprint.post("/mailboxes/policies/default")
@needs()
@blueprint.input(PolicyIn)
@blueprint.output(ChosenOut)
@once(ChosenOut, 200)
def choose_default_policy(session: Session, json_data: Fields) -> Made:
    """Choose what comes in from mailboxes whose owners did not choose; for admins."""
    return _choose(session, PolicyKind.DEFAULT, None, json_data)


@blueprint.post("/mailboxes/policies/default/preview")
@needs()
@blueprint.input(PolicyIn)
@blueprint.output(EffectOut)
def preview_default_policy(json_data: Fields) -> Effect:
    """Say what a default would do to the team's mailboxes; nothing is changed."""
    return _preview(PolicyKind.DEFAULT, None, json_data)


@blueprint.get("/mailboxes/policies/bounds")
@needs()
@blueprint.output(PolicyShown)
def read_bounds() -> Fields:
    """The most that any mailbox takes in; for admins."""
    return _shown(PolicyKind.BOUNDS, None)


@blueprint.post("/mailboxes/policies/bounds")
@needs()
@blueprint.input(PolicyIn)
@blueprint.output(ChosenOut)
@once(ChosenOut, 200)
def choose_bounds(session: Session, json_data: Fields) -> Made:
    """Choose the most that any mailbox takes in; for admins."""
    return _choose(session, PolicyKind.BOUNDS, None, json_data)


@blueprint.post("/mailboxes/policies/bounds/preview")
@needs()
@blueprint.input(PolicyIn)
@blueprint.output(EffectOut)
def preview_bounds(json_data: Fields) -> Effect:
    """Say what bounds would do to the team's mailboxes; nothing is changed."""
    return _preview(PolicyKind.BOUNDS, None, json_data)


@blueprint.post("/mailboxes/policies/changes/<int:change_id>/undo")
@needs()
@blueprint.output(ChangeOut)
@once(ChangeOut, 200)
def undo_policy(session: Session, change_id: int) -> Made:
    """Let what held before the latest change hold again; what went is fetched again from Gmail."""
    change = undo_change(session, house().clock, current_actor(), change_id)
    settle_soon(session, change.mailbox_id)
    return change, {}


@blueprint.get("/mailboxes/exclusions")
@needs()
@blueprint.input(ExclusionQuery, location="query")
@blueprint.output(ExclusionList)
def list_exclusions(query_data: Fields) -> Mapping[str, Sequence[Exclusion]]:
    """Whose mail stays out: of the whole team's mailboxes, or of one's own."""
    actor, mailbox_id = current_actor(), query_data.get("mailbox_id")
    with house().db.read() as session:
        if mailbox_id is not None:
            get_mailbox(session, actor.workspace_id, mailbox_id, user_id=actor.user_id)
        return {"items": exclusions_of(session, actor.workspace_id, None if mailbox_id is None else [mailbox_id])}


@blueprint.post("/mailboxes/exclusions")
@needs()
@blueprint.input(ExclusionIn)
@blueprint.output(ExclusionOut, status_code=201)
@once(ExclusionOut)
def make_exclusion(session: Session, json_data: Fields) -> Made:
    """Leave an address or a domain out, for the team or for one's own mailbox; stored mail goes within a minute."""
    clock, actor, mailbox_id = house().clock, current_actor(), json_data["mailbox_id"]
    kind = ExclusionKind(json_data["kind"])
    key = key_of(json_data["value"]) if kind is ExclusionKind.ADDRESS else f"any@{json_data['value'].lower()}"
    if not domain(key):
        raise UserError("That is neither an address nor a domain; write ana@example.com or example.com.")
    if mailbox_id is None:
        made = ignore(session, clock, actor, kind, key)
    else:
        made = ignore_in_mailbox(session, clock, actor, mailbox_id, kind, key)
    settle_soon(session, mailbox_id)
    return made, {}


@blueprint.post("/mailboxes/exclusions/<int:exclusion_id>/remove")
@needs()
@blueprint.output(RemovedOut)
@once(RemovedOut, 200)
def remove_exclusion(session: Session, exclusion_id: int) -> Made:
    """Take in again what was left out; it is fetched again from Gmail."""
    if not may_remove(session, current_actor(), exclusion_id):
        raise NotFoundError("That is not on the list any more.")
    stop_ignoring(session, house().clock, current_actor(), exclusion_id)
    settle_soon(session, None)
    return {"id": exclusion_id}, {}


def _shown(kind: PolicyKind, mailbox_id: int | None) -> Fields:
    with house().db.read() as session:
        require_say(session, current_actor(), kind, mailbox_id)
        row = find_policy(session, current_actor().workspace_id, kind, mailbox_id)
        return {"policy": None if row is None else policy_of(row)}


def _choose(session: Session, kind: PolicyKind, mailbox_id: int | None, fields: Fields) -> Made:
    change = choose_policy(session, house().clock, current_actor(), kind, mailbox_id, _policy(fields))
    settle_soon(session, mailbox_id)
    return {"change_id": change.id}, {}


def _preview(kind: PolicyKind, mailbox_id: int | None, fields: Fields) -> Effect:
    with house().db.read() as session:
        require_say(session, current_actor(), kind, mailbox_id)
    return effect_of_policy(kind, mailbox_id, _policy(fields))


def _policy(fields: Fields) -> ImportPolicy | None:
    if not fields["is_own"]:
        return None
    return ImportPolicy(
        months=fields["months"],
        since=fields["since"],
        labels_in=tuple(fields["labels_in"]),
        labels_out=tuple(fields["labels_out"]),
        is_known_only=fields["is_known_only"],
        keeps_internal=fields["keeps_internal"],
    )
