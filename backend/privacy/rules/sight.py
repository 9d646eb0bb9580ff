"""The one rule on who sees how much of a mail. `store.sight` asks the database the same of many mails at once."""

from __future__ import annotations

from collections.abc import Iterable

from backend.privacy.shapes import Holding, Sight


def sight_of(holding: Holding) -> Sight:
    """How much one mailbox's copy lets somebody see.

    One's own is open. The private label hides a mail altogether, and so does a mailbox that shares nothing. A grant
    opens the rest, also what its owner keeps to themselves; without one, that is a locked line.
    """
    if holding.is_own:
        return Sight.EVERYTHING
    shared = Sight(holding.sharing.value)
    if holding.has_label or shared is Sight.NOTHING:
        return Sight.NOTHING
    if holding.is_granted:
        return Sight.EVERYTHING
    return Sight.LOCKED if holding.is_locked else shared


def best_sight(sights: Iterable[Sight]) -> Sight:
    """What all copies of a mail together let somebody see: each owner decides on their own, so the most counts."""
    return min(sights, key=list(Sight).index, default=Sight.NOTHING)
