"""Relinking history: shown first, then done as one batch, which can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import Made, once
from backend.kit.errors import UserError
from backend.linking import undo
from backend.linking.api.room import blueprint
from backend.linking.learning import preview_concerned, relink_concerned
from backend.linking.schemas import RelinkIn
from backend.mail.addresses import key_of, registrable_domain
from backend.records.schemas import RelinkedOut
from backend.records.service import require
from backend.records.shapes import Concerned, Relinked
from backend.records.store.lookup import concerned_by
from backend.records.tables import Record
from backend.web.house import house


@blueprint.post("/links/relink/preview")
@needs()
@blueprint.input(RelinkIn)
@blueprint.output(RelinkedOut)
def preview_relinking(json_data: Mapping[str, Any]) -> Relinked:
    """Show what deciding mail afresh would change; changes nothing."""
    with house().db.read() as session:
        concerned = _concerned(session, json_data)
        return preview_concerned(session, house().clock, current_actor(), concerned)


@blueprint.post("/links/relink")
@needs()
@blueprint.input(RelinkIn)
@blueprint.output(RelinkedOut, status_code=201)
@once(RelinkedOut)
def relink(session: Session, json_data: Mapping[str, Any]) -> Made:
    """Decide all mail of a record, an address or a domain afresh, as one batch."""
    concerned = _concerned(session, json_data)
    (what, which) = next(iter(json_data.items()))
    return relink_concerned(session, house().clock, current_actor(), f"{what}:{which}", concerned), {}


@blueprint.post("/links/relink/<int:batch_id>/undo")
@needs()
@blueprint.output(RelinkedOut)
@once(RelinkedOut, 200)
def undo_relinking(session: Session, batch_id: int) -> Made:
    """Undo a relinking: what it added goes, what it removed comes back; records stay."""
    batch = undo.undo_relink(session, house().clock, current_actor(), batch_id)
    mails = len({*batch.added, *batch.removed})
    return Relinked(batch.id, mails, added=len(batch.removed), removed=len(batch.added)), {}


def _concerned(session: Session, json_data: Mapping[str, Any]) -> Concerned:
    """Say which mail is meant. Raises `NotFoundError` for a foreign record, `UserError` for what is no domain."""
    if "record_id" in json_data:
        return concerned_by(session, require(session, current_actor().workspace_id, json_data["record_id"], Record))
    if "address" in json_data:
        return Concerned(address_keys=frozenset({key_of(json_data["address"])}))
    domain = registrable_domain(json_data["domain"])
    if not domain:
        raise UserError("That is not a mail domain; write it as nordwind.example.")
    return Concerned(domains=frozenset({domain}))
