"""Each refusal of Gmail, and each answer of something that is not Gmail, becomes the right decision."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from backend.gmail.refusals import refusal
from tests.gmail.scripted import refusal_json

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def read(
    status: int, reason: str = "", message: str = "", *, retry_after: str = "", sending: bool = False
) -> GmailError:
    body = json.dumps(refusal_json(status, reason, message)).encode()
    headers = {"retry-after": retry_after} if retry_after else {}
    return refusal(status, headers, body, now=NOW, sending=sending)


@pytest.mark.parametrize(
    ("status", "reason", "message", "kind"),
    [
        (400, "invalidArgument", "Invalid pageToken", Rejected),
        (400, "failedPrecondition", "Precondition check failed.", Rejected),
        (400, "failedPrecondition", "Mail service not enabled", PermissionDenied),
        (400, "invalidArgument", "Message not a draft", NotFound),
        (401, "authError", "Invalid Credentials", AuthRevoked),
        (403, "rateLimitExceeded", "", RateLimited),
        (403, "userRateLimitExceeded", "", RateLimited),
        (403, "quotaExceeded", "", RateLimited),
        (403, "dailyLimitExceeded", "", RateLimited),
        (403, "insufficientPermissions", "Insufficient Permission", PermissionDenied),
        (403, "accessNotConfigured", "", PermissionDenied),
        (403, "domainPolicy", "", PermissionDenied),
        (403, "forbidden", "Delegation denied for ana@acme.example", PermissionDenied),
        (404, "notFound", "Requested entity was not found.", NotFound),
        (408, "", "", Transient),
        (409, "aborted", "", Rejected),
        (412, "conditionNotMet", "", Rejected),
        (413, "uploadTooLarge", "", Rejected),
        (429, "rateLimitExceeded", "Too many concurrent requests for user", RateLimited),
        (429, "", "User-rate limit exceeded. (Mail sending)", RateLimited),
        (500, "backendError", "", Transient),
        (502, "", "", Transient),
        (503, "", "", Transient),
        (504, "", "", Transient),
    ],
)
def test_a_refusal_of_gmail_is_read_as_the_decision_it_asks_for(
    status: int, reason: str, message: str, kind: type[GmailError]
) -> None:
    assert type(read(status, reason, message)) is kind


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (403, "dailyLimitExceeded", ""),
        (403, "forbidden", "You have reached a limit for sending mail."),
        (429, "", "User-rate limit exceeded. Retry after 2026-05-05T12:00:00Z (Mail sending)"),
        (429, "rateLimitExceeded", "Daily mail sending limits exceeded"),
    ],
)
def test_a_limit_on_sending_refuses_sends_and_only_slows_what_reads(status: int, reason: str, message: str) -> None:
    assert type(read(status, reason, message, sending=True)) is SendingRefused
    assert type(read(status, reason, message)) is RateLimited


def test_a_send_that_is_merely_too_fast_waits() -> None:
    assert type(read(429, "rateLimitExceeded", sending=True)) is RateLimited


@pytest.mark.parametrize(
    ("retry_after", "message", "seconds"),
    [
        ("17", "", 17),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), "", 90),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), "", 0),
        ("", "User-rate limit exceeded.  Retry after 2026-05-04T12:00:30.500Z", 30.5),
        ("", "Retry after 2026-05-04T11:00:00Z", 0),
        ("5", "Retry after 2026-05-04T13:00:00Z", 5),
        ("", "Retry after some time", None),
        ("", "Retry after 2026-99-99T99:99:99Z", None),
        ("soon", "", None),
        ("", "", None),
    ],
)
def test_the_wait_is_found_wherever_gmail_says_it(retry_after: str, message: str, seconds: float | None) -> None:
    error = read(429, "rateLimitExceeded", message, retry_after=retry_after)
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == seconds


@pytest.mark.parametrize("status", [302, 400, 403, 404, 418])
@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[]", b'"x"', b'{"error":"x"}', b'{"error":{"errors":1}}'])
def test_what_is_not_gmails_json_says_nothing_about_the_mailbox(status: int, body: bytes) -> None:
    assert type(refusal(status, {}, body, now=NOW)) is Transient


def test_the_reason_may_stand_in_the_newer_details() -> None:
    error = {"code": 403, "message": "", "details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}
    found = refusal(403, {}, json.dumps({"error": error}).encode(), now=NOW)
    assert type(found) is PermissionDenied
    assert "ACCESS_TOKEN_SCOPE_INSUFFICIENT" in found.detail


def test_logs_never_hold_the_address_that_gmails_sentence_names() -> None:
    assert "ana" not in read(403, "forbidden", "Delegation denied for ana@acme.example").detail


@given(st.integers(300, 599), st.binary(max_size=60), st.text(max_size=30), st.booleans())
def test_anything_at_all_becomes_an_error_that_callers_know(
    status: int,
    body: bytes,
    retry_after: str,
    sending: bool,  # noqa: FBT001 - hypothesis hands it in
) -> None:
    assert isinstance(refusal(status, {"retry-after": retry_after}, body, now=NOW, sending=sending), GmailError)


@pytest.mark.parametrize(
    ("status", "reason", "message", "is_project_wide"),
    [
        (429, "rateLimitExceeded", "Quota exceeded for … and limit 'Queries per minute' of service 'gmail'.", True),
        (429, "rateLimitExceeded", "Quota exceeded for … and limit 'Queries per minute per user' of service.", False),
        (429, "rateLimitExceeded", "User-rate limit exceeded.  Retry after 2026-01-05T09:00:30.000Z", False),
        (429, "rateLimitExceeded", "Too many concurrent requests for user.", False),
        (403, "userRateLimitExceeded", "User Rate Limit Exceeded", False),
        (403, "rateLimitExceeded", "Rate Limit Exceeded", False),
        (403, "dailyLimitExceeded", "Daily Limit Exceeded", True),
    ],
)
def test_a_limit_of_the_project_is_told_from_one_of_the_mailbox(
    status: int,
    reason: str,
    message: str,
    is_project_wide: bool,  # noqa: FBT001 - pytest names it
) -> None:
    error = read(status, reason, message)
    assert isinstance(error, RateLimited)
    assert error.is_project_wide is is_project_wide
