"""Taking orders in, many at once: each once under its name and its key, and each group in its turn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.db import insert_ignoring
from backend.mail.addresses import domain_of, registrable_domain
from backend.outbox import rules, service, store
from backend.outbox.shapes import Order, State
from backend.outbox.tables import OutboxRow

_FRESH = {
    "state": State.CLAIMED.value, "reason": "", "evidence": "", "attempts": 0, "draft_id": "", "thread_id": "",
    "gmail_id": "", "rfc_id": "", "subject": "", "references": [],
}  # fmt: skip


def put_in(session: Session, orders: Sequence[Order], now: datetime) -> None:
    """Take orders in; one that was taken in before, under its name or its key, stays as it is.

    Save one that was skipped: it never left, and whoever orders it again wants it after all.
    """
    for workspace_id, mailbox_id in dict.fromkeys((order.workspace_id, order.mailbox_id) for order in orders):
        store.ensure_sender(session, workspace_id, mailbox_id)
    turns = _turns(session, orders)
    rows = [_row(order, turn, now) for order, turn in zip(orders, turns, strict=True)]
    insert_ignoring(session, OutboxRow, rows)
    store.take_up_again(session, rows)
    for mailbox_id in dict.fromkeys(order.mailbox_id for order in orders):
        soonest = min(order.due_at for order in orders if order.mailbox_id == mailbox_id)
        service.make_due(session, mailbox_id, soonest)


def _turns(session: Session, orders: Sequence[Order]) -> list[int]:
    """Places in the mailboxes' queues: several orders of one group stand behind each other."""
    following: dict[tuple[int, int, int], int] = {}
    turns = []
    for order in orders:
        queue = (order.mailbox_id, order.group, _rank(order))
        turn = following.get(queue) or store.next_turn(session, *queue)
        following[queue] = turn + 1
        turns.append(turn)
    return turns


def _rank(order: Order) -> int:
    return 0 if order.is_follow_up else 1


def _row(order: Order, turn: int, now: datetime) -> dict[str, Any]:
    token = rules.token_of(f"{order.workspace_id}:{order.key}")
    return _FRESH | {
        "workspace_id": order.workspace_id,
        "mailbox_id": order.mailbox_id,
        "source": order.source,
        "source_id": order.source_id,
        "step": order.step,
        "run": order.run,
        "token": token,
        "group_id": order.group,
        "version_id": order.version_id,
        "variant": rules.variant_of(token, order.wordings),
        "contact_id": order.contact_id,
        "email": order.email,
        "address_key": order.address_key,
        "domain": registrable_domain(domain_of(order.address_key)),
        "rank": _rank(order),
        "turn": turn,
        "due_at": order.due_at,
        "expires_at": order.expires_at,
        "created_at": now,
    }
