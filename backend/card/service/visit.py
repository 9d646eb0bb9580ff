"""One reader's request: who reads, how, when, and in which transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.card.markup import is_safe_link
from backend.card.seals import Seals
from backend.card.words import Words
from backend.kit.clock import Clock
from backend.records.paths import record_path


@dataclass(frozen=True, slots=True)
class Visit:
    """What every verb of this room is handed. `crm_url` is where the web app is, without a slash at the end."""

    session: Session
    clock: Clock
    actor: Actor
    words: Words
    seals: Seals
    crm_url: str

    @property
    def workspace_id(self) -> int:
        """The reader's team."""
        return self.actor.workspace_id

    @property
    def now(self) -> datetime:
        """The present."""
        return self.clock.now()

    def url(self, path: str) -> str:
        """Where a page of the web app is; "" where a card may not link there."""
        address = f"{self.crm_url}{path}"
        return address if is_safe_link(address) else ""

    def record_url(self, kind: str, record_id: int) -> str:
        """Where a record's page is."""
        return self.url(record_path(kind, record_id))
