"""What a sync costs: CPU a message, on both databases, memory, and one new mail as the mailbox grows.

The pipeline: HTTP emulator in a process of its own → batch get → parse → classify → store → link → searchable. Its
floor, in the same run on the same mail, is `bench.floor`. CPU is that of the syncing process; in SQLite the database is
part of it, PostgreSQL's server is not. Each is measured several times and the best counts, because the machine may be
busy with something else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from bench.correspondence import emulator, write_mbox
from bench.drained import drained
from bench.figure import Figure
from bench.floor import floor_ms
from bench.incremental import growth_of_one_mail
from bench.memory import growth_of_memory
from tests.databases import new_postgres, postgres_server

MESSAGES = 3_000
ROUNDS = 3
FLOOR_BAR, POSTGRESQL_BAR = 9.0, 1.5


def run() -> Iterator[Figure]:
    """The cheap figures first."""
    with tempfile.TemporaryDirectory() as name, postgres_server() as server:
        folder = Path(name)
        yield from _cpu(folder, server)
        yield from growth_of_one_mail("sqlite", lambda size: f"sqlite:///{folder / f'new-in-{size}.db'}")
        yield from growth_of_one_mail("postgresql", lambda size: new_postgres(server, f"new_in_{size}"))
        yield from growth_of_memory(folder)


def _cpu(folder: Path, server: str) -> Iterator[Figure]:
    """Floor, SQLite and PostgreSQL take turns."""
    write_mbox(folder / "mail.mbox", MESSAGES)
    numbers = count()
    with emulator(folder / "mail.mbox") as url:
        rounds = [
            (
                floor_ms(url, folder / f"{next(numbers)}.db"),
                drained(url, f"sqlite:///{folder / f'{next(numbers)}.db'}").cpu_ms_a_message,
                drained(url, new_postgres(server, f"drained_{next(numbers)}")).cpu_ms_a_message,
            )
            for _ in range(ROUNDS)
        ]
    floor, sqlite, postgresql = (min(each) for each in zip(*rounds, strict=True))
    yield Figure("sync", "floor_cpu_ms_a_message", floor)
    yield Figure("sync", "sqlite_cpu_ms_a_message", sqlite)
    yield Figure("sync", "postgresql_cpu_ms_a_message", postgresql)
    yield Figure("sync", "sqlite_to_floor", sqlite / floor, FLOOR_BAR)
    yield Figure("sync", "postgresql_to_sqlite", postgresql / sqlite, POSTGRESQL_BAR)
