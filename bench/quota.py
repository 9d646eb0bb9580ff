"""How much of Gmail's quota an import uses, and whether it ever earns a refusal.

The emulator counts units by the minute and refuses what goes beyond, on a clock that moves only when somebody waits; a
call takes as long as one to Google would. The worker is the real one, on one thread.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from backend.gmail.emulator.load import Mail, insert_many
from backend.kit.clock import to_epoch_ms
from bench.figure import Figure
from bench.town import Town

PER_USER, PER_PROJECT = 6_000, 30_000
MINUTES = 6
MAILS = PER_USER * (MINUTES + 2) // 20


def run() -> Iterator[Figure]:
    """One mailbox against its own limit, then ten that share a project's."""
    yield from _import("one_mailbox", 1, PER_USER)
    yield from _import("ten_mailboxes", 10, PER_PROJECT)


def _import(name: str, mailboxes: int, ceiling: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder), mailboxes, per_user=PER_USER, per_project=PER_PROJECT)
        for address in town.addresses:
            fill(town, address, MAILS)
        town.live(timedelta(minutes=1))  # the first minute begins with a full bucket
        before = town.emulator.quota.units.total()
        town.live(timedelta(minutes=MINUTES))
        used = town.emulator.quota.units.total() - before
        refused = town.emulator.quota.refused
        town.close()
    yield Figure("quota", f"{name}_share_of_ceiling_unused", 1 - used / (ceiling * MINUTES), 0.05)
    yield Figure("quota", f"{name}_refusals", refused, 0)


def fill(town: Town, address: str, mails: int) -> None:
    """Old mail, each in a thread of its own, so that each costs a get."""
    now_ms = to_epoch_ms(town.clock.now())
    insert_many(
        town.emulator,
        address,
        [Mail(_raw(address, n), ("INBOX",), now_ms - (mails - n) * 60_000) for n in range(mails)],
    )


def _raw(address: str, number: int) -> bytes:
    sender = f"p{number % 97}@c{number % 31}.example"
    return (
        f"From: {sender}\r\nTo: {address}\r\nSubject: Mail {number}\r\n"
        f"Message-ID: <{number}.{address}>\r\n\r\nHello\r\n"
    ).encode()
