"""Which mails belong to one exchange, across mailboxes and whatever order they arrive in.

Conversations join by Message-ID, References and In-Reply-To (RFC 5322, 3.6.4). Gmail's thread id is per mailbox and
counts only beside an equal subject, for mail that refers to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from backend.kit.text import fold, squeeze

# Prefixes of replies and forwards in the languages of mail clients, and list tags such as "[team]".
_PREFIX = re.compile(
    r"^(?:(?:re|aw|antw|sv|vs|ref|rif|res|odp|ynt|vá|fwd?|wg|rv|tr|enc|doorst|vl|vb|i|回复|答复|转发|返信|re\s*\[\d+\])"
    r"\s*[::]|\[[^\]]{1,40}\])\s*",
    re.IGNORECASE,
)
MAX_PREFIXES = 20
REFERENCES_KEPT = 50


@lru_cache(maxsize=1_000)  # asked several times about each mail, and an exchange has one subject
def base_subject(subject: str) -> str:
    """Return the subject without reply prefixes and list tags, folded, for comparison."""
    return fold(bare_subject(subject))


def bare_subject(subject: str) -> str:
    """Return the subject without reply prefixes and list tags, as it was written."""
    text = squeeze(subject)
    for _ in range(MAX_PREFIXES):
        shorter = _PREFIX.sub("", text, count=1)
        if shorter == text:
            break
        text = shorter
    return text


def keys_of(message_id: str, references: tuple[str, ...]) -> tuple[str, ...]:
    """The ids by which a mail finds its conversation: its own, the first reference and the latest ones."""
    kept = references if len(references) <= REFERENCES_KEPT else (references[0], *references[1 - REFERENCES_KEPT :])
    return tuple(dict.fromkeys(k for k in (message_id, *kept) if k))


@dataclass
class Forest:
    """Conversations of one batch: known ones by their id (positive), new ones numbered downwards from -1.

    `known` maps Message-IDs to conversations as the store has them. `merges` collects the stored conversations that
    turned out to be one: lost id → kept id.
    """

    known: Mapping[str, int]
    added: dict[str, int] = field(default_factory=dict)
    merges: dict[int, int] = field(default_factory=dict)
    next_new: int = -1

    def place(self, keys: Iterable[str], hint: int | None) -> int:
        """Return the conversation of a mail with these keys, joining what they connect; `hint` serves where none is."""
        keys = tuple(keys)
        found = {self.root(c) for c in map(self._look_up, keys) if c is not None}
        if not found and hint is not None:
            found = {self.root(hint)}
        if not found:
            found = {self.next_new}
            self.next_new -= 1
        kept = self._join(found)
        for key in keys:
            if self._look_up(key) is None:
                self.added[key] = kept
        return kept

    def root(self, conversation: int) -> int:
        """Follow merges to the conversation that is kept."""
        while conversation in self.merges:
            conversation = self.merges[conversation]
        return conversation

    def _look_up(self, key: str) -> int | None:
        return self.added.get(key, self.known.get(key))

    def _join(self, found: set[int]) -> int:
        """Keep the oldest stored conversation, else the first new one."""
        kept = min(found, key=lambda c: (c < 0, abs(c)))
        self.merges.update({lost: kept for lost in found if lost != kept})
        return kept
