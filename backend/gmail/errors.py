"""What can go wrong at Gmail; the type carries the decision.

GmailError
├── HistoryExpired      the historyId is too old: make a full resync
├── NotFound            the message, draft or label is gone: drop it
├── AuthRevoked         the grant is gone (revoked, password changed, expired): the rep must reconnect
├── PermissionDenied    the grant lives but does not cover this (scope, admin policy, delegation): an admin must act
├── RateLimited         too fast: wait `retry_after_s`, then again
├── SendingRefused      Gmail will not send for this mailbox now (daily limit, policy): pause its sending
├── Transient           Gmail or the network failed in passing: again, with growing pauses
└── Rejected            Gmail refuses this very request and always will (400, 413): do not repeat it
"""

from __future__ import annotations


class GmailError(Exception):
    """Anything that the gateway raises. `detail` is for logs: it never holds a token or a mail's text."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class HistoryExpired(GmailError):  # noqa: N818 - named for what happened
    """Gmail no longer knows the historyId (HTTP 404 on history.list)."""


class NotFound(GmailError):  # noqa: N818 - the same
    """Gmail has no such message, thread, draft, label or attachment (HTTP 404)."""


class AuthRevoked(GmailError):  # noqa: N818 - the same
    """`invalid_grant` at the token endpoint, or a 401 that a fresh token did not mend."""


class PermissionDenied(GmailError):  # noqa: N818 - the same
    """HTTP 403 that is neither a rate limit nor a quota: scope missing, API disabled, domain policy."""


class RateLimited(GmailError):  # noqa: N818 - the same
    """HTTP 429, or 403 with rateLimitExceeded / userRateLimitExceeded / quotaExceeded.

    `retry_after_s` is from the Retry-After header or the "Retry after <timestamp>" in the error's text; None where
    Gmail said nothing. `is_project_wide`: the limit is that of the whole installation, not of the mailbox.
    """

    def __init__(self, detail: str = "", *, retry_after_s: float | None = None, is_project_wide: bool = False) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
        self.is_project_wide = is_project_wide


class SendingRefused(GmailError):  # noqa: N818 - the same
    """Gmail's sending limit for the mailbox is used up, or policy forbids the send."""


class Transient(GmailError):  # noqa: N818 - the same
    """5xx, a time-out, a cut connection, a truncated or foreign body."""


class Rejected(GmailError):  # noqa: N818 - the same
    """HTTP 400, 409, 412, 413: the request itself is at fault."""
