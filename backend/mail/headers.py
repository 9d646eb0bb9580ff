"""Headers as Gmail gives them: raw, in order, perhaps repeated, perhaps a megabyte long."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from backend.kit.text import clean
from backend.mail.charsets import codec_name

LONGEST_VALUE = 100_000
LONGEST_ID = 998  # RFC 5322, 2.1.1: no line is longer
MOST_REFERENCES = 500
_LONGEST_DATE = 100

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BRACKETED = re.compile(r"<([^<>]*)>")
_SPACE = re.compile(r"\s+")
_MANY_SPACES = re.compile(r"\s{2,}|[\t\r\n]")


class Headers:
    """The headers of one part by lower-case name, in their order; values longer than LONGEST_VALUE are cut."""

    __slots__ = ("_values", "cut")

    def __init__(self, part: Mapping[str, Any]) -> None:
        values: dict[str, list[str]] = {}
        self.cut = False
        for header in part.get("headers") or ():
            value = header.get("value") or ""
            if len(value) > LONGEST_VALUE:
                value, self.cut = value[:LONGEST_VALUE], True
            values.setdefault((header.get("name") or "").lower(), []).append(value)
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def first(self, name: str) -> str:
        """The first value of a header, raw; "" where it is missing."""
        found = self._values.get(name)
        return found[0] if found else ""

    def all(self, name: str) -> list[str]:
        """Every value of a header, raw."""
        return self._values.get(name, [])

    def any_of(self, names: Collection[str]) -> str:
        """The first of `names` that is present; "" where none is."""
        if self._values.keys().isdisjoint(names):  # the usual case
            return ""
        return next(name for name in names if name in self._values)


def decode_words(raw: str) -> str:
    """Decode RFC 2047 encoded words, fold white space and clean; what cannot be decoded stays as it was written.

    Neighbouring words of one charset are joined as bytes first: many mailers cut a character in two.
    """
    text = _decode_runs(raw) if "=?" in raw else raw
    text = clean(text)
    return (_SPACE.sub(" ", text) if _MANY_SPACES.search(text) else text).strip()


def _decode_runs(raw: str) -> str:
    pieces: list[str] = []
    run, run_charset, end = b"", "", 0
    for match in _ENCODED_WORD.finditer(raw):
        between, charset = raw[end : match.start()], match[1].partition("*")[0]
        if between.strip() or charset.lower() != run_charset:
            pieces += (_decode_run(run, run_charset), between if between.strip() or not run else "")
            run = b""
        run, run_charset, end = run + _word_bytes(match), charset.lower(), match.end()
    return "".join((*pieces, _decode_run(run, run_charset), raw[end:]))


def _word_bytes(word: re.Match[str]) -> bytes:
    data = word[3].encode("utf-8", "surrogatepass")
    if word[2] in "qQ":
        return quopri.decodestring(data, header=True)
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return word[0].encode("utf-8", "surrogatepass")


def _decode_run(data: bytes, charset: str) -> str:
    try:
        return data.decode(codec_name(charset))
    except ValueError:
        return data.decode("utf-8", "replace")


def message_ids(raw: str) -> Iterator[str]:
    """The ids of a Message-ID, In-Reply-To or References header, without brackets and white space.

    A header with no brackets at all is taken as ids between spaces, if they look like ids.
    """
    found = _BRACKETED.findall(raw) if "<" in raw else [word for word in raw.split() if "@" in word]
    for identifier in found:
        if tidy := clean(_SPACE.sub("", identifier))[:LONGEST_ID]:
            yield tidy


def date_of(raw: str) -> datetime | None:
    """Read a Date header as an aware UTC datetime; None where it is missing or no date. "-0000" is taken as UTC."""
    try:
        moment = parsedate_to_datetime(raw[:_LONGEST_DATE])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
