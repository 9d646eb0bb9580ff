"""A Pub/Sub subscription that is asked for its messages: for installations that Google cannot reach.

Source: https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions/pull.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.gmail.errors import Transient
from backend.gmail.line import Line

PULL_TIMEOUT_S = (5, 100)  # Google holds an empty answer back for a minute or more


@dataclass(frozen=True, slots=True)
class Pulled:
    """A message and the id by which it is acknowledged."""

    ack_id: str
    message: Mapping[str, Any]


class Subscription:
    """`name` is projects/…/subscriptions/…; the line bears a token of the installation's own service account."""

    def __init__(self, line: Line, api_url: str, name: str) -> None:
        self._line = line
        self._url = f"{api_url}/v1/{name}"

    def pull(self, most: int) -> list[Pulled]:
        """Up to `most` messages, waiting for the first; none where nothing came. Raises `GmailError`."""
        answer = self._ask("pull", {"maxMessages": most})
        try:
            return [Pulled(str(m["ackId"]), m["message"]) for m in answer.get("receivedMessages", ())]
        except (KeyError, TypeError, AttributeError) as error:
            raise Transient("the answer is not Pub/Sub's") from error

    def acknowledge(self, ack_ids: Sequence[str]) -> None:
        """Let them not come again. Raises `GmailError`."""
        self._ask("acknowledge", {"ackIds": list(ack_ids)})

    def _ask(self, verb: str, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        answer = self._line.send("POST", f"{self._url}:{verb}", json.dumps(body), headers)
        try:
            found = answer.json() if answer.content else {}
        except ValueError as error:
            raise Transient("the answer is not JSON") from error
        if not isinstance(found, dict):
            raise Transient("the answer is not Pub/Sub's")
        return found
