"""Address headers into addresses, in one pass and before RFC 2047 is decoded.

Commas and brackets inside encoded names would otherwise split people in two. The standard library's parser recurses
on nested comments and slows down on long broken input, so that the rare forms have a scanner of their own here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from backend.mail.addresses import address_of
from backend.mail.headers import decode_words
from backend.mail.shapes import Address

_NEEDS_SCANNER = re.compile(r"[\"();:\\]")
_SIMPLE = re.compile(r"([^<>@]*)<\s*([^\s<>@]+@[^\s<>@]+)\s*>|([^\s<>@]+@[^\s<>@]+)")
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"?|[^"(),:;<>\\]+|\\.|.', re.DOTALL)
_TOKEN_UNQUOTED = re.compile(r"[^(),:;<>]+|.", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def addresses_in(raw: str) -> tuple[list[Address], int]:
    """Read one address header. Returns its addresses in order and how many entries were none.

    Groups ("undisclosed-recipients:;") give their members. Where a mailer has encoded the whole header, brackets
    and all, it is decoded first.
    """
    if "@" not in raw and "=?" in raw:
        raw = decode_words(raw)
    found: list[Address] = []
    broken = 0
    for written, name in _entries(raw):
        address = address_of(written, decode_words(name))
        if address is None:
            broken += 1
        else:
            found.append(address)
    return found, broken


def _entries(raw: str) -> list[tuple[str, str]]:
    """Pairs of written address and raw name."""
    if not _NEEDS_SCANNER.search(raw):
        matches = [_SIMPLE.fullmatch(piece.strip()) for piece in raw.split(",")]
        if all(matches):
            return [(m[2], m[1]) if m[2] else (m[3], "") for m in matches if m]
    return list(_scan(raw))


@dataclass(slots=True)
class _Entry:
    """What has been read of one entry: words outside brackets, comments, and the bracketed address if it was opened."""

    words: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angle: list[str] | None = None

    def result(self) -> Iterator[tuple[str, str]]:
        """The entry, unless nothing stood there (an empty group, a doubled comma)."""
        comment = "".join(self.comments).strip()
        if self.angle is not None:
            route_end = "".join(self.angle).strip()
            address = route_end.rpartition(":")[2] if route_end.startswith("@") else route_end
            yield address, "".join(self.names).strip() or comment
        elif written := "".join(self.words).strip():
            yield written, comment


def _scan(raw: str) -> Iterator[tuple[str, str]]:
    entry, depth, in_angle = _Entry(), 0, False
    for piece in _tokens(raw):
        if depth or (piece == "(" and not in_angle):
            entry.comments += [piece] if depth and (depth > 1 or piece != ")") else []
            depth += (piece == "(") - (piece == ")")
        elif _ends_entry(piece, entry, in_angle=in_angle):
            yield from entry.result()
            entry, in_angle = _Entry(), False
        elif piece == "<":
            in_angle, entry.angle = True, []
        elif piece == ">":
            in_angle = False
        else:
            _take(piece, entry, in_angle=in_angle)
    yield from entry.result()


def _tokens(raw: str) -> Iterator[str]:
    """Words, quoted strings, escapes and single specials; a quote that never closes counts as a slip of the pen."""
    for match in _TOKEN.finditer(raw):
        piece = match[0]
        if piece[0] == '"' and (len(piece) == 1 or piece[-1] != '"'):
            yield from (m[0] for m in _TOKEN_UNQUOTED.finditer(raw, match.start() + 1))
            return
        yield piece


def _ends_entry(piece: str, entry: _Entry, *, in_angle: bool) -> bool:
    """A comma or semicolon; inside brackets only where the closing one was forgotten (and it is no route)."""
    if piece not in {",", ";"}:
        return False
    return not in_angle or not (entry.angle or [""])[0].startswith("@")


def _take(piece: str, entry: _Entry, *, in_angle: bool) -> None:
    if in_angle and entry.angle is not None:
        entry.angle.append(piece)
    elif piece == ":":  # what stood before was a group's name
        entry.words, entry.names = [], []
    else:
        entry.words.append(piece)
        entry.names.append(_ESCAPE.sub(r"\1", piece[1:-1]) if piece[0] == '"' else piece)
