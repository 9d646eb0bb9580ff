"""What stands behind orders, as the outbox asks it: sequences and campaigns lie above, and are handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from backend.outbox.shapes import Letter, Sending, Verdict


class UnfitError(Exception):
    """The mail cannot be written: a field has nothing to say, an address is none. `reason` is one word."""

    def __init__(self, reason: str, evidence: str) -> None:
        super().__init__(evidence)
        self.reason = reason
        self.evidence = evidence


class Source(Protocol):
    """Called inside the outbox's transactions, with orders of one mailbox; nothing behind it commits or calls Gmail."""

    def judge(self, session: Session, sendings: Sequence[Sending], now: datetime, /) -> Mapping[int, Verdict]:
        """Say whether each mail may go now, by the order's id; asked before the draft and again before the send."""
        ...

    def compose(
        self, session: Session, sendings: Sequence[Sending], now: datetime, /
    ) -> Mapping[int, Letter | UnfitError]:
        """Write the mails, by the order's id; an `UnfitError` stands for one that cannot be written."""
        ...

    def settled(self, session: Session, sending: Sending, now: datetime, /) -> None:
        """Hear how the order ended."""
        ...


Sources = Mapping[str, Source]
