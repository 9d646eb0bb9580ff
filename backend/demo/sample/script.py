"""Reads the screenplays in `texts/`: who writes to whom, how long ago, and what.

```
= Nordwind: 40 seats                          a deal ("- title": a conversation and no more)
company: nordwind.example                     its fields, up to the first empty line
                                              …
@ 41 tom > ana.ruiz, jens.petersen +elena [pdf Offer.pdf; star]
Subject: Offer                                opens a thread; without it the mail answers the one before
What he wrote, to the next "@".

~ call 7 tom connected 12 | What he noted.    an activity
```
Times: "41" days ago, at office hours; "3h" and "90m" ago, to the minute; "+6" days after the start (conversations that
are played many times). "% en machine: a | b" names a pool that "{machine}" is drawn from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

_MAIL = re.compile(r"@ (?P<when>\S+) (?P<sender>\S+) > (?P<to>.+?)(?: \+(?P<cc>[^\[]+?))?(?: \[(?P<options>.+)\])?$")
_JOT = re.compile(r"~ (?P<kind>\w+) (?P<when>\S+) (?P<owner>\w+) ?(?P<facts>[^|]*?) ?\| (?P<text>.+)$")
_FACT = re.compile(
    r"(?:(?P<outcome>connected|voicemail|no_answer|busy) ?)?(?P<minutes>\d+)?"
    r"(?:due (?P<due>\S+))?(?: done (?P<done>\S+))?"
)
_POOL = re.compile(r"% (?P<language>\w\w) (?P<name>\w+): (?P<choices>.+)$")
_MINUTES = {"h": 60, "m": 1}


@dataclass(frozen=True, slots=True)
class Ago:
    """How long before the present. `exact`: to the minute; else some office hour of that day. Negative: ahead."""

    days: float
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One mail. `sender`, `to` and `cc` are names that the cast knows; `subject` is None in an answer."""

    when: Ago
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str | None
    text: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Jot:
    """One activity that a rep typed in."""

    kind: str
    when: Ago
    owner: str
    text: str
    outcome: str | None
    minutes: int | None
    due: Ago | None
    done: Ago | None


@dataclass(frozen=True, slots=True)
class Script:
    """A deal or a conversation: its fields, its mails in order, its activities."""

    title: str
    is_deal: bool
    fields: Mapping[str, str]
    lines: tuple[Line, ...]
    jots: tuple[Jot, ...]

    @property
    def language(self) -> str:
        """The language it is written in: "en" or "es"."""
        return self.fields["language"]


@dataclass(frozen=True, slots=True)
class Book:
    """One file of scripts; `pools` by language and name."""

    scripts: tuple[Script, ...]
    pools: Mapping[str, Mapping[str, tuple[str, ...]]]


def read_text(path: str) -> str:
    """Return a text of the sample, by its path under `texts/`."""
    return (files(__package__) / "texts" / path).read_text(encoding="utf-8")


def rows(path: str) -> Iterator[list[str]]:
    """Yield the rows of a table: cells divided by "|"; comments and empty lines are left out."""
    for line in read_text(path).splitlines():
        if line.strip() and not line.startswith("#"):
            yield [cell.strip() for cell in line.split("|")]


def read_book(path: str) -> Book:
    """Read a file of scripts; a line that cannot be read raises ValueError with its words."""
    text = read_text(path)
    blocks = re.split(r"^(?=[=-] )", text, flags=re.MULTILINE)
    pools: dict[str, dict[str, tuple[str, ...]]] = {"en": {}, "es": {}}
    for found in re.finditer(_POOL.pattern, blocks[0], re.MULTILINE):
        pools[found["language"]][found["name"]] = tuple(found["choices"].split(" | "))
    return Book(tuple(_script(block) for block in blocks[1:]), pools)


def read_ago(words: str) -> Ago:
    """Read "41", "3h", "90m", "+6" (six days ahead)."""
    if words[-1] in _MINUTES:
        return Ago(float(words[:-1]) * _MINUTES[words[-1]] / 1440, exact=True)
    return Ago(-float(words) if words.startswith("+") else float(words))


def _script(block: str) -> Script:
    head, *beats = re.split(r"^(?=[@~] )", block, flags=re.MULTILINE)
    title, *fields = head.strip().splitlines()
    return Script(
        title=title[2:],
        is_deal=title.startswith("="),
        fields=dict(field.split(": ", 1) for field in fields),
        lines=tuple(_line(beat) for beat in beats if beat.startswith("@")),
        jots=tuple(_jot(beat.strip()) for beat in beats if beat.startswith("~")),
    )


def _line(beat: str) -> Line:
    head, _, rest = beat.strip().partition("\n")
    found = _matched(_MAIL, head)
    subject, text = None, rest
    if rest.startswith("Subject: "):
        subject, _, text = rest.removeprefix("Subject: ").partition("\n")
    return Line(
        when=read_ago(found["when"]),
        sender=found["sender"],
        to=tuple(found["to"].split(", ")),
        cc=tuple(found["cc"].split(", ")) if found["cc"] else (),
        subject=subject,
        text=text.strip(),
        options=_options(found["options"] or ""),
    )


def _options(words: str) -> dict[str, str]:
    pairs = (option.strip().partition(" ") for option in words.split(";") if option.strip())
    return {name: value for name, _, value in pairs}


def _jot(beat: str) -> Jot:
    found = _matched(_JOT, beat)
    facts = _matched(_FACT, found["facts"])
    return Jot(
        kind=found["kind"],
        when=read_ago(found["when"]),
        owner=found["owner"],
        text=found["text"],
        outcome=facts["outcome"],
        minutes=int(facts["minutes"]) if facts["minutes"] else None,
        due=read_ago(facts["due"]) if facts["due"] else None,
        done=read_ago(facts["done"]) if facts["done"] else None,
    )


def _matched(pattern: re.Pattern[str], words: str) -> re.Match[str]:
    found = pattern.fullmatch(words)
    if found is None:
        raise ValueError(f"the script cannot be read: {words!r}")
    return found
