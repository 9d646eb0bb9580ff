"""Which of our mails an answer is credited to, how results are divided, and which wording is ahead: pure decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from math import erfc, sqrt

from backend.sequences.results.shapes import REPLY_DAYS, By, Came, Grain, Ours, Tally

LEAST_EACH = 5  # replied, and not replied, of each wording: below it the test says nothing
SURE = 0.05
IN_THREAD, OUTSIDE = "in_thread", "outside"


def answered(came: Came, in_thread: Iterable[Ours], to_sender: Iterable[Ours]) -> tuple[int, str] | None:
    """The mail of ours that a mail answers, and how; None where it answers none.

    In our own thread even what looks like bulk is an answer (a ticket system's); outside it only a person's.
    """
    found = _last_before(came, in_thread)
    if found is not None:
        return found.outbox_id, IN_THREAD
    found = _last_before(came, to_sender) if came.is_person else None
    if found is None or came.at - found.sent_at > timedelta(days=REPLY_DAYS):
        return None
    return found.outbox_id, OUTSIDE


def _last_before(came: Came, ours: Iterable[Ours]) -> Ours | None:
    return max((mail for mail in ours if mail.sent_at <= came.at), key=lambda mail: mail.sent_at, default=None)


Key = tuple[int | None, ...]


def divide(grains: Mapping[Grain, Tally], by: By, template_of: Callable[[Grain], int | None]) -> dict[Key, Tally]:
    """Sum the finest counts up into the lines that are asked for; mails without a template are no line of templates."""
    keys: dict[By, Callable[[Grain], Key]] = {
        By.SEQUENCE: lambda g: (g.sequence_id,),
        By.CAMPAIGN: lambda g: (g.sequence_id,),
        By.VERSION: lambda g: (g.sequence_id, g.version_id),
        By.STEP: lambda g: (g.sequence_id, g.version_id, g.step),
        By.VARIANT: lambda g: (g.sequence_id, g.version_id, g.step, g.variant),
        By.TEMPLATE: lambda g: (template_of(g),),
        By.SENDER: lambda g: (g.mailbox_id,),
    }
    sums: dict[Key, Tally] = {}
    for grain, tally in grains.items():
        sums.setdefault(keys[by](grain), Tally()).add(tally)
    if by is By.TEMPLATE:
        sums.pop((None,), None)
    return sums


def leader(rivals: Mapping[Key, Tally]) -> Key | None:
    """The wording with the most replies of its mails, if it is hardly so by chance; None: nobody can tell yet.

    The best is held against the next best by a two-proportion z-test (two-sided, 5 %, divided by the number of
    comparisons that looking for the best amounts to).
    """
    ranked = sorted(rivals, key=lambda key: rivals[key].reply_rate or 0, reverse=True)
    if len(ranked) < 2 or not all(_is_enough(rivals[key]) for key in ranked[:2]):  # noqa: PLR2004 - one has no rival
        return None
    best, next_best = (rivals[key] for key in ranked[:2])
    return ranked[0] if _chance(best, next_best) < SURE / (len(ranked) - 1) else None


def _is_enough(tally: Tally) -> bool:
    return min(tally.replied, tally.sent - tally.replied) >= LEAST_EACH


def _chance(one: Tally, other: Tally) -> float:
    """How likely so great a difference is where there is none."""
    pooled = (one.replied + other.replied) / (one.sent + other.sent)
    spread = sqrt(pooled * (1 - pooled) * (1 / one.sent + 1 / other.sent))
    return erfc(abs(one.replied / one.sent - other.replied / other.sent) / spread / sqrt(2))
