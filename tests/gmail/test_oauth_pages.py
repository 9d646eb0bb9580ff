"""The emulator's OAuth, as Google's own libraries and a browser use it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google.auth import jwt

from backend.gmail.emulator import grants
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.oauth import subject_of
from backend.gmail.emulator.server import EmulatorServer
from backend.gmail.identity import Certificates, IdentityRefused, verify_identity_token
from backend.kit.clock import VirtualClock

ANA = "ana@acme.example"
SCOPES = "openid email https://www.googleapis.com/auth/gmail.modify"
BACK = "http://127.0.0.1:1/back"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def emulator(clock: VirtualClock) -> Iterator[Emulator]:
    emulator = Emulator(clock=clock)
    emulator.add_mailbox(ANA, display_name="Ana <López>")
    yield emulator
    emulator.close()


@pytest.fixture
def server(emulator: Emulator) -> Iterator[EmulatorServer]:
    with EmulatorServer(emulator) as server:
        yield server


def consent(server: EmulatorServer, **more: str) -> requests.Response:
    asked = {
        "client_id": "enlace",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": SCOPES,
        "state": "s1",
        "nonce": "n1",
        "access_type": "offline",
        **more,
    }
    return requests.get(f"{server.url}/o/oauth2/v2/auth", params=asked, allow_redirects=False, timeout=10)


def token(server: EmulatorServer, **form: str) -> requests.Response:
    return requests.post(f"{server.url}/token", data=form, timeout=10)


def code_of(answer: requests.Response) -> str:
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def signed_in(server: EmulatorServer) -> dict[str, Any]:
    code = code_of(consent(server, login_hint=ANA))
    answer = token(server, grant_type="authorization_code", code=code, redirect_uri=BACK)
    return dict(answer.json())


def profile(server: EmulatorServer, access_token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {access_token}"}
    return requests.get(f"{server.url}/gmail/v1/users/me/profile", headers=headers, timeout=10)


def test_a_person_chooses_the_account_on_a_page(server: EmulatorServer) -> None:
    page = consent(server)
    assert page.status_code == 200
    assert f"login_hint={ANA.replace('@', '%40')}" in page.text
    assert "<López>" not in page.text


def test_a_hint_sends_the_person_back_with_a_code_and_the_state(server: EmulatorServer) -> None:
    sent = consent(server, login_hint=ANA)
    assert sent.status_code == 302
    assert sent.headers["Location"].startswith(BACK)
    assert parse_qs(urlsplit(sent.headers["Location"]).query)["state"] == ["s1"]


def test_a_person_may_decline(server: EmulatorServer) -> None:
    query = parse_qs(urlsplit(consent(server, emulator_denied="1").headers["Location"]).query)
    assert query == {"error": ["access_denied"], "state": ["s1"]}


def test_a_code_becomes_tokens_that_open_the_mailbox(server: EmulatorServer, emulator: Emulator) -> None:
    tokens = signed_in(server)
    assert tokens["scope"] == SCOPES
    assert profile(server, tokens["access_token"]).json()["emailAddress"] == ANA
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    person = requests.get(f"{server.url}/userinfo", headers=headers, timeout=10).json()
    assert (person["email"], person["sub"]) == (ANA, subject_of(emulator, ANA))


def test_a_code_serves_once(server: EmulatorServer) -> None:
    code = code_of(consent(server, login_hint=ANA))
    assert token(server, grant_type="authorization_code", code=code, redirect_uri=BACK).ok
    again = token(server, grant_type="authorization_code", code=code, redirect_uri=BACK)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(("verifier", "status"), [("right", 200), ("wrong", 400), ("", 400)])
def test_a_code_with_a_challenge_needs_its_verifier(server: EmulatorServer, verifier: str, status: int) -> None:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"right").digest()).decode().rstrip("=")
    code = code_of(consent(server, login_hint=ANA, code_challenge=challenge, code_challenge_method="S256"))
    form = {"code": code, "redirect_uri": BACK, "code_verifier": verifier}
    assert token(server, grant_type="authorization_code", **form).status_code == status


def test_an_access_token_lapses_after_an_hour_and_is_refreshed(server: EmulatorServer, clock: VirtualClock) -> None:
    tokens = signed_in(server)
    clock.advance(timedelta(hours=1))
    assert profile(server, tokens["access_token"]).status_code == 401
    fresh = token(server, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()
    assert profile(server, fresh["access_token"]).ok


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_revoked_grant_is_an_invalid_grant(server: EmulatorServer, which: str) -> None:
    tokens = signed_in(server)
    assert requests.post(f"{server.url}/revoke", data={"token": tokens[which]}, timeout=10).ok
    assert profile(server, tokens["access_token"]).status_code == 401
    refused = token(server, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert requests.post(f"{server.url}/revoke", data={"token": tokens[which]}, timeout=10).status_code == 400


def test_a_person_who_took_back_every_grant_can_grant_anew(server: EmulatorServer, emulator: Emulator) -> None:
    tokens = signed_in(server)
    emulator.revoke(ANA)
    assert profile(server, tokens["access_token"]).status_code == 401
    assert profile(server, signed_in(server)["access_token"]).ok


def test_an_unknown_token_revokes_nothing(server: EmulatorServer, emulator: Emulator) -> None:
    delegated = grants.new_access_token(emulator.store, ANA, "https://mail.google.com/")
    assert requests.post(f"{server.url}/revoke", data={"token": "nonsense"}, timeout=10).status_code == 400
    assert profile(server, delegated).ok


def test_scopes_that_do_not_suffice_are_refused(server: EmulatorServer, emulator: Emulator) -> None:
    signed = grants.new_access_token(emulator.store, ANA, "openid email")
    refused = profile(server, signed)
    assert (refused.status_code, refused.json()["error"]["errors"][0]["reason"]) == (403, "insufficientPermissions")


def delegated(server: EmulatorServer, subject: str) -> requests.Response:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {"iss": "crm@p.example", "sub": subject, "scope": SCOPES, "aud": f"{server.url}/token", "exp": 4e9}
    encoded = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "RS256"}, claims)
    ]
    signature = key.sign(".".join(encoded).encode(), padding.PKCS1v15(), hashes.SHA256())
    assertion = ".".join([*encoded, base64.urlsafe_b64encode(signature).decode().rstrip("=")])
    return token(server, grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=assertion)


def test_a_service_account_enters_any_mailbox_of_the_domain(server: EmulatorServer) -> None:
    assert profile(server, delegated(server, ANA).json()["access_token"]).json()["emailAddress"] == ANA
    assert delegated(server, "nobody@acme.example").json()["error"] == "unauthorized_client"


@pytest.mark.parametrize("form", [{}, {"grant_type": "password"}, {"grant_type": "refresh_token"}])
def test_what_is_no_grant_is_refused(server: EmulatorServer, form: dict[str, str]) -> None:
    assert token(server, **form).status_code == 400


# Identity tokens


def test_identity_tokens_are_verified_by_googles_library_and_by_ours(
    server: EmulatorServer, clock: VirtualClock
) -> None:
    clock.current = datetime.now(UTC)  # noqa: TID251 - Google's library asks the machine
    id_token = signed_in(server)["id_token"]
    certificates = requests.get(f"{server.url}/oauth2/v1/certs", timeout=10).json()
    claims = jwt.decode(id_token, certs=certificates, audience="enlace")
    assert (claims["email"], claims["nonce"], claims["iss"]) == (ANA, "n1", "https://accounts.google.com")
    ours = Certificates(f"{server.url}/certs", clock)
    assert verify_identity_token(id_token, audience="enlace", certificates=ours, clock=clock).email == ANA
    with pytest.raises(IdentityRefused):
        verify_identity_token(id_token, audience="other", certificates=ours, clock=clock)


def test_tokens_for_an_add_on_can_be_minted(server: EmulatorServer, emulator: Emulator, clock: VirtualClock) -> None:
    minted = emulator.signer.identity_token(audience="https://crm.example/addon", email=ANA, subject="42")
    ours = Certificates(f"{server.url}/certs", clock)
    found = verify_identity_token(minted, audience="https://crm.example/addon", certificates=ours, clock=clock)
    assert (found.subject, found.email) == ("42", ANA)


def test_both_forms_of_the_keys_are_one_key(server: EmulatorServer) -> None:
    (key,) = requests.get(f"{server.url}/oauth2/v3/certs", timeout=10).json()["keys"]
    ((key_id, pem),) = requests.get(f"{server.url}/certs", timeout=10).json().items()
    public = x509.load_pem_x509_certificate(pem.encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    modulus = int.from_bytes(base64.urlsafe_b64decode(key["n"] + "=="))
    assert (key["kid"], modulus) == (key_id, public.public_numbers().n)


def test_the_configuration_names_pages_that_are_there(server: EmulatorServer) -> None:
    found = requests.get(f"{server.url}/.well-known/openid-configuration", timeout=10).json()
    assert requests.get(found["jwks_uri"], timeout=10).ok
    assert found["token_endpoint"] == f"{server.url}/token"
