"""Having mails written anew that wait already: their source words them otherwise now, or orders them no more.

A draft may lie at Gmail with the old words. It is forgotten here; before the new one is laid down, it is found there by
its header and removed, as after a crash (`traces.look_around`). A worker that is about to send it loses its lease and
with it the right to say so: the rows are held first, and its transaction ends after ours or is undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.outbox import rules, service, store
from backend.outbox.shapes import State
from backend.outbox.tables import OutboxRow


@dataclass(frozen=True, slots=True)
class Rewrite:
    """An order under its new name; its key stays. `wordings`: among how many it is drawn."""

    order: OutboxRow
    step: int
    run: int
    version_id: int
    wordings: int


def rewrite(session: Session, anew: Sequence[Rewrite], withdrawn: Sequence[OutboxRow], now: datetime) -> None:
    """Write these anew, and judge those again, which their source does not stand behind any more; all at once.

    The caller holds their rows and those of their source, and none of them is being sent.
    """
    for each in anew:
        is_waiting = each.order.state != State.SKIPPED  # what was taken back stays so, under its new name
        state, fresh = (State.CLAIMED, _unwritten(each.order, now)) if is_waiting else (State.SKIPPED, {})
        store.write(
            session, each.order.id, state, **fresh, step=each.step, run=each.run, version_id=each.version_id,
            variant=rules.variant_of(each.order.token, each.wordings),
        )  # fmt: skip
    for order in withdrawn:
        store.write(session, order.id, State(order.state), due_at=now)
    mailbox_ids = sorted({order.mailbox_id for order in (*(each.order for each in anew), *withdrawn)})
    store.break_leases(session, mailbox_ids)
    for mailbox_id in mailbox_ids:
        service.make_due(session, mailbox_id, now)


def _unwritten(order: OutboxRow, now: datetime) -> dict[str, Any]:
    """As if it had just been ordered; one that was begun keeps count of it, since a draft may lie at Gmail."""
    attempts = order.attempts if order.state == State.CLAIMED else 1
    return {"draft_id": "", "reason": "", "attempts": attempts, "due_at": now}
