"""Identity tokens: only Google's, only ours, only now."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from google.auth import jwt

from backend.gmail.emulator.signing import Signer, make_key
from backend.gmail.errors import Transient
from backend.gmail.identity import SKEW, Certificates, IdentityRefused, verify_identity_token
from backend.kit.clock import VirtualClock
from tests.gmail.scripted import KEEP_ALIVE_LIE, ScriptedServer, answer, scripted_server

US = "our-client.apps.example"


@pytest.fixture
def signer(clock: VirtualClock) -> Signer:
    return Signer(clock)


@pytest.fixture
def server(signer: Signer) -> Iterator[ScriptedServer]:
    with scripted_server() as running:
        running.will_answer(certificates_of(signer))
        yield running


@pytest.fixture
def certificates(server: ScriptedServer, clock: VirtualClock) -> Certificates:
    return Certificates(server.url, clock)


def certificates_of(signer: Signer) -> bytes:
    return answer(signer.keys_as_certificates(), headers={"Cache-Control": "public, max-age=3600"})


def token_of(signer: Signer, **claims: Any) -> str:
    return signer.identity_token(audience=US, email="Ana@Acme.example", subject="117", claims=claims)


def test_a_good_token_tells_who_it_is(signer: Signer, certificates: Certificates, clock: VirtualClock) -> None:
    token = token_of(signer, name="Ana Ruiz", hd="acme.example", nonce="n1")
    found = verify_identity_token(token, audience=US, certificates=certificates, clock=clock)
    assert (found.email, found.subject, found.name) == ("ana@acme.example", "117", "Ana Ruiz")
    assert (found.hosted_domain, found.nonce) == ("acme.example", "n1")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://accounts.evil.example"},
        {"aud": "somebody-else.apps.example"},
        {"aud": [US]},
        {"aud": ""},
        {"exp": 1},
        {"exp": None},
        {"exp": "99999999999"},
        {"iat": 99_999_999_999},
        {"iat": None},
    ],
    ids=str,
)
def test_a_token_of_another_issuer_audience_or_time_is_refused(
    signer: Signer, certificates: Certificates, clock: VirtualClock, claims: dict[str, Any]
) -> None:
    with pytest.raises(IdentityRefused):
        verify_identity_token(token_of(signer, **claims), audience=US, certificates=certificates, clock=clock)


def test_without_an_audience_of_ours_nothing_is_trusted(
    signer: Signer, certificates: Certificates, clock: VirtualClock, server: ScriptedServer
) -> None:
    with pytest.raises(IdentityRefused, match="No audience"):
        verify_identity_token(token_of(signer, aud=""), audience="", certificates=certificates, clock=clock)
    assert server.reached == []


def test_it_expires_after_a_minute_of_grace(signer: Signer, certificates: Certificates, clock: VirtualClock) -> None:
    token = token_of(signer)
    clock.advance(timedelta(hours=1) + SKEW)
    assert verify_identity_token(token, audience=US, certificates=certificates, clock=clock).subject == "117"
    clock.advance(timedelta(seconds=1))
    with pytest.raises(IdentityRefused, match="expired"):
        verify_identity_token(token, audience=US, certificates=certificates, clock=clock)


def test_an_address_that_google_has_not_verified_is_left_out(
    signer: Signer, certificates: Certificates, clock: VirtualClock
) -> None:
    for unsure in (False, "true", None):
        token = token_of(signer, email_verified=unsure)
        assert verify_identity_token(token, audience=US, certificates=certificates, clock=clock).email == ""


def test_claims_that_were_altered_are_refused(signer: Signer, certificates: Certificates, clock: VirtualClock) -> None:
    head, _, signature = token_of(signer).split(".")
    claims = json.dumps({"iss": "accounts.google.com", "aud": US, "sub": "1", "iat": 0, "exp": 9**12}).encode()
    forged = f"{head}.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.{signature}"
    with pytest.raises(IdentityRefused, match="not signed"):
        verify_identity_token(forged, audience=US, certificates=certificates, clock=clock)


@pytest.mark.parametrize("head", [{"alg": "none"}, {"alg": "HS256"}, {"kid": "made-up"}, {"alg": None}])
def test_another_algorithm_or_key_is_refused(
    signer: Signer, certificates: Certificates, clock: VirtualClock, head: dict[str, Any]
) -> None:
    _, claims, signature = token_of(signer).split(".")
    whole = json.dumps({"alg": "RS256", "kid": signer.key_id, **head}).encode()
    forged = f"{base64.urlsafe_b64encode(whole).decode().rstrip('=')}.{claims}.{signature}"
    with pytest.raises(IdentityRefused, match="not signed"):
        verify_identity_token(forged, audience=US, certificates=certificates, clock=clock)


def test_only_the_algorithm_that_google_uses_counts_even_where_the_signature_fits(
    signer: Signer, certificates: Certificates, clock: VirtualClock
) -> None:
    for algorithm in ("RS256", "RS512"):
        head = {"alg": algorithm, "kid": signer.key_id}
        parts = (json.dumps(head), json.dumps(jwt.decode(token_of(signer), verify=False)))
        signed = ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
        signature = signer._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        token = f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
        if algorithm == "RS256":
            assert verify_identity_token(token, audience=US, certificates=certificates, clock=clock).subject == "117"
            continue
        with pytest.raises(IdentityRefused, match="not signed"):
            verify_identity_token(token, audience=US, certificates=certificates, clock=clock)


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "..", "ñ.ñ.ñ", "e30.e30.", "bnVsbA.bnVsbA.x", "W10.W10.x"])
def test_what_is_no_token_is_refused(certificates: Certificates, clock: VirtualClock, token: str) -> None:
    with pytest.raises(IdentityRefused):
        verify_identity_token(token, audience=US, certificates=certificates, clock=clock)


class TestCertificates:
    def test_they_are_kept_for_as_long_as_google_allows(
        self, signer: Signer, server: ScriptedServer, certificates: Certificates, clock: VirtualClock
    ) -> None:
        for _ in range(3):
            assert certificates.find(signer.key_id)
        assert len(server.reached) == 1
        clock.advance(timedelta(hours=1))
        server.will_answer(certificates_of(signer))
        assert certificates.find(signer.key_id)
        assert len(server.reached) == 2

    def test_a_new_key_is_found_at_once_but_made_up_ones_do_not_hammer_google(
        self, signer: Signer, server: ScriptedServer, certificates: Certificates, clock: VirtualClock
    ) -> None:
        assert certificates.find(signer.key_id)
        fresh = Signer(clock, make_key())
        server.will_answer(certificates_of(fresh))
        assert certificates.find(fresh.key_id) is None
        clock.advance(timedelta(seconds=60))
        assert certificates.find(fresh.key_id)
        for number in range(5):
            assert certificates.find(f"made up {number}") is None
        assert len(server.reached) == 2

    @pytest.mark.parametrize("reply", [answer({}, 500), answer(b"<html>"), answer([1]), KEEP_ALIVE_LIE + b"HTTP"])
    def test_where_google_does_not_answer_nobody_is_called_a_liar(self, clock: VirtualClock, reply: bytes) -> None:
        with scripted_server() as server:
            server.will_answer(reply)
            with pytest.raises(Transient):
                Certificates(server.url, clock).find("k")
