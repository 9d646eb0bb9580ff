"""Gmail's refusals read: an HTTP status other than 2xx becomes the error that says what to do.

Source: https://developers.google.com/workspace/gmail/api/guides/handle-errors, and what mailboxes were seen to answer.
A refusal whose body is not Gmail's JSON came from something between us and Gmail (a proxy, a portal, a front end that
is down) and says nothing about the mailbox: it is `Transient`, even where its status is 404.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from backend.gmail.errors import (
    AuthRevoked,
    GmailError,
    NotFound,
    PermissionDenied,
    RateLimited,
    Rejected,
    SendingRefused,
    Transient,
)

_TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "concurrentLimitExceeded"}
_DAY_USED_UP = {"dailyLimitExceeded", "dailyLimitExceededUnreg", "limitExceeded"}
_SENDING_WORDS = re.compile(r"mail sending|sending limit|limit for sending|sending quota", re.IGNORECASE)
_RETRY_AFTER = re.compile(r"retry after\s+(\d{4}-\d\d-\d\dT[\d:.]+Z)", re.IGNORECASE)
_LIMIT_NAME = re.compile(r"limit '([^']+)'")


def refusal(
    status: int, headers: Mapping[str, str], body: bytes, *, now: datetime, sending: bool = False
) -> GmailError:
    """Return (not raise) the error for one HTTP answer; `headers` are looked up in lower case.

    `sending` says that a send was asked for: only then can the day's limit be one on sending.
    """
    if (plain := _by_status_alone(status)) is not None:
        return plain
    answer = _read(body)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _too_fast(status, headers, answer, now, sending=sending)
    if answer is None:
        return Transient(f"HTTP {status} that is not Gmail's")
    if status == HTTPStatus.FORBIDDEN:
        return _forbidden(status, headers, answer, now, sending=sending)
    return _client_error(status, answer)


def _by_status_alone(status: int) -> GmailError | None:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Transient(f"HTTP {status}")
    if status == HTTPStatus.UNAUTHORIZED:
        return AuthRevoked("HTTP 401 with a fresh token")
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Rejected("HTTP 413")
    return None


@dataclass(frozen=True, slots=True)
class _Answer:
    """What Gmail says of its refusal: its machine words and its sentence."""

    reasons: frozenset[str]
    message: str

    def detail(self, status: int) -> str:
        """For logs: the machine words only, because the sentence may name an address."""
        return f"HTTP {status} {' '.join(sorted(self.reasons))}".rstrip()


def _read(body: bytes) -> _Answer | None:
    """Return Gmail's error object, or None where the body is something else."""
    try:
        error = json.loads(body)["error"]
        listed = [*error.get("errors", ()), *error.get("details", ())]
        reasons = {str(entry["reason"]) for entry in listed if entry.get("reason")}
        return _Answer(frozenset(reasons), str(error.get("message", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _forbidden(status: int, headers: Mapping[str, str], answer: _Answer, now: datetime, *, sending: bool) -> GmailError:
    if answer.reasons & (_TOO_FAST | _DAY_USED_UP) or _SENDING_WORDS.search(answer.message):
        return _too_fast(status, headers, answer, now, sending=sending)
    return PermissionDenied(answer.detail(status))


def _too_fast(
    status: int, headers: Mapping[str, str], answer: _Answer | None, now: datetime, *, sending: bool
) -> GmailError:
    found = answer or _Answer(frozenset(), "")
    if sending and (found.reasons & _DAY_USED_UP or _SENDING_WORDS.search(found.message)):
        return SendingRefused(found.detail(status))
    return RateLimited(
        found.detail(status),
        retry_after_s=_retry_after_s(headers, found.message, now),
        is_project_wide=_is_project_wide(found),
    )


def _is_project_wide(answer: _Answer) -> bool:
    """Whether a limit names the project's minute or day; what names a user, or nothing, is the mailbox's."""
    if answer.reasons & _DAY_USED_UP:
        return True
    named = _LIMIT_NAME.search(answer.message)
    return named is not None and "per user" not in named[1].lower()


def _client_error(status: int, answer: _Answer) -> GmailError:
    if status == HTTPStatus.NOT_FOUND or "not a draft" in answer.message.lower():
        return NotFound(answer.detail(status))
    if "mail service not enabled" in answer.message.lower():
        return PermissionDenied(answer.detail(status))
    return Rejected(answer.detail(status))


def _retry_after_s(headers: Mapping[str, str], message: str, now: datetime) -> float | None:
    """Seconds to wait, from the header (seconds or HTTP date) or from Gmail's sentence; None where neither says."""
    until = _until(headers.get("retry-after", "").strip(), message)
    if isinstance(until, datetime):
        return max((until - now).total_seconds(), 0.0)
    return until


def _until(header: str, message: str) -> datetime | float | None:
    if header.isdecimal():
        return float(header)
    try:
        if header:
            moment = parsedate_to_datetime(header)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if said := _RETRY_AFTER.search(message):
            return datetime.fromisoformat(said[1])
    except ValueError:
        return None
    return None
