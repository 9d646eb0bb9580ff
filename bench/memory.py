"""Whether the memory of a sync grows with the mailbox: the peak of the syncing process, small and large."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.correspondence import emulator, write_mbox
from bench.drained import drained
from bench.figure import Figure

SMALL, LARGE = 10_000, 200_000
LINES = 8  # about 1 kB a mail: memory hangs on how many there are, and 200,000 larger ones would only take longer
BAR = 1.1


def growth_of_memory(folder: Path) -> Iterator[Figure]:
    """Sync both mailboxes, each in a process of its own; SQLite, whose page cache is in that process."""
    peaks = {}
    for messages in (SMALL, LARGE):
        mbox = folder / f"{messages}.mbox"
        write_mbox(mbox, messages, LINES)
        with emulator(mbox) as url:
            peaks[messages] = drained(url, f"sqlite:///{folder / f'{messages}.db'}").peak_mb
        mbox.unlink()
        yield Figure("sync", f"peak_mb_of_{messages}", peaks[messages])
    yield Figure("sync", "peak_of_200000_to_10000", peaks[LARGE] / peaks[SMALL], BAR)
