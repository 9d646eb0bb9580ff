"""What to get from Gmail next, and how it costs least: pure arithmetic over the queue.

A whole thread costs as much as two of its messages, so three or more that wait are got with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from backend.gmail.gateway import UNITS
from backend.gmail.shapes import Format
from backend.sync.buckets import Urgency
from backend.sync.rules import FIRST_OF_IMPORT
from backend.sync.shapes import QueueItem

GET, THREAD = UNITS["get"], UNITS["thread"]


@dataclass(frozen=True, slots=True)
class Bite:
    """Items got by one call: a message, or several of one thread."""

    items: tuple[QueueItem, ...]

    @property
    def is_thread(self) -> bool:
        """Whether the whole thread is got."""
        return len(self.items) * GET > THREAD

    @property
    def units(self) -> int:
        """What the call costs."""
        return THREAD if self.is_thread else GET

    @property
    def form(self) -> Format:
        """Mail that is stored is asked for its labels only."""
        return Format.MINIMAL if self.items[0].is_stored else Format.FULL

    @property
    def thread_id(self) -> str:
        """The thread of its items."""
        return self.items[0].thread_id


def most_urgent(items: Sequence[QueueItem]) -> tuple[list[QueueItem], Urgency]:
    """Those of `items` (best priority first) that go together, so that new mail never waits for an import's units."""
    new = [item for item in items if item.priority < FIRST_OF_IMPORT]
    return (new, Urgency.NEW_MAIL) if new else (list(items), Urgency.IMPORT)


def plan_bites(items: Sequence[QueueItem], mates: Iterable[QueueItem]) -> list[Bite]:
    """Bites for `items` in their order, with their threads' `mates` where that is cheaper.

    Mates take the places of the items at the end, which wait for the next batch.
    """
    groups = _by_thread([*items, *mates])
    planned: list[Bite] = []
    done: set[str] = set()
    for item in items:
        if len(done) >= len(items):
            break
        if item.gmail_id not in done:
            bite = _bite(item, groups[item.thread_id, item.is_stored])
            planned.append(bite)
            done.update(i.gmail_id for i in bite.items)
    return planned


def _by_thread(items: Iterable[QueueItem]) -> dict[tuple[str, bool], list[QueueItem]]:
    groups: dict[tuple[str, bool], list[QueueItem]] = defaultdict(list)
    for item in items:
        groups[item.thread_id, item.is_stored].append(item)
    return groups


def _bite(item: QueueItem, thread: Sequence[QueueItem]) -> Bite:
    whole = Bite(tuple(thread))
    return whole if whole.is_thread else Bite((item,))


def affordable(bites: Iterable[Bite], units: int) -> Iterator[Bite]:
    """The first of `bites` that `units` pay for; a thread that they do not pay for gives its first message."""
    for bite in bites:
        if bite.units > units:
            if units >= GET:
                yield Bite(bite.items[:1])
            return
        units -= bite.units
        yield bite


def cost(bites: Iterable[Bite]) -> int:
    """What all of them cost."""
    return sum(bite.units for bite in bites)
