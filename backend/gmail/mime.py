"""RFC 5322 and MIME bytes taken apart: header lines, parameters, parts, transfer encodings.

A reader of our own, because the standard library's raises on some of what strangers write, recurses as deep as they
like and reads a big attachment line by line. Nothing here raises; what cannot be read is passed on as it stands.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from backend.gmail.charsets import decode_base64, decode_text, decode_words


class HeaderLine(NamedTuple):
    """One header: its name as written and its value, unfolded, as text."""

    name: str
    value: str


class Headers:
    """A message's headers: `lines` in their order, and the first of a name."""

    def __init__(self, lines: Sequence[HeaderLine]) -> None:
        self.lines = tuple(lines)
        self._first = {name.lower(): value for name, value in reversed(self.lines)}

    def first(self, name: str) -> str:
        """Return the value of the first header of that name, in any case; "" where there is none."""
        return self._first.get(name.lower(), "")


_HEADER_LINE = r"([!-9;-~]+)[ \t]*:[ \t]?([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)(?:\r?\n|\Z)"
_MBOX_LINE = r">?From [^\r\n]*(?:\r?\n|\Z)"
_LINE = re.compile(f"{_HEADER_LINE}|{_MBOX_LINE}")
_HEAD = re.compile(rf"(?:{_LINE.pattern})*+".encode())
_BLANK_LINE = re.compile(rb"\r?\n")
_LINE_BREAKS = re.compile(r"\r?\n")


def split_message(raw: bytes) -> tuple[Headers, bytes]:
    """Headers, and the body. A line that is no header ends them, as if the blank line were missing."""
    head = _head_of(raw)
    blank = _BLANK_LINE.match(raw, len(head))
    return _headers_in(head), raw[blank.end() if blank else len(head) :]


def read_headers(raw: bytes) -> Headers:
    """Return the headers alone."""
    return _headers_in(_head_of(raw))


def without_headers(raw: bytes, names: set[str]) -> bytes:
    """Drop the headers of these names (lower case); every other byte stays as it is."""
    head = _head_of(raw)
    lowered = head.lower()
    if not any(name in lowered for name in names):
        return raw
    kept = _LINE.sub(lambda line: "" if line[1] and line[1].lower() in names else line[0], head)
    return b"".join([kept.encode("latin-1"), memoryview(raw)[len(head) :]])


def _head_of(raw: bytes) -> str:
    """Return the header lines, a character for each byte: to take them apart as text is several times faster."""
    head = _HEAD.match(raw)
    return head[0].decode("latin-1") if head else ""


def _headers_in(head: str) -> Headers:
    return Headers([HeaderLine(name, _unfolded(value)) for name, value in _LINE.findall(head) if name])


def _unfolded(value: str) -> str:
    if "\n" in value:
        value = _LINE_BREAKS.sub("", value)
    if not value.isascii():
        value = decode_text(value.encode("latin-1"))
    return value.strip(" \t")


_PARAMETER = re.compile(r';\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
_SEGMENT = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?\Z")


def parameters(value: str) -> dict[str, str]:
    """Return a header's parameters, names in lower case, values decoded after RFC 2231 and 2047."""
    if ";" not in value:
        return {}
    found: dict[str, list[tuple[int, bool, str]]] = defaultdict(list)
    for name, text in _PARAMETER.findall(value):
        if segment := _SEGMENT.match(name.lower()):
            found[segment[1]].append((int(segment[2] or 0), bool(segment[3]), _unquote(text)))
    return {name: _joined(segments) for name, segments in found.items()}


def _unquote(text: str) -> str:
    text = text.strip()
    if text.startswith('"'):
        text = text[1:].removesuffix('"')
        return _ESCAPED.sub(r"\1", text) if "\\" in text else text
    return text


def _joined(segments: list[tuple[int, bool, str]]) -> str:
    """Put the segments of one parameter together (RFC 2231, section 3 and 4.1)."""
    segments.sort(key=lambda segment: segment[0])
    if not any(encoded for _, encoded, _ in segments):
        return decode_words("".join(text for _, _, text in segments))
    charset, _, rest = segments[0][2].partition("'")
    texts = [rest.partition("'")[2] if rest else segments[0][2], *(text for _, _, text in segments[1:])]
    return decode_text(b"".join(unquote_to_bytes(text) for text in texts), charset if rest else "")


def split_parts(body: bytes, boundary: str) -> list[bytes]:
    """Return what stands between the boundary's lines; an unclosed last part reaches to the end, none is []."""
    if not boundary:
        return []
    delimiters = _delimiters(body, boundary)
    parts = [_without_edges(body[a.end() : b.start()]) for a, b in pairwise(delimiters)]
    if delimiters and not delimiters[-1][1]:
        parts.append(_without_edges(body[delimiters[-1].end() :]))
    return parts


def _delimiters(body: bytes, boundary: str) -> list[re.Match[bytes]]:
    """Return the lines that open a part, and the closing one if there is one: what follows it is no part."""
    line = re.compile(re.escape(b"--" + boundary.encode("utf-8", "replace")) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    found = []
    for match in line.finditer(body):
        if match.start() == 0 or body[match.start() - 1] == ord("\n"):
            found.append(match)
            if match[1]:
                break
    return found


def _without_edges(part: bytes) -> bytes:
    """Drop the line break after the delimiter and the one that belongs to the next delimiter."""
    part = part[2:] if part.startswith(b"\r\n") else part[1:] if part.startswith(b"\n") else part
    return part[:-2] if part.endswith(b"\r\n") else part[:-1] if part.endswith(b"\n") else part


def decode_transfer(body: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding; an unknown one leaves the bytes as they are."""
    match encoding.partition(";")[0].strip().lower():
        case "base64":
            return decode_base64(body)
        case "quoted-printable":
            return quopri.decodestring(body)
        case "x-uuencode" | "uuencode" | "x-uue":
            return _decode_uu(body)
        case _:
            return body


def _decode_uu(body: bytes) -> bytes:
    lines = body.splitlines()
    start = next((i + 1 for i, line in enumerate(lines) if line.startswith(b"begin ")), len(lines))
    decoded = []
    for line in lines[start:]:
        if line.strip() == b"end":
            break
        try:
            decoded.append(binascii.a2b_uu(line))
        except binascii.Error:  # a damaged line: what the others hold is still worth reading
            continue
    return b"".join(decoded)
