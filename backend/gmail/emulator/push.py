"""`users.watch` carried out: a Pub/Sub notice for each change, pushed to an endpoint or pulled from a queue.

Source: developers.google.com/workspace/gmail/api/guides/push. Notices may repeat, come late and bear old historyIds;
what is not acknowledged comes again.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.gmail.emulator.store import Store
from backend.kit.clock import from_epoch_ms

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """A message in the queue; `ack_id` takes it out."""

    ack_id: str
    envelope: Json


def publish(store: Store, changed: Mapping[int, set[str]]) -> int:
    """Queue a notice for each watched mailbox whose changes pass its label filter, and return how many."""
    queued = 0
    for mailbox, labels in sorted(changed.items()):
        sql = "SELECT topic, labels, is_exclude FROM watch WHERE mailbox = ? AND expires_ms > ?"
        watch = store.row(sql, mailbox, store.now_ms())
        if watch and _passes(labels, set(watch[1].split()), is_exclude=bool(watch[2])):
            _queue(store, mailbox, watch[0])
            queued += 1
    return queued


def _passes(changed: set[str], wanted: set[str], *, is_exclude: bool) -> bool:
    return not wanted or (bool(changed & wanted) != is_exclude)


def _queue(store: Store, mailbox: int, topic: str) -> None:
    address, history_id = store.rows("SELECT address, history_id FROM mailbox WHERE id = ?", mailbox)[0]
    text = json.dumps({"emailAddress": address, "historyId": history_id})
    data = base64.b64encode(text.encode()).decode("ascii")
    store.execute("INSERT INTO notice VALUES (NULL, ?, ?, ?)", topic, data, store.now_ms())


def pull(store: Store, limit: int = 100) -> list[Notice]:
    """Return the oldest notices that nobody has acknowledged."""
    rows = store.rows("SELECT id, topic, data, published_ms FROM notice ORDER BY id LIMIT ?", limit)
    return [Notice(str(row[0]), _envelope(*row)) for row in rows]


def acknowledge(store: Store, ack_ids: Iterable[str]) -> None:
    """Take notices out of the queue; unknown ids are harmless."""
    for ack_id in ack_ids:
        store.execute("DELETE FROM notice WHERE id = ?", ack_id)


def _envelope(number: int, topic: str, data: str, published_ms: int) -> Json:
    """Return the body that Pub/Sub posts to a push endpoint."""
    when = from_epoch_ms(published_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message_id = str(1_000_000_000 + number)
    names = {"messageId": message_id, "message_id": message_id, "publishTime": when, "publish_time": when}
    return {"message": {"data": data, **names}, "subscription": topic.replace("/topics/", "/subscriptions/")}
