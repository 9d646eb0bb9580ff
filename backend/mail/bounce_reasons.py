"""Why a mail was refused, and whether that is for good: pure judgement on a status code and on words.

The code comes first, since words lie more often; only a code that says nothing ("5.0.0") leaves it to the words.
Codes: RFC 3463 and the IANA registry of enhanced status codes.
"""

from __future__ import annotations

import re
from enum import StrEnum

from backend.kit.text import squeeze
from backend.mail.lexicon import sections


class Reason(StrEnum):
    """What a report says about one recipient. Only the first three are the address's own fault, and for good."""

    USER_UNKNOWN = "user_unknown"
    HOST_UNKNOWN = "host_unknown"
    MOVED = "moved"
    MAILBOX_FULL = "mailbox_full"
    DISABLED = "disabled"
    SENDER_LIMIT = "sender_limit"
    POLICY = "policy"
    TOO_BIG = "too_big"
    TEMPORARY = "temporary"
    DELIVERED = "delivered"
    FEEDBACK = "feedback"
    UNKNOWN = "unknown"


_HARD = frozenset({Reason.USER_UNKNOWN, Reason.HOST_UNKNOWN, Reason.MOVED})
_BY_CODE = {
    "5.1.1": Reason.USER_UNKNOWN,
    "5.1.2": Reason.HOST_UNKNOWN,
    "5.1.3": Reason.USER_UNKNOWN,
    "5.1.4": Reason.USER_UNKNOWN,
    "5.1.6": Reason.MOVED,
    "5.1.10": Reason.HOST_UNKNOWN,
    "5.4.4": Reason.HOST_UNKNOWN,
    "5.2.1": Reason.DISABLED,
    "5.2.2": Reason.MAILBOX_FULL,
    "5.2.3": Reason.TOO_BIG,
    "5.3.4": Reason.TOO_BIG,
    "5.4.5": Reason.SENDER_LIMIT,
    "5.1.7": Reason.POLICY,
    "5.1.8": Reason.POLICY,
}
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]\d)")
_TABLE = sections("bounce_reasons")
_EXCUSES = _TABLE.pop("excused")
_LATE = _TABLE.pop("late")
# Several commands were sent at once: the answer to DATA is really the answer to an earlier RCPT.
_PIPELINED = ("<<< 503", "no valid recipients")
_PHRASES = {Reason(name): phrases for name, phrases in _TABLE.items()}
# Words that outweigh even a code saying that there is no such address.
_CONTRARY = frozenset({Reason.MAILBOX_FULL, Reason.SENDER_LIMIT})


def is_hard(reason: Reason) -> bool:
    """Whether the address will never take mail."""
    return reason in _HARD


def judge(status: str, words: str, around: str = "") -> tuple[str, Reason]:
    """Return the telling status code and the reason.

    `status` is the report's Status field ("" if none), `words` what the refusing system answered, `around` what else
    the report says; it is heard where code and answer say nothing.
    """
    words, around = squeeze(words.lower()), squeeze(around.lower())
    # The refusing system's own code tells more than the one that the reporting system made of it.
    codes = [*_STATUS.findall(words), status] if status else _STATUS.findall(words) or _STATUS.findall(around)
    code = next((code for code in codes if not code.endswith(".0")), codes[0] if codes else "")
    return code, _weighed(code, _by_code(code, status), words, around)


def _by_code(code: str, status: str) -> Reason | None:
    """What the code says; None where it leaves the matter open."""
    if status.startswith("4."):
        return Reason.TEMPORARY
    if code.startswith("2."):
        return Reason.DELIVERED
    if code.startswith("5.7.") and code != "5.7.27":  # a null MX, which some say of the recipient's side: words decide
        return Reason.POLICY
    if code in _BY_CODE:
        return _BY_CODE[code]
    return Reason.TEMPORARY if code.startswith("4.") else None


def _weighed(code: str, by_code: Reason | None, words: str, around: str) -> Reason:
    if by_code is None:
        said = reason_in_words(words)
        said = reason_in_words(around) if said is Reason.UNKNOWN else said
        return _excused(words) if said in _HARD and _is_late(f"{words} {around}") else said
    if code == "5.7.1":  # "5.7.1 invalid recipient", with no word of policy, is no policy
        is_blamed = reason_in_words(words) is Reason.USER_UNKNOWN and _otherwise(_beside(words)) is Reason.UNKNOWN
        return Reason.USER_UNKNOWN if is_blamed else by_code
    if by_code not in _HARD and by_code is not Reason.DISABLED:
        return by_code
    said = reason_in_words(words)
    if by_code is Reason.DISABLED:  # "5.2.1 user unknown" is common
        return said if said is Reason.USER_UNKNOWN else by_code
    return said if said in _CONTRARY else _excused(words) if _is_excused(words) else by_code


def _beside(words: str) -> str:
    """What is said beside that there is nobody: "recipient address rejected: access denied" is no policy."""
    for phrase in _PHRASES[Reason.USER_UNKNOWN]:
        words = words.replace(phrase, " ")
    return words


def reason_in_words(words: str) -> Reason:
    """The weightiest reason whose words stand in a passage (lower case, white space folded)."""
    found = next((reason for reason, phrases in _PHRASES.items() if any(p in words for p in phrases)), Reason.UNKNOWN)
    return _excused(words) if found in _HARD and _is_excused(words) else found


def _is_excused(words: str) -> bool:
    return any(excuse in words for excuse in _EXCUSES)


def _is_late(words: str) -> bool:
    return any(mark in words for mark in _LATE) and not any(mark in words for mark in _PIPELINED)


def _excused(words: str) -> Reason:
    """The weightiest reason that does not blame the address; policy if none is named."""
    otherwise = _otherwise(words)
    return Reason.POLICY if otherwise is Reason.UNKNOWN else otherwise


def _otherwise(words: str) -> Reason:
    mild = ((reason, phrases) for reason, phrases in _PHRASES.items() if reason not in _HARD)
    return next((reason for reason, phrases in mild if any(p in words for p in phrases)), Reason.UNKNOWN)
