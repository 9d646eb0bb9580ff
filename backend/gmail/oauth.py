"""Grants: how a person lets us into a mailbox, and how a grant becomes the access token of each request.

A rep grants by OAuth (authorization code with PKCE, state and nonce); an admin grants a whole domain by delegating it
to a service account. Every address comes from the settings, so that the emulator can stand in for Google. The code is
exchanged by hand, because oauthlib refuses a token endpoint on plain http, which is what an emulator on loopback has.
Sources: https://developers.google.com/identity/protocols/oauth2/web-server, RFC 6749, RFC 7636.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account

from backend.gmail.errors import AuthRevoked, GmailError, PermissionDenied, Transient
from backend.gmail.line import TIMEOUT_S, Access
from backend.kit.errors import UserError

# Who is it? Also granted with a mailbox, to know which mailbox it was.
SIGN_IN_SCOPES = ("openid", "email", "profile")
# One restricted scope that covers all verbs of the gateway. readonly + compose would be two, and still not cover
# `modify`; metadata hides the text; settings.basic is not needed to list send-as addresses.
GMAIL_SCOPE = "https://www.googleapis.com/auth/gmail.modify"
PUBSUB_SCOPE = "https://www.googleapis.com/auth/pubsub"
MAILBOX_SCOPES = ("openid", "email", GMAIL_SCOPE)

_MOST_MAILBOXES = 4096


@dataclass(frozen=True, slots=True)
class UserGrant:
    """A rep's own grant. Client id and secret are empty where the installation's own client obtained it."""

    refresh_token: str = field(repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)

    def to_json(self) -> str:
        """The form in which it is sealed and stored."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> UserGrant:
        """Read back what `to_json` wrote."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class DelegatedGrant:
    """A mailbox entered by the installation's service account, acting as that address."""

    address: str


@dataclass(frozen=True, slots=True)
class Handshake:
    """The secrets of one round trip to Google; they wait in the person's own session."""

    state: str
    nonce: str
    verifier: str = field(repr=False)

    @classmethod
    def begin(cls) -> Handshake:
        """Draw new ones."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(64))


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code was exchanged for; `refresh_token` is empty where offline access was not asked for."""

    id_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """This installation as Google's console knows it, and where Google is."""

    client_id: str
    client_secret: str = field(repr=False)
    auth_url: str
    token_url: str

    def authorization_url(
        self, handshake: Handshake, *, redirect_uri: str, scopes: tuple[str, ...], offline: bool, login_hint: str = ""
    ) -> str:
        """Where to send the person. `offline` asks for a refresh token, and so for consent each time."""
        digest = hashlib.sha256(handshake.verifier.encode("ascii")).digest()
        query = {
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": " ".join(scopes),
            "state": handshake.state,
            "nonce": handshake.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"),
            "code_challenge_method": "S256",
        }
        if offline:
            query |= {"access_type": "offline", "prompt": "consent"}
        if login_hint:
            query["login_hint"] = login_hint
        return f"{self.auth_url}?{urlencode(query)}"

    def exchange(self, code: str, handshake: Handshake, *, redirect_uri: str) -> Tokens:
        """Turn the code that Google sent back into tokens. Raises `UserError` for a refused code, or `Transient`."""
        answer = _post(
            self.token_url,
            {
                "grant_type": "authorization_code",
                "code": code,
                "code_verifier": handshake.verifier,
                "redirect_uri": redirect_uri,
                "client_id": self.client_id,
                "client_secret": self.client_secret,
            },
        )
        if "error" in answer:
            raise UserError(
                "Google did not accept the sign-in (%(answer)s); please start again.", answer=answer["error"]
            )
        scopes = frozenset(str(answer.get("scope", "")).split())
        return Tokens(str(answer.get("id_token", "")), str(answer.get("refresh_token", "")), scopes)

    def revoke(self, grant: UserGrant) -> None:
        """Give the grant back; one that Google no longer knows is as good as revoked. Raises `Transient`."""
        _post(urljoin(self.token_url, "revoke"), {"token": grant.refresh_token})


