"""A leaver's handover over HTTP, for admins, under /api/v1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint

from backend.accounts.desk import give_back
from backend.accounts.guards import current_actor, needs
from backend.accounts.shapes import Role
from backend.handover import service
from backend.handover.schemas import BelongingsOut, HandoverIn, HandoverOut
from backend.handover.shapes import Belongings
from backend.handover.tables import Handover
from backend.kit.errors import UserError
from backend.web.house import house

blueprint = APIBlueprint("handover_api", __name__, url_prefix="/api/v1", tag="Accounts")


@blueprint.get("/users/<int:user_id>/belongings")
@needs(Role.ADMIN)
@blueprint.output(BelongingsOut)
def read_belongings(user_id: int) -> Belongings:
    """What a handover would move: records, open tasks, mailboxes with their mails."""
    with house().db.read() as session:
        return service.preview(session, current_actor().workspace_id, user_id)


@blueprint.post("/users/<int:user_id>/handover")
@needs(Role.ADMIN)
@blueprint.input(HandoverIn)
@blueprint.output(HandoverOut, status_code=201)
def hand_over(user_id: int, json_data: Mapping[str, Any]) -> Handover:
    """Move all that somebody has to a colleague, disconnect their mailboxes, and close their account."""
    with house().db.write() as session:
        service.preview(session, current_actor().workspace_id, user_id)
        if "heir_id" not in json_data:
            raise UserError("Say who takes over: heir_id.")
        done = service.hand_over(
            session, house().clock, current_actor(), user_id, json_data["heir_id"],
            is_closing=not json_data["keep_account"],
        )  # fmt: skip
    give_back(done.sealed)
    return done.handover


@blueprint.post("/users/<int:user_id>/handover/undo")
@needs(Role.ADMIN)
@blueprint.output(HandoverOut)
def take_back(user_id: int) -> Handover:
    """Undo the last handover of somebody: what is still the heir's goes back, and the account opens again."""
    with house().db.write() as session:
        return service.take_back(session, house().clock, current_actor(), user_id)
