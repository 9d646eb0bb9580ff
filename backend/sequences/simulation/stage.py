"""Where a rehearsal is played: what it needs beside the sequences' own code, handed in by a composition root."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from backend.db import Database
from backend.gmail.gateway import Gmail
from backend.kit.clock import VirtualClock


class Stage(Protocol):
    """An empty database with the present schema, mailboxes that only pretend, and a clock that moves when told."""

    @property
    def db(self) -> Database:
        """The throw-away database."""
        ...

    @property
    def clock(self) -> VirtualClock:
        """The time there."""
        ...

    def open_mailbox(self, address: str, name: str) -> None:
        """Make an empty mailbox."""
        ...

    def connect(self, address: str) -> Gmail:
        """Enter a mailbox."""
        ...

    def deliver(self, raw: bytes, address: str) -> None:
        """Let mail arrive from outside."""
        ...

    def listen(self, hear: Callable[[str, str, bytes], None]) -> None:
        """Tell of each mail that leaves: sender, recipient, and the mail as it was sent."""
        ...


OpenStage = Callable[[datetime, int], AbstractContextManager[Stage]]
