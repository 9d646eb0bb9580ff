"""A mail's links: why they are, made by hand, taken back, left to the rules again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import Made, once
from backend.linking import undo, words
from backend.linking.api.room import blueprint, seen_receipt
from backend.linking.receipt_store import LinkView, ReceiptView, RejectedView
from backend.linking.schemas import LiftedOut, LinkIn, ReceiptOut, ReceiptQuery, UnlinkIn, VetoOut
from backend.linking.shapes import Scope
from backend.web.house import house


@blueprint.get("/links")
@needs()
@blueprint.input(ReceiptQuery, location="query")
@blueprint.output(ReceiptOut)
def read_receipt(query_data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say to which records a mail is linked, and why."""
    with house().db.read() as session:
        return _shown(seen_receipt(session, query_data["message_id"]))


@blueprint.post("/links")
@needs()
@blueprint.input(LinkIn)
@blueprint.output(ReceiptOut, status_code=201)
@once(ReceiptOut)
def link_by_hand(session: Session, json_data: Mapping[str, Any]) -> Made:
    """Link a mail to a record; its conversation follows."""
    message_id = json_data["message_id"]
    seen_receipt(session, message_id)
    undo.link_by_hand(session, house().clock, current_actor(), message_id, json_data["record_id"])
    return _shown(seen_receipt(session, message_id)), {}


@blueprint.post("/links/unlink")
@needs()
@blueprint.input(UnlinkIn)
@blueprint.output(VetoOut, status_code=201)
@once(VetoOut)
def unlink(session: Session, json_data: Mapping[str, Any]) -> Made:
    """Say that a mail, its thread, or all mail of an address or domain does not belong to a record."""
    message_id, scope = json_data["message_id"], Scope(json_data["scope"])
    seen_receipt(session, message_id)
    address, clock = json_data.get("address", ""), house().clock
    return undo.unlink(session, clock, current_actor(), message_id, json_data["record_id"], scope, address), {}


@blueprint.delete("/links/vetoes/<int:veto_id>")
@needs()
@blueprint.output(LiftedOut)
def lift_veto(veto_id: int) -> Mapping[str, int]:
    """Take an undo back: the rules decide again."""
    with house().db.write() as session:
        return {"mails": undo.lift_veto(session, house().clock, current_actor(), veto_id)}


def _shown(receipt: ReceiptView) -> Mapping[str, Any]:
    return {
        "message_id": receipt.message_id,
        "conversation_id": receipt.conversation_id,
        "reason": receipt.reason,
        "why": words.reason_sentence(receipt.reason, gettext),
        "links": [_link(link) for link in receipt.links],
        "rejected": [_rejected(lost) for lost in receipt.rejected],
        "decided_at": receipt.decided_at,
    }


def _link(link: LinkView) -> Mapping[str, Any]:
    why = words.rule_sentence(link.rule, link.evidence, gettext)
    return {
        "record_id": link.record_id, "kind": link.kind, "name": link.name, "rule": link.rule, "why": why,
        "evidence": link.evidence,
    }  # fmt: skip


def _rejected(lost: RejectedView) -> Mapping[str, Any]:
    why = words.rejection_sentence(lost.why, lost.evidence, gettext)
    return {"name": lost.name, "why": why, "evidence": lost.evidence}