class AccessDesk:
    """Turns grants into access, and keeps each mailbox's access so that a token is used until it expires.

    Raises `PermissionDenied` for a grant whose client or service account this installation does not have.
    """

    def __init__(self, *, token_url: str, client: OAuthClient | None, service_account_file: str = "") -> None:
        self._token_url = token_url
        self._client = client
        self._service_account = _read_service_account(service_account_file, token_url)
        self.access = lru_cache(_MOST_MAILBOXES)(self._access)

    def own_access(self, scope: str) -> Access:
        """Access as the service account itself, to what is ours in Google's cloud. Raises `PermissionDenied`."""
        if self._service_account is None:
            raise PermissionDenied("GOOGLE_SERVICE_ACCOUNT_FILE is not set")
        return _CredentialAccess(self._service_account.with_scopes([scope]))

    def _access(self, grant: UserGrant | DelegatedGrant) -> Access:
        if isinstance(grant, UserGrant):
            return _CredentialAccess(self._user_credentials(grant))
        if self._service_account is None:
            raise PermissionDenied("GOOGLE_SERVICE_ACCOUNT_FILE is not set")
        return _CredentialAccess(self._service_account.with_subject(grant.address))

    def _user_credentials(self, grant: UserGrant) -> Credentials:
        own = self._client
        if not grant.client_id and own is None:
            raise PermissionDenied("GOOGLE_CLIENT_ID is not set")
        return user_credentials.Credentials(
            None,
            refresh_token=grant.refresh_token,
            token_uri=self._token_url,
            client_id=grant.client_id or (own.client_id if own else ""),
            client_secret=grant.client_secret or (own.client_secret if own else ""),
        )


class _CredentialAccess:
    """`line.Access` over google-auth's credentials.

    `before_request` of google-auth is not used: for a service account it also asks a Google host about regions, bearing
    the token, wherever the token came from.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._request = partial(Request(), timeout=TIMEOUT_S)

    def token(self) -> str:
        if not self._credentials.valid:
            self.renew()
        return str(self._credentials.token)

    def renew(self) -> None:
        try:
            self._credentials.refresh(self._request)
        except GoogleAuthError as error:
            raise _grant_failure(error) from error
        except (TypeError, ValueError) as error:  # google-auth stumbles over a 200 that is not a token's JSON
            raise Transient("the token endpoint's answer is not Google's") from error


def _grant_failure(error: GoogleAuthError) -> GmailError:
    """Read what the token endpoint refused: a grant that is gone, a client that may not, or a passing failure."""
    code = _refused_with(error)
    if not code or getattr(error, "retryable", False):
        return Transient(f"token endpoint: {type(error).__name__}")
    return AuthRevoked(code) if code == "invalid_grant" else PermissionDenied(f"token endpoint: {code}")


def _refused_with(error: GoogleAuthError) -> str:
    """Return OAuth's word for the refusal; "" where there was none.

    For a session that the domain's policy has ended (invalid_rapt) google-auth has a sentence of its own.
    """
    if isinstance(error, RefreshError) and str(error.args[0]).startswith("Reauthentication is needed"):
        return "invalid_grant"
    answer = error.args[1] if len(error.args) > 1 else None
    return str(answer.get("error", "")) if isinstance(answer, Mapping) else ""


def read_authorized_user(path: Path) -> UserGrant:
    """Read google-auth's authorized-user JSON file. Raises `UserError` naming what is wrong with it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return UserGrant(found["refresh_token"], found["client_id"], found["client_secret"])
    except OSError as error:
        raise UserError("“%(path)s” cannot be read: %(why)s.", path=path, why=error.strerror) from error
    except KeyError as error:
        raise UserError(
            "“%(path)s” has no %(args)s; it must be google-auth's authorized-user JSON.", path=path, args=error.args[0]
        ) from error
    except (ValueError, TypeError) as error:
        raise UserError("“%(path)s” is not google-auth's authorized-user JSON.", path=path) from error


def _read_service_account(path: str, token_url: str) -> service_account.Credentials | None:
    if not path:
        return None
    try:
        info = json.loads(Path(path).read_text(encoding="utf-8"))
        found: service_account.Credentials = service_account.Credentials.from_service_account_info(
            {**info, "token_uri": token_url}, scopes=[GMAIL_SCOPE]
        )
    except (OSError, ValueError, TypeError, GoogleAuthError) as error:
        raise UserError(
            "GOOGLE_SERVICE_ACCOUNT_FILE names “%(path)s”, which is not a readable service-account key; "
            "download it anew from Google's console.",
            path=path,
        ) from error
    return found


def _post(url: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Post a form to Google and return its JSON, which may be a refusal. Raises `Transient`."""
    try:
        answer = requests.post(url, data=form, timeout=TIMEOUT_S, allow_redirects=False)
        found = answer.json() if answer.content else {}
    except (requests.RequestException, ValueError) as error:
        raise Transient(f"token endpoint: {type(error).__name__}") from error
    if answer.status_code >= requests.codes.server_error or not isinstance(found, dict):
        raise Transient(f"token endpoint: HTTP {answer.status_code}")
    return found
