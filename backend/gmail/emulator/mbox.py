"""mbox files read as a stream: message by message, whatever their size.

A message begins at a line "From … hh:mm…" at the start or after a blank line; ">From " loses one ">" (mboxo, mboxrd).
Source: RFC 4155, and Google Takeout, which writes its offset before the year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import IO

from backend.kit.clock import to_epoch_ms
from backend.kit.errors import UserError

MESSAGE_LIMIT_BYTES = 150 * 1024 * 1024

_LINE_CHUNK = 1 << 20
_FROM_LINE = re.compile(rb"From .*\d{1,2}:\d{2}")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_FROM_DATE = re.compile(rb"(\w{3}) +(\d{1,2}) +(\d\d:\d\d(?::\d\d)?) +(?:([+-]\d{4}) +)?(\d{4})")


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of an mbox; `date_ms` is from its "From " line, None where that says nothing."""

    raw: bytes
    date_ms: int | None


def read_mbox(file: IO[bytes], name: str) -> Iterator[Entry]:
    """Yield the messages. Raises `UserError` for what is no mbox, or holds a message that no Gmail would take."""
    first = file.readline(_LINE_CHUNK)
    if not _FROM_LINE.match(first):
        reason = "is empty" if not first else "is not an mbox: it does not begin with a “From ” line"
        raise UserError(f"{name} {reason}. Name an mbox file, an .eml file or a folder of them.")
    yield from _entries(file, first, name)


def _entries(file: IO[bytes], from_line: bytes, name: str) -> Iterator[Entry]:
    lines: list[bytes] = []
    size, was_blank = 0, False
    while line := file.readline(_LINE_CHUNK):
        if was_blank and line.startswith(b"From ") and _FROM_LINE.match(line):
            yield _entry(from_line, lines)
            from_line, lines, size = line, [], 0
            continue
        lines.append(line)
        size += len(line)
        if size > MESSAGE_LIMIT_BYTES:
            raise UserError(
                f"{name} holds a message of more than 150 MB, which is more than Gmail takes. Split the file."
            )
        was_blank = line in {b"\n", b"\r\n"}
    yield _entry(from_line, lines)


def _entry(from_line: bytes, lines: list[bytes]) -> Entry:
    if lines and lines[-1] in {b"\n", b"\r\n"}:  # it separates messages and belongs to none
        lines.pop()
    raw = b"".join(lines)
    return Entry(_QUOTED_FROM.sub(rb"\1", raw) if b"\n>" in raw else raw, _from_date_ms(from_line))


def _from_date_ms(line: bytes) -> int | None:
    """Return when the message was filed; 1970 is what converters write where they do not know."""
    if not (found := _FROM_DATE.search(line)):
        return None
    month, day, time, offset, year = (part.decode("ascii", "replace") if part else "" for part in found.groups())
    try:
        moment = to_epoch_ms(parsedate_to_datetime(f"{day} {month} {year} {time} {offset or '+0000'}"))
    except (ValueError, TypeError):
        return None
    return moment or None
