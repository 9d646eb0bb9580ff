"""The new part of a reply: what its writer wrote now, apart from what was quoted and from the signature.

One pass over the lines, each looked at with a bounded number of its neighbours, so that time is linear in the length.
The rule above all rules: new text is never lost. What cannot be told for sure stays in `text`.

Answers between quoted lines keep these lines as their context; a mail that is wholly a forward stays as it is.
"""

from __future__ import annotations

import re

from backend.mail.quote_marks import (
    attribution_ending_at,
    is_delimiter,
    is_device_signature,
    is_message_mark,
    is_quoted,
    is_signature_mark,
    starts_header_block,
)
from backend.mail.shapes import Reply

_LONGEST_SIGNATURE_LINES = 30
_MOST_BLANKS = 4
_LONGEST_SIGNATURE = 1_000
_FOOTER_RULE = re.compile(r"\s*_{5,}\s*")

# What a line is.
_TEXT, _EMPTY, _QUOTED, _ATTRIBUTION, _SIGNATURE, _EARLIER = "t", "e", "q", "a", "s", "r"


def split_reply(text: str) -> Reply:
    """Divide a plain text (or `html.text_of`) into new text, quoted text and signature."""
    lines = text.replace("\r\n", "\n").split("\n")
    kinds = _kinds(lines)
    if not _has_new(kinds):
        return Reply(_whole(kinds, text), _joined(lines, kinds, _QUOTED + _ATTRIBUTION + _EARLIER), "")
    unsigned = _with_signatures(lines, kinds)
    kinds = unsigned if _has_new(unsigned) or _has_quote(kinds) else kinds
    first, last = _span(kinds)
    inner = kinds[first:last]
    rest = [*kinds[:first], *(kind if kind == _ATTRIBUTION else _TEXT for kind in inner), *kinds[last:]]
    return Reply(
        text=_joined(lines[first:last], inner, _TEXT + _EMPTY + _QUOTED),
        quoted=_joined(lines, rest, _QUOTED + _ATTRIBUTION + _EARLIER + _EMPTY),
        signature=_joined(lines, kinds, _SIGNATURE),
    )


def _has_new(kinds: list[str]) -> bool:
    return _TEXT in kinds


def _has_quote(kinds: list[str]) -> bool:
    return _EARLIER in kinds or _QUOTED in kinds


def _whole(kinds: list[str], text: str) -> str:
    """What a mail without a line of its own says: nothing above a reply's quote; all of it where it only forwards."""
    return "" if _ATTRIBUTION in kinds else text.strip("\n")


def _span(kinds: list[str]) -> tuple[int, int]:
    """From the first line of new text to behind the last."""
    if not _has_new(kinds):
        return 0, 0
    return kinds.index(_TEXT), len(kinds) - kinds[::-1].index(_TEXT)


def _joined(lines: list[str], kinds: list[str], wanted: str) -> str:
    return "\n".join(line for line, kind in zip(lines, kinds, strict=True) if kind in wanted).strip("\n").rstrip()


def _kinds(lines: list[str]) -> list[str]:
    """What each line is, signatures not yet told."""
    kinds = [_kind(line) for line in lines]
    first_new = len(lines)  # the first line of new text so far
    for index, kind in enumerate(kinds):
        if kind == _EMPTY:
            continue
        if is_message_mark(lines[index]) or starts_header_block(lines, index):
            return _earlier_from(kinds, index) if first_new < index else _forward_from(kinds, index)
        if kind == _TEXT:
            first_new = min(first_new, index)
        attribution = attribution_ending_at(lines, index)
        if attribution is None:
            continue
        is_above_quote = _next_kind(kinds, index + 1) == _QUOTED
        if first_new < attribution.first and not is_above_quote and attribution.is_certain:
            return _earlier_from(kinds, attribution.first)
        if is_above_quote or attribution.is_certain:
            kinds[attribution.first : index + 1] = [_ATTRIBUTION] * (index + 1 - attribution.first)
            first_new = len(lines) if first_new >= attribution.first else first_new
    return kinds


def _kind(line: str) -> str:
    if not line or line.isspace():
        return _EMPTY
    return _QUOTED if is_quoted(line) else _TEXT


def _next_kind(kinds: list[str], start: int) -> str:
    """The kind of the next line that is not empty, looking no further than mail programs leave blank."""
    return next((kind for kind in kinds[start : start + _MOST_BLANKS] if kind != _EMPTY), _EMPTY)


def _earlier_from(kinds: list[str], index: int) -> list[str]:
    return kinds[:index] + [_EARLIER] * (len(kinds) - index)


def _forward_from(kinds: list[str], index: int) -> list[str]:
    """Nothing new stands above: the forwarded message is what the mail has to say, its own quotes included."""
    return kinds[:index] + [_TEXT] * (len(kinds) - index)


def _with_signatures(lines: list[str], kinds: list[str]) -> list[str]:
    """The kinds with the signature marked at the end of each run of text."""
    signed = list(kinds)
    for start, end in _runs(kinds):
        begin = _signature_start(lines, start, end, is_after_quote=start > 0)
        begin = _without_tail(lines, start, begin)
        if _TEXT in kinds[begin:end]:
            signed[begin:end] = [_SIGNATURE] * (end - begin)
    return signed


def _runs(kinds: list[str]) -> list[tuple[int, int]]:
    """The stretches of text and empty lines that hold text."""
    runs: list[tuple[int, int]] = []
    start = 0
    for index, kind in enumerate([*kinds, _EARLIER]):
        if kind in _TEXT + _EMPTY:
            continue
        if _TEXT in kinds[start:index]:
            runs.append((start, index))
        start = index + 1
    return runs


def _signature_start(lines: list[str], start: int, end: int, *, is_after_quote: bool) -> int:
    """Where the signature begins; `end` if there is none. Too long for a signature: it may be new text."""
    for index in range(max(start, end - _LONGEST_SIGNATURE_LINES), end):
        is_mark = is_signature_mark(lines[index]) or (is_after_quote and _FOOTER_RULE.fullmatch(lines[index]))
        if is_mark and sum(map(len, lines[index:end])) <= _LONGEST_SIGNATURE:
            return index
    return end


def _without_tail(lines: list[str], start: int, end: int) -> int:
    """Step back over empty lines, rules, and the one line that a telephone adds."""
    has_device = False
    while end > start:
        line = lines[end - 1]
        if line.strip() and not is_delimiter(line):
            if has_device or not is_device_signature(line):
                break
            has_device = True
        end -= 1
    return end
