"""Words of many languages by which mail programs give themselves away.

The words stand in the tables beside this file, one phrase a line.

Each pattern is anchored at the start of a subject, case-blind, and made of plain alternatives: linear on any input.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files

_TABLES = files("backend.mail")


def phrases(table: str) -> list[str]:
    """The lines of `<table>.txt`, without comments and empty ones."""
    lines = _TABLES.joinpath(f"{table}.txt").read_text("utf-8").split("\n")
    return [line for line in lines if line and not line.startswith("#")]


def terms(table: str) -> dict[str, str]:
    """A table of "meaning = word, word, …", turned round: word → meaning; the first meaning of a word wins."""
    found: dict[str, str] = {}
    for line in phrases(table):
        meaning, _, words = line.partition(" = ")
        for word in words.split(","):
            found.setdefault(word.strip(), meaning)
    return found


def sections(table: str) -> dict[str, tuple[str, ...]]:
    """A table in sections, each headed by "[meaning]": meaning → its phrases, in the table's order."""
    found: dict[str, list[str]] = {}
    meaning = ""
    for line in phrases(table):
        if line.startswith("["):
            meaning = line.strip("[]")
        else:
            found.setdefault(meaning, []).append(line)
    return {meaning: tuple(words) for meaning, words in found.items()}


def alternatives(words: Iterable[str]) -> str:
    """A regular expression's alternatives, the longest first, so that "jan" does not hide "january"."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _starting_with(table: str, before: str) -> re.Pattern[str]:
    return re.compile(rf"{before}(?:{alternatives(phrases(table))})", re.IGNORECASE)


_OPENING_MARKS = r"\s*[\[(*#\"'【<]{0,4}\s*"

# A tag ("[SPAM?]"), a quote, "Warning:" or "Re:" may stand before the words of a delivery report.
BOUNCE_SUBJECT = _starting_with(
    "bounce_subjects", r"\s*(?:[\[(*【][^\])*】]{1,30}[\])*】]{1,4}\s*)?" + _OPENING_MARKS + r"(?:\w{1,12}[:.]\s*){0,2}"
)
# Never behind "Re:": that is a person who answers an automatic reply.
AUTO_REPLY_SUBJECT = _starting_with("auto_reply_subjects", _OPENING_MARKS)
