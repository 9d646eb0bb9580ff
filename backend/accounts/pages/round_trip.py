"""The way to Google and back: what waits in the session meanwhile, and what is checked on return."""

from __future__ import annotations

import hmac
from dataclasses import asdict, dataclass

from flask import redirect, request, session
from flask_babel import gettext
from werkzeug.wrappers import Response

from backend.accounts.desk import GoogleSignIn, desk
from backend.gmail.errors import Transient
from backend.gmail.identity import Identity, verify_identity_token
from backend.gmail.oauth import Handshake, Tokens
from backend.kit.errors import NotFoundError, UserError
from backend.web.back import local_path
from backend.web.house import house

CALLBACK_PATH = "/oauth/google/callback"  # the one address that Google's console must know

_KEY = "google_round_trip"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who came back from Google: why they went, who they are, what they granted, where they go next."""

    purpose: str
    next_path: str
    identity: Identity
    tokens: Tokens


def leave_for_google(
    purpose: str, scopes: tuple[str, ...], *, offline: bool, next_path: str, hint: str = ""
) -> Response:
    """Send the browser to Google. Reached by a link, not a form: form-action 'self' would stop the redirect."""
    google, handshake = _google(), Handshake.begin()
    session[_KEY] = {"purpose": purpose, "next": local_path(next_path), **asdict(handshake)}
    address = google.client.authorization_url(
        handshake, redirect_uri=_callback(), scopes=scopes, offline=offline, login_hint=hint
    )
    return redirect(address)


def return_from_google() -> Arrival:
    """Check what Google sent back. Raises `UserError` for what does not fit together, was refused, or cannot be had."""
    google, waiting = _google(), session.pop(_KEY, None)
    if waiting is None or not hmac.compare_digest(waiting["state"].encode(), request.args.get("state", "").encode()):
        raise UserError(gettext("This sign-in was begun elsewhere or has expired; please start again."))
    if "code" not in request.args:
        raise UserError(gettext("Google was not allowed to tell us who you are; nothing was changed."))
    handshake = Handshake(waiting["state"], waiting["nonce"], waiting["verifier"])
    try:
        tokens = google.client.exchange(request.args["code"], handshake, redirect_uri=_callback())
        identity = _identify(google, tokens, handshake)
    except Transient as error:
        raise UserError(gettext("Google does not answer just now; please try again in a minute.")) from error
    return Arrival(waiting["purpose"], waiting["next"], identity, tokens)


def _identify(google: GoogleSignIn, tokens: Tokens, handshake: Handshake) -> Identity:
    identity = verify_identity_token(
        tokens.id_token, audience=google.client.client_id, certificates=google.certificates, clock=house().clock
    )
    if not hmac.compare_digest(identity.nonce.encode(), handshake.nonce.encode()) or not identity.email:
        raise UserError(gettext("Google's answer belongs to another sign-in; please start again."))
    return identity


def _google() -> GoogleSignIn:
    found = desk().google
    if found is None:
        raise NotFoundError(gettext("Signing in with Google is not set up here; ask your admin."))
    return found


def _callback() -> str:
    return house().public_url + CALLBACK_PATH
