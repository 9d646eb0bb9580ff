"""Identity tokens: who Google says that somebody is: at sign-in, behind the add-on, behind a Pub/Sub push.

The signature is checked here against Google's certificates, which are kept for as long as Google allows. An audience is
never optional: a token without one that we chose was meant for somebody else.
Source: https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import requests
from google.auth import crypt, jwt
from google.auth.exceptions import GoogleAuthError

from backend.gmail.errors import Transient
from backend.kit.clock import Clock
from backend.kit.errors import ForbiddenError

ISSUERS = frozenset({"https://accounts.google.com", "accounts.google.com"})
SKEW = timedelta(seconds=60)

_MAX_AGE = re.compile(r"max-age=(\d+)")
_SHORTEST_KEEP = timedelta(seconds=60)
_TIMEOUT_S = (3, 5)  # somebody waits for the page or the card meanwhile


class IdentityRefused(ForbiddenError):  # noqa: N818 - named for what happened
    """The token does not prove who asks."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a token vouches for. `email` is lower case and verified by Google; empty where the token bears none."""

    subject: str
    email: str
    name: str = ""
    hosted_domain: str = ""
    nonce: str = ""


class Certificates:
    """Google's signing certificates (key id → PEM), fetched from `url` when needed and kept for their max-age."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._lock = Lock()
        self._kept: Mapping[str, str] = {}
        self._fetched_at: datetime | None = None
        self._keep_for = _SHORTEST_KEEP

    def find(self, key_id: str) -> str | None:
        """Return the certificate, or None. An unknown id asks anew, at most once a minute. Raises `Transient`."""
        with self._lock:
            age = self._age()
            if age >= self._keep_for or (key_id not in self._kept and age >= _SHORTEST_KEEP):
                self._fetch()
            return self._kept.get(key_id)

    def _age(self) -> timedelta:
        return timedelta.max if self._fetched_at is None else self._clock.now() - self._fetched_at

    def _fetch(self) -> None:
        try:
            answer = requests.get(self._url, timeout=_TIMEOUT_S)
            answer.raise_for_status()
            found = {str(key): str(value) for key, value in answer.json().items()}
        except (requests.RequestException, ValueError, AttributeError) as error:
            raise Transient(f"certificates: {type(error).__name__}") from error
        said = _MAX_AGE.search(answer.headers.get("Cache-Control", ""))
        self._kept = found
        self._keep_for = max(timedelta(seconds=int(said[1])) if said else _SHORTEST_KEEP, _SHORTEST_KEEP)
        self._fetched_at = self._clock.now()


def verify_identity_token(token: str, *, audience: str, certificates: Certificates, clock: Clock) -> Identity:
    """Return whom `token` vouches for before `audience`. Raises `IdentityRefused` or `Transient`."""
    if not audience:
        raise IdentityRefused("No audience is configured, so no identity token can be trusted.")
    claims = _signed_claims(token, certificates)
    _check_claims(claims, audience, clock.now())
    return Identity(
        subject=str(claims.get("sub", "")),
        email=str(claims.get("email", "")).lower() if claims.get("email_verified") is True else "",
        name=str(claims.get("name", "")),
        hosted_domain=str(claims.get("hd", "")),
        nonce=str(claims.get("nonce", "")),
    )


def _signed_claims(token: str, certificates: Certificates) -> Mapping[str, Any]:
    try:
        header = jwt.decode_header(token)
        claims = jwt.decode(token, verify=False)
        signed, _, signature = token.rpartition(".")
        signed_bytes = signed.encode("ascii")
        signature_bytes = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    except (ValueError, GoogleAuthError) as error:
        raise IdentityRefused("The identity token cannot be read.") from error
    certificate = certificates.find(str(header.get("kid", "")))
    if header.get("alg") != "RS256" or certificate is None:
        raise IdentityRefused("The identity token is not signed by Google.")
    if not crypt.verify_signature(signed_bytes, signature_bytes, certificate):
        raise IdentityRefused("The identity token is not signed by Google.")
    return dict(claims)


def _check_claims(claims: Mapping[str, Any], audience: str, now: datetime) -> None:
    if claims.get("iss") not in ISSUERS:
        raise IdentityRefused("The identity token was not issued by Google.")
    if claims.get("aud") != audience:
        raise IdentityRefused("The identity token was made for somebody else.")
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or not isinstance(expires, int):
        raise IdentityRefused("The identity token bears no times.")
    if not issued - SKEW.total_seconds() <= now.timestamp() <= expires + SKEW.total_seconds():
        raise IdentityRefused("The identity token has expired; sign in again.")
