"""The marks by which mail programs set off what they quote, one line or a few at a time.

Every function looks at a bounded number of lines and characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from backend.mail.lexicon import phrases, terms

_LONGEST_LINE = 500
_SHORTEST_MARK = 5
_LONGEST_ATTRIBUTION = 600
_ATTRIBUTION_LINES = 6
_HEADER_BLOCK_LINES = 14
_WRAPPED_LINES = 2
_LONGEST_DEVICE_LINE = 80
_DEVICE_WORDS = 10

_VERBS = tuple(phrases("attribution_verbs"))
_MESSAGE_MARKS = frozenset(phrases("message_marks"))
_DEVICES = tuple(phrases("device_signatures"))
_LABELS = terms("header_labels")

_INITIALS = re.compile(r"[A-Z]{1,3}>(?:\s|$)")
_OPENER = re.compile(
    r"(?:-{2,}\s*)?(?:(?:On|At|Le|El|Am|Il|Em|Op|Den|På|Dne|Dňa|Dnia|W dniu|Pada|Vào|Στις|Pe|La|V|A|Dana|În data de"
    r"|在|于|於|בתאריך|ב|في)\s?\S|\d{1,4}\D|[^\W\d]{2,10}[.,]{1,2}\s)",
)
_NAMED = re.compile(r"(?!mailto:)[^<>@\n]{1,80}<[^<>@\s]{1,64}@[^<>\s]{1,190}>")
_STAMP = re.compile(r"\b(?:19|20)\d\d(?!\d)|\d[:.h]\d\d|@")
_DATE = re.compile(r"\b(?:19|20)\d\d(?!\d)|@|\d[./]\d{1,2}[./]\d\d")
_TIME = re.compile(r"\d[:.h]\d\d")
_STARTS_WITH_DATE = re.compile(r"(?:[^\W\d]{2,10}[.,]{1,2}\s+)?(?:\d{4}[-/.年]|\d{1,2}[-/.\s]|[^\W\d]{3,10}\s+\d)")
_ENDS_WITH_ADDRESS = re.compile(r"<\s*[^<>@\s]+@[^<>\s]+>[^\w<>]{0,3}$")
_ZONED = re.compile(r"\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d:\d\d \S.{0,100}$")
_LABEL = re.compile(r"\s*[*_]{0,2}([^\W\d_][^:\uff1a*_<>\n]{0,30})[*_]{0,2}\s?[:\uff1a]")
_RULES = ("--", "==", "__", "- -")
_RULE_CHARACTERS = " \t*_-=\u2013\u2014"
_DELIMITER = re.compile(r"[\s\-_=*~#+\u2013\u2014]+|\s*ᐧ\s*")
_SIGNATURE_MARKS = frozenset({"--", "\u2014", "\u2013", "__"})
_COLONS = (":", "\uff1a")  # the second is the full-width one of Chinese and Japanese
# What may stand between the verb and the line's end: "napisał(a) :", "님이 작성:", "wrote ----".
_AFTER_VERB = " \u00a0\u202f():\uff1a-,.a님이de"


@dataclass(frozen=True, slots=True)
class Attribution:
    """The line "On <date>, <somebody> wrote:", from line `first` to line `last`.

    `is_certain`: it names a date or an address, so that even unmarked lines below it are the earlier message.
    """

    first: int
    last: int
    is_certain: bool


def is_quoted(line: str) -> bool:
    """Whether a line is marked as quoted: by ">" or, as some do, by the writer's initials ("JD> ")."""
    return line.lstrip()[:1] == ">" or (">" in line[:4] and _INITIALS.match(line) is not None)


def attribution_ending_at(lines: list[str], last: int) -> Attribution | None:
    """The attribution that ends on line `last`, wherever mail programs wrapped it; the shortest that makes sense."""
    line = lines[last].strip()
    if not line or len(line) > _LONGEST_LINE:
        return None
    if not line.endswith((*_COLONS, "-")) and not ("@" in line and line.lower().endswith(_VERBS)):
        is_whole = line[0].isdigit() and _is_bare_attribution(line)
        return Attribution(last, last, is_certain=True) if is_whole else None
    found = None
    joined = ""
    for first in range(last, max(last - _ATTRIBUTION_LINES, -1), -1):
        if first < last and not _runs_on(lines[first], joined, is_found=found is not None):
            break
        joined = f"{lines[first].strip()} {joined}".strip()
        if lines[first].strip() and not is_quoted(lines[first]) and _is_whole(joined) and _is_attribution(joined):
            found = Attribution(first, last, is_certain=_DATE.search(joined) is not None)
    return found


