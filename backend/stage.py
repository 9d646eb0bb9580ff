"""A stage: a throw-away installation on which mail is rehearsed. Nothing that happens there leaves it.

An empty database in a temporary folder, an emulated Gmail in memory, and a clock that moves only when told.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from sqlalchemy import event

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.gateway import Gmail
from backend.kit.clock import VirtualClock
from backend.migrations import upgrade


@dataclass(frozen=True)
class TemporaryStage:
    """A `backend.sequences.simulation.stage.Stage` on SQLite and the emulator."""

    db: Database
    clock: VirtualClock
    emulator: Emulator

    def open_mailbox(self, address: str, name: str) -> None:
        """Make an empty mailbox."""
        self.emulator.add_mailbox(address, display_name=name)

    def connect(self, address: str) -> Gmail:
        """Enter a mailbox."""
        return EmulatorGmail(self.emulator, address)

    def deliver(self, raw: bytes, address: str) -> None:
        """Let mail arrive from outside."""
        self.emulator.deliver(raw, [address])

    def listen(self, hear: Callable[[str, str, bytes], None]) -> None:
        """Tell of each mail that leaves: sender, recipient, and the mail as it was sent."""

        def outside(sender: str, recipient: str, raw: bytes) -> None:
            hear(sender, recipient, raw)

        self.emulator.answer_outside(outside)


@contextmanager
def open_stage(at: datetime, seed: int) -> Iterator[TemporaryStage]:
    """Put a stage up, whose clock stands at `at`; it is gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="enlace-stage-") as folder:
        path, clock = Path(folder) / "stage.db", VirtualClock(at)
        path.write_bytes(_empty())
        db, emulator = Database(f"sqlite:///{path}"), Emulator(clock=clock, seed=seed)
        event.listen(db.engine, "connect", _hurry)
        try:
            yield TemporaryStage(db, clock, emulator)
        finally:
            emulator.close()
            db.dispose()


@lru_cache(maxsize=1)
def _empty() -> bytes:
    """A database with the present schema and nothing in it: made once, since all migrations take their time."""
    with tempfile.TemporaryDirectory(prefix="enlace-stage-") as folder:
        path = Path(folder) / "empty.db"
        db = Database(f"sqlite:///{path}")
        upgrade(db)
        db.dispose()
        return path.read_bytes()


def _hurry(connection: Connection, _record: Any) -> None:
    """What is thrown away need not outlive a power cut; and rows stand here without all those that they refer to."""
    for pragma in ("synchronous=OFF", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}")
