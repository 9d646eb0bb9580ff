"""Requests to Gmail that bear a mailbox's token and are sent once, whatever happens to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import requests
from requests.adapters import HTTPAdapter

from backend.gmail.errors import GmailError, Transient
from backend.gmail.refusals import refusal
from backend.kit.clock import Clock

TIMEOUT_S = (5, 30)  # to connect, and between two arrivals of bytes
_SEND_PATH = "/drafts/send"


class Access(Protocol):
    """A mailbox's access token; `backend.gmail.oauth` makes them from grants."""

    def token(self) -> str:
        """A token that is not known to be stale. Raises `AuthRevoked`, `PermissionDenied` or `Transient`."""
        ...

    def renew(self) -> None:
        """Throw the present token away and get another. Raises the same."""
        ...


class Pool:
    """Kept connections, shared by all threads and mailboxes of a process; none repeats a request by itself."""

    def __init__(self, connections: int = 32) -> None:
        self.adapter = HTTPAdapter(pool_maxsize=connections, max_retries=0)

    def close(self) -> None:
        """Close every kept connection."""
        self.adapter.close()


class Line:
    """One mailbox's requests; one per thread, over a shared `Pool`."""

    def __init__(self, access: Access, pool: Pool, clock: Clock, timeout_s: tuple[float, float] = TIMEOUT_S) -> None:
        self._access = access
        self._clock = clock
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.mount("http://", pool.adapter)
        self._session.mount("https://", pool.adapter)

    def send(
        self, method: str, url: str, body: str | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Return a 2xx answer or raise what the refusal means.

        A 401 says that nothing was done: only after it is the request sent again, once, with a fresh token.
        """
        answer = self._send(method, url, body, headers or {})
        if answer.status_code == requests.codes.unauthorized:
            self.renew()
            answer = self._send(method, url, body, headers or {})
        if not answer.ok or answer.is_redirect:
            sending = url.partition("?")[0].endswith(_SEND_PATH)
            raise self.refusal(answer.status_code, answer.headers, answer.content, sending=sending)
        return answer

    def renew(self) -> None:
        """Get a fresh token, after one was refused."""
        self._access.renew()

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes, *, sending: bool = False) -> GmailError:
        """Return (not raise) what an answer other than 2xx means."""
        lowered = {name.lower(): value for name, value in headers.items()}
        return refusal(status, lowered, body, now=self._clock.now(), sending=sending)

    def _send(self, method: str, url: str, body: str | bytes | None, headers: Mapping[str, str]) -> requests.Response:
        try:
            return self._session.request(
                method,
                url,
                data=body,
                headers=dict(headers),
                auth=_Bearer(self._access.token()),
                timeout=self._timeout_s,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Transient(f"{method}: {type(error).__name__}") from error


class _Bearer(requests.auth.AuthBase):
    """Puts the token on a request; as `auth`, because requests lets ~/.netrc overwrite a mere header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header to one request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request