def _runs_on(above: str, joined: str, *, is_found: bool) -> bool:
    """Whether the line above may belong to the attribution of which `joined` is the end so far.

    Over an empty line only where a bracket was torn from its address; once a whole attribution is found, only into a
    line that breaks off with a comma.
    """
    above = above.strip()
    if above.endswith(_COLONS) or is_quoted(above) or len(above) + len(joined) > _LONGEST_ATTRIBUTION:
        return False
    if is_found:
        return above.endswith(",")
    return bool(above) or joined.startswith("<")


def _is_whole(joined: str) -> bool:
    """Whether a ">" at the start of a line closes a torn bracket, rather than marking a quote that begins there."""
    return joined.count("<") == joined.count(">")


def _is_bare_attribution(line: str) -> bool:
    """Without verb and colon: Gmail's old "2013/7/20 Jane <jane@x.example>" and "2016-03-03 17:21 GMT+01:00 Jane"."""
    if _ZONED.match(line):
        return True
    return bool(
        line[-1] == ">" and line[:4].isdigit() and _STARTS_WITH_DATE.match(line) and _ENDS_WITH_ADDRESS.search(line)
    )


def _is_attribution(joined: str) -> bool:
    if not (_OPENER.match(joined) or _NAMED.match(joined)) or not _STAMP.search(joined):
        return False
    lower = joined.lower()
    verb = next((verb for verb in _VERBS if verb in lower), "")
    if not verb:
        return bool(_STARTS_WITH_DATE.match(joined) and _TIME.search(joined) and _ENDS_WITH_ADDRESS.search(joined))
    after = lower[lower.rfind(verb) + len(verb) :]
    return not after.strip(_AFTER_VERB) or "@" in joined or bool(_TIME.search(after))


def is_message_mark(line: str) -> bool:
    """Whether a line is like "----- Original Message -----" or "Begin forwarded message:", in many languages."""
    if not _SHORTEST_MARK <= len(line) <= _LONGEST_LINE:
        return False
    line = line.strip()
    if not line.endswith(_COLONS) and not line.lstrip("* ").startswith(_RULES):
        return False
    return line.rstrip("".join(_COLONS)).strip(_RULE_CHARACTERS).rstrip("".join(_COLONS)).lower() in _MESSAGE_MARKS


def starts_header_block(lines: list[str], first: int) -> bool:
    """Whether a block of From, Sent, To and Subject begins on this line.

    People write "From: Paris / To: Lyon / Date: May 5" themselves, so three labels are not enough: a subject, an
    address, Outlook's word for "sent", or a rule above must vouch for them.
    """
    kind = _label(lines[first])
    if not kind:
        return False
    kinds, has_address, wrapped, was_blank = {kind}, "@" in lines[first], 0, False
    for line in lines[first + 1 : first + _HEADER_BLOCK_LINES]:
        kind = _label(line)
        wrapped += not kind and not line.isspace() and line != ""
        if wrapped > _WRAPPED_LINES or (not kind and was_blank):
            break
        if kind:
            kinds.add(kind)
            has_address = has_address or "@" in line
        was_blank = not line.strip()
    if "from" not in kinds:
        return False
    if len(kinds) > 2:  # noqa: PLR2004 - From and two more
        return has_address or not kinds.isdisjoint({"sent", "subject"}) or _is_below_rule(lines, first)
    return len(kinds) > 1 and _is_below_rule(lines, first)


def _label(line: str) -> str:
    """What a line's label means ("from", "sent", …); "" where it has none."""
    head = line[:50]
    if not any(colon in head for colon in _COLONS):
        return ""
    found = _LABEL.match(head)
    return _LABELS.get(found[1].strip().lower(), "") if found else ""


def _is_below_rule(lines: list[str], first: int) -> bool:
    above = next((line for line in reversed(lines[max(first - 3, 0) : first]) if line.strip()), "")
    return bool(above) and is_delimiter(above)


def is_delimiter(line: str) -> bool:
    """A line of dashes, stars or the like, or the mark that a tracking service leaves; not "?" or "!"."""
    return (
        len(line) <= _LONGEST_LINE and len(line.strip()) != 1 - ("ᐧ" in line) and _DELIMITER.fullmatch(line) is not None
    )


def is_signature_mark(line: str) -> bool:
    """The line that opens a signature: "-- " (RFC 3676, 4.3) and what has become of it."""
    return line.strip() in _SIGNATURE_MARKS


def is_device_signature(line: str) -> bool:
    """Whether a line is like "Sent from my phone", in many languages; not a sentence that only begins so."""
    words = line.strip().strip("*_[]()<> ").lower()
    if not words or len(words) > _LONGEST_DEVICE_LINE or len(words.split()) > _DEVICE_WORDS or ", " in words:
        return False
    return words.startswith(_DEVICES) or words.endswith(_DEVICES)
