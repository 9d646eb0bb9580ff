"""What Prometheus is told of the whole installation's mailboxes, counted when it asks."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.orm import Session

from backend.sync.ledger.service import look_at
from backend.sync.ledger.shapes import Light


def measure(session: Session, now: datetime) -> CollectorRegistry:
    """Mailboxes by light, ids that wait, and how long the oldest of them has waited; no address is named."""
    boxes = look_at(session, now, None, is_with_totals=False)
    registry = CollectorRegistry()
    lights = Counter(box.verdict.light for box in boxes)
    mailboxes = Gauge("enlace_mailboxes", "Mailboxes by light", ["light"], registry=registry)
    for light in Light:
        mailboxes.labels(light.value).set(lights[light])
    pending = Gauge("enlace_pending_messages", "Messages that Gmail named and that are not stored", registry=registry)
    pending.set(sum(box.standing.pending for box in boxes))
    since = min((box.standing.waiting_since for box in boxes if box.standing.waiting_since), default=now)
    lag = Gauge("enlace_oldest_lag_seconds", "How long the oldest of them has waited", registry=registry)
    lag.set((now - since).total_seconds())
    return registry
