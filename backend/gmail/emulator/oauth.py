"""Google's OAuth and OpenID pages: consent, tokens, revocation, who one is, and the keys to check that by.

Source: developers.google.com/identity/protocols/oauth2, RFC 6749, 7523, 7636 and OpenID Connect Core. Any client id and
any service account are accepted, because there is nothing here to protect.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from backend.gmail.emulator import grants
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.exchange import Answer, Ask, html_answer, json_answer
from backend.gmail.emulator.refusals import Refusal
from backend.gmail.emulator.signing import ISSUER

_JWT_PARTS = 3
# Google has moved its pages over the years; clients know them by all these names.
_OTHER_PATHS = {
    "/o/oauth2/auth": "/o/oauth2/v2/auth",
    "/oauth2/v4/token": "/token",
    "/o/oauth2/token": "/token",
    "/o/oauth2/revoke": "/revoke",
    "/v1/userinfo": "/userinfo",
    "/oauth2/v2/userinfo": "/userinfo",
    "/oauth2/v3/userinfo": "/userinfo",
    "/oauth2/v1/certs": "/certs",
}
_CERTIFICATES_LIVE = ("Cache-Control", "public, max-age=19800, must-revalidate, no-transform")


@dataclass(frozen=True, slots=True)
class _Consent:
    """What a code stands for, until it is exchanged."""

    address: str
    redirect_uri: str
    scope: str
    challenge: str
    nonce: str
    client_id: str
    is_offline: bool


class OAuthPages:
    """The pages of one emulator; `answer` is None for a path that is none of theirs."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._codes: dict[str, _Consent] = {}

    def answer(self, ask: Ask, base_url: str) -> Answer | None:
        """Answer a request for one of the pages."""
        signer = self._emulator.signer
        pages: dict[tuple[str, str], Callable[[], Answer]] = {
            ("GET", "/o/oauth2/v2/auth"): lambda: self._consent(ask),
            ("POST", "/token"): lambda: self._token(ask.form()),
            ("POST", "/revoke"): lambda: self._revoke(ask.form().get("token") or ask.text("token")),
            ("GET", "/userinfo"): lambda: self._userinfo(ask),
            ("GET", "/certs"): lambda: json_answer(signer.keys_as_certificates(), 200, _CERTIFICATES_LIVE),
            ("GET", "/oauth2/v3/certs"): lambda: json_answer(signer.keys_as_jwk(), 200, _CERTIFICATES_LIVE),
            ("GET", "/.well-known/openid-configuration"): lambda: json_answer(_configuration(base_url)),
        }
        page = pages.get((ask.method, _OTHER_PATHS.get(ask.path, ask.path)))
        return page() if page else None

    # Consent

    def _consent(self, ask: Ask) -> Answer:
        """Send the person back with a code, or let them choose the account first."""
        redirect_uri = ask.text("redirect_uri")
        if not redirect_uri.startswith(("http://", "https://")):
            return html_answer("<p>Error 400: redirect_uri_mismatch</p>", 400)
        if ask.text("emulator_denied"):
            return _redirect(redirect_uri, {"error": "access_denied", "state": ask.text("state")})
        hinted = ask.text("login_hint").lower()
        if hinted not in self._emulator.addresses():
            return html_answer(self._account_page(ask))
        return _redirect(redirect_uri, {"code": self._new_code(ask, hinted), "state": ask.text("state")})

    def _account_page(self, ask: Ask) -> str:
        given = {name: values[0] for name, values in ask.query.items()}
        links = {address: {**given, "login_hint": address} for address in self._emulator.addresses()}
        links["Cancel"] = {**given, "emulator_denied": "1"}
        items = (f'<li><a href="?{html.escape(urlencode(to))}">{html.escape(name)}</a>' for name, to in links.items())
        title = "Choose an account"
        return f'<!DOCTYPE html><html lang="en"><title>{title}</title><h1>{title}</h1><ul>{"".join(items)}</ul></html>'

    def _new_code(self, ask: Ask, address: str) -> str:
        store = self._emulator.store
        number = store.next_number("code")
        code = f"4/{store.noise('code', number, 64):016x}{number:04x}"
        self._codes[code] = _Consent(
            address=address,
            redirect_uri=ask.text("redirect_uri"),
            scope=ask.text("scope"),
            challenge=ask.text("code_challenge"),
            nonce=ask.text("nonce"),
            client_id=ask.text("client_id"),
            is_offline=ask.text("access_type") == "offline",
        )
        return code

    # Tokens

    def _token(self, form: Mapping[str, str]) -> Answer:
        match form.get("grant_type"):
            case "authorization_code":
                return self._exchange(form)
            case "refresh_token":
                return self._refresh(form)
            case "urn:ietf:params:oauth:grant-type:jwt-bearer":
                return self._delegate(form.get("assertion", ""))
            case _:
                return _oauth_error("unsupported_grant_type", "Invalid grant_type")

    def _exchange(self, form: Mapping[str, str]) -> Answer:
        consent = self._codes.pop(form.get("code", ""), None)
        if consent is None:
            return _oauth_error("invalid_grant", "Malformed auth code.")
        if form.get("redirect_uri") != consent.redirect_uri:
            return _oauth_error("redirect_uri_mismatch", "Bad Request")
        if consent.challenge and _challenge(form.get("code_verifier", "")) != consent.challenge:
            return _oauth_error("invalid_grant", "Invalid code verifier.")
        refresh = ""
        if consent.is_offline:
            refresh = grants.new_refresh_token(self._emulator.store, consent.address, consent.scope)
        answer = self._access(consent.address, consent.scope, refresh)
        if "openid" in consent.scope.split():
            claims = {"nonce": consent.nonce} if consent.nonce else {}
            answer["id_token"] = self._identity(consent.address, consent.client_id, claims)
        return json_answer({**answer, **({"refresh_token": refresh} if refresh else {})})

    def _refresh(self, form: Mapping[str, str]) -> Answer:
        token = form.get("refresh_token", "")
        found = grants.find_refresh_token(self._emulator.store, token)
        if found is None:
            return _oauth_error("invalid_grant", "Token has been expired or revoked.")
        return json_answer(self._access(*found, token))

    def _delegate(self, assertion: str) -> Answer:
        """Domain-wide delegation: a service account's assertion that names the mailbox in `sub` (RFC 7523)."""
        claims = _claims(assertion)
        address = str(claims.get("sub", "")).lower()
        if claims.get("target_audience"):
            token = self._identity(str(claims.get("iss", "")), str(claims["target_audience"]), {})
            return json_answer({"id_token": token})
        if float(claims.get("exp", 0)) <= self._emulator.clock.now().timestamp():
            return _oauth_error("invalid_grant", "Invalid JWT: Token must be a short-lived token.")
        if address not in self._emulator.addresses() or self._emulator.is_revoked(address):
            return _oauth_error("unauthorized_client", "Client is unauthorized to retrieve access tokens.", 401)
        return json_answer(self._access(address, str(claims.get("scope", "")), ""))

    def _access(self, address: str, scope: str, refresh: str) -> dict[str, Any]:
        token = grants.new_access_token(self._emulator.store, address, scope, refresh)
        life_s = int(grants.TOKEN_LIFE.total_seconds())
        return {"access_token": token, "expires_in": life_s, "scope": scope, "token_type": "Bearer"}

    def _identity(self, address: str, audience: str, claims: Mapping[str, Any]) -> str:
        subject = subject_of(self._emulator, address)
        more = {**self._person(address), **claims}
        return self._emulator.signer.identity_token(audience=audience, email=address, subject=subject, claims=more)

    def _revoke(self, token: str) -> Answer:
        if grants.revoke_token(self._emulator.store, token):
            return json_answer({})
        return _oauth_error("invalid_token", "Token expired or revoked")

    def _userinfo(self, ask: Ask) -> Answer:
        scheme, _, token = ask.headers.get("authorization", "").partition(" ")
        try:
            grant = grants.find_access_token(self._emulator.store, token if scheme.lower() == "bearer" else "")
        except Refusal as refusal:
            return json_answer({"error": "invalid_request", "error_description": refusal.message}, 401)
        shown = {"sub": subject_of(self._emulator, grant.address), "email": grant.address, "email_verified": True}
        return json_answer({**shown, **self._person(grant.address)})

    def _person(self, address: str) -> dict[str, str]:
        sql = "SELECT display_name FROM send_as WHERE address = ? AND is_primary"
        name = self._emulator.store.value(sql, address)
        return {"name": name} if name else {}


def subject_of(emulator: Emulator, address: str) -> str:
    """Return the `sub` by which Google knows an account for ever: 21 digits."""
    return f"1{emulator.store.noise(f'account {address.lower()}', 0, 64):020d}"


def _redirect(uri: str, parameters: Mapping[str, str]) -> Answer:
    given = {name: value for name, value in parameters.items() if value}
    separator = "&" if "?" in uri else "?"
    return Answer(302, b"", (("Location", f"{uri}{separator}{urlencode(given)}"),))


def _oauth_error(error: str, description: str, status: int = 400) -> Answer:
    return json_answer({"error": error, "error_description": description}, status)


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def _claims(assertion: str) -> dict[str, Any]:
    """Return what a JWT claims, unchecked; {} for what is none."""
    parts = assertion.split(".")
    if len(parts) != _JWT_PARTS:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _configuration(base_url: str) -> dict[str, Any]:
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{base_url}/o/oauth2/v2/auth",
        "token_endpoint": f"{base_url}/token",
        "revocation_endpoint": f"{base_url}/revoke",
        "userinfo_endpoint": f"{base_url}/userinfo",
        "jwks_uri": f"{base_url}/oauth2/v3/certs",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "code_challenge_methods_supported": ["plain", "S256"],
    }
