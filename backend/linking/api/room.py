"""The blueprint of the links' API, and the one check that all of its doors make."""

from __future__ import annotations

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor
from backend.kit.errors import NotFoundError
from backend.linking.receipt_store import ReceiptView, receipt_of, sees_mail

blueprint = APIBlueprint("linking_api", __name__, url_prefix="/api/v1", tag="Links")


def seen_receipt(session: Session, message_id: int) -> ReceiptView:
    """Return the receipt of a mail that whoever asks may see. Raises `NotFoundError` in the same words for all else."""
    actor = current_actor()
    found = receipt_of(session, actor.workspace_id, message_id) if sees_mail(session, actor, message_id) else None
    if found is None:
        raise NotFoundError("That mail is not here, or its owner does not share it.")
    return found
