"""Grants from consent to access, against the emulator's OAuth pages and against token endpoints that misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import jwt

from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.server import EmulatorServer
from backend.gmail.errors import AuthRevoked, GmailError, PermissionDenied, Transient
from backend.gmail.google import GoogleMail
from backend.gmail.line import Access
from backend.gmail.oauth import (
    GMAIL_SCOPE,
    MAILBOX_SCOPES,
    PUBSUB_SCOPE,
    SIGN_IN_SCOPES,
    AccessDesk,
    DelegatedGrant,
    Handshake,
    OAuthClient,
    UserGrant,
    read_authorized_user,
)
from backend.kit.clock import SystemClock
from backend.kit.errors import UserError
from tests.gmail.scripted import answer, scripted_server

ANA = "ana@acme.example"
SALES = "sales@acme.example"
BACK = "http://127.0.0.1:8000/oauth/google/callback"


@dataclass
class Google:
    """The emulator in Google's place, and this installation's client at it."""

    url: str
    emulator: Emulator
    client: OAuthClient

    def consent(self, handshake: Handshake, *, offline: bool = True) -> dict[str, list[str]]:
        """What Google sends the browser back with, after Ana has consented."""
        address = self.client.authorization_url(
            handshake, redirect_uri=BACK, scopes=MAILBOX_SCOPES, offline=offline, login_hint=ANA
        )
        back = requests.get(address, allow_redirects=False, timeout=5).headers["Location"]
        assert back.startswith(BACK)
        return parse_qs(urlsplit(back).query)

    def grant(self) -> UserGrant:
        handshake = Handshake.begin()
        code = self.consent(handshake)["code"][0]
        return UserGrant(self.client.exchange(code, handshake, redirect_uri=BACK).refresh_token)

    def desk(self, **more: Any) -> AccessDesk:
        return AccessDesk(token_url=self.client.token_url, client=self.client, **more)


@pytest.fixture
def google() -> Iterator[Google]:
    emulator = Emulator(clock=SystemClock(), seed=3)
    emulator.add_mailbox(ANA, display_name="Ana")
    with EmulatorServer(emulator) as server:
        yield Google(server.url, emulator, client_at(server.url))
    emulator.close()


def client_at(url: str) -> OAuthClient:
    return OAuthClient("id.apps.example", "the secret", f"{url}/o/oauth2/v2/auth", f"{url}/token")


class TestConsent:
    def test_the_address_asks_for_what_is_needed_and_ties_the_answer_to_this_browser(self) -> None:
        handshake = Handshake.begin()
        address = client_at("http://google.test").authorization_url(
            handshake, redirect_uri=BACK, scopes=SIGN_IN_SCOPES, offline=False
        )
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["scope"] == "openid email profile"
        assert (asked["state"], asked["nonce"]) == (handshake.state, handshake.nonce)
        assert asked["code_challenge_method"] == "S256"
        assert handshake.verifier not in address
        assert "access_type" not in asked

    def test_two_handshakes_share_nothing(self) -> None:
        first, second = Handshake.begin(), Handshake.begin()
        assert not {first.state, first.nonce, first.verifier} & {second.state, second.nonce, second.verifier}

    def test_a_code_becomes_tokens_once(self, google: Google) -> None:
        handshake = Handshake.begin()
        sent = google.consent(handshake)
        assert sent["state"] == [handshake.state]
        tokens = google.client.exchange(sent["code"][0], handshake, redirect_uri=BACK)
        assert tokens.refresh_token
        assert tokens.id_token
        assert GMAIL_SCOPE in tokens.scopes
        with pytest.raises(UserError, match="start again"):
            google.client.exchange(sent["code"][0], handshake, redirect_uri=BACK)

    def test_a_stolen_code_is_useless_without_the_verifier(self, google: Google) -> None:
        code = google.consent(Handshake.begin())["code"][0]
        with pytest.raises(UserError, match="invalid_grant"):
            google.client.exchange(code, Handshake.begin(), redirect_uri=BACK)

    def test_without_offline_access_there_is_no_lasting_grant(self, google: Google) -> None:
        handshake = Handshake.begin()
        code = google.consent(handshake, offline=False)["code"][0]
        assert google.client.exchange(code, handshake, redirect_uri=BACK).refresh_token == ""


class TestAccess:
    def test_a_grant_opens_the_mailbox(self, google: Google) -> None:
        access = google.desk().access(google.grant())
        mail = GoogleMail(google.url, SystemClock())
        assert mail.open(access).profile().address == ANA
        mail.close()

    def test_a_token_is_used_until_it_expires_and_not_asked_for_each_time(self, google: Google) -> None:
        desk, grant = google.desk(), google.grant()
        assert desk.access(grant).token() == desk.access(grant).token()
        before = desk.access(grant).token()
        desk.access(grant).renew()
        assert desk.access(grant).token() != before

    def test_a_revoked_grant_must_be_given_anew(self, google: Google) -> None:
        grant = google.grant()
        google.client.revoke(grant)
        with pytest.raises(AuthRevoked):
            google.desk().access(grant).token()
        google.client.revoke(grant)

    def test_a_grant_of_our_own_client_needs_that_client(self, google: Google) -> None:
        desk = AccessDesk(token_url=google.client.token_url, client=None)
        with pytest.raises(PermissionDenied):
            desk.access(UserGrant("r"))
        assert desk.access(UserGrant(google.grant().refresh_token, "own id", "own secret")).token()

    def test_a_service_account_enters_as_the_mailbox(self, google: Google, service_account: Path) -> None:
        desk = google.desk(service_account_file=str(service_account))
        mail = GoogleMail(google.url, SystemClock())
        assert mail.open(desk.access(DelegatedGrant(ANA))).profile().address == ANA
        mail.close()
        with pytest.raises(PermissionDenied):
            desk.access(DelegatedGrant("stranger@acme.example")).token()

    @pytest.mark.parametrize(
        ("enter", "claims"),
        [
            (lambda desk: desk.access(DelegatedGrant(SALES)), {"scope": GMAIL_SCOPE, "sub": SALES}),
            (lambda desk: desk.own_access(PUBSUB_SCOPE), {"scope": PUBSUB_SCOPE}),
        ],
        ids=["as a mailbox", "as itself"],
    )
    def test_a_service_account_asks_for_one_scope_as_whom_it_is_to_be(
        self, service_account: Path, enter: Callable[[AccessDesk], Access], claims: dict[str, str]
    ) -> None:
        """The request of RFC 7523: signed with the account's key, for Google, for an hour at most."""
        key = json.loads(service_account.read_text())["private_key"]
        public = serialization.load_pem_private_key(key.encode(), password=None).public_key()
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        with scripted_server() as server:
            server.will_answer(answer({"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}))
            desk = AccessDesk(token_url=server.url, client=None, service_account_file=str(service_account))
            assert enter(desk).token() == "t"
        form = parse_qs(server.reached[0].body.decode())
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        told = jwt.decode(form["assertion"][0], certs=pem.decode())
        assert {name: told[name] for name in told.keys() - {"iat", "exp"}} == {
            "iss": "robot@p.example", "aud": "https://oauth2.googleapis.com/token", **claims
        }  # fmt: skip
        assert 0 < told["exp"] - told["iat"] <= 3600

    def test_delegation_without_a_service_account_says_so(self, google: Google) -> None:
        with pytest.raises(PermissionDenied, match="GOOGLE_SERVICE_ACCOUNT_FILE"):
            google.desk().access(DelegatedGrant(ANA))

    def test_one_restricted_scope_covers_every_verb_that_we_use(self) -> None:
        path = files("googleapiclient.discovery_cache").joinpath("documents/gmail.v1.json")
        users = json.loads(path.read_text(encoding="utf-8"))["resources"]["users"]
        rooms = users["resources"]
        used = [
            *(users["methods"][name] for name in ("getProfile", "watch", "stop")),
            *(rooms["messages"]["methods"][name] for name in ("list", "get", "modify")),
            rooms["messages"]["resources"]["attachments"]["methods"]["get"],
            *(rooms["drafts"]["methods"][name] for name in ("create", "get", "list", "delete", "send")),
            rooms["threads"]["methods"]["get"],
            rooms["history"]["methods"]["list"],
            rooms["labels"]["methods"]["list"],
            rooms["settings"]["resources"]["sendAs"]["methods"]["list"],
        ]
        assert all(GMAIL_SCOPE in verb["scopes"] for verb in used)
        assert len(used) == 16


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, AuthRevoked),
        (400, {"error": "invalid_grant", "error_subtype": "invalid_rapt"}, AuthRevoked),
        (401, {"error": "invalid_client"}, PermissionDenied),
        (401, {"error": "unauthorized_client"}, PermissionDenied),
        (403, {"error": "admin_policy_enforced"}, PermissionDenied),
        (400, b"<html>proxy</html>", Transient),
        (200, b"{}", Transient),
        (200, b"<html>", Transient),
    ],
)
def test_what_the_token_endpoint_answers_decides(status: int, body: Any, kind: type[GmailError]) -> None:
    with scripted_server() as server:
        server.will_answer(answer(body, status))
        access = AccessDesk(token_url=server.url, client=client_at(server.url)).access(UserGrant("r"))
        with pytest.raises(GmailError) as caught:
            access.token()
    assert type(caught.value) is kind
    assert len(server.reached) == 1


def test_no_token_endpoint_is_a_passing_failure() -> None:
    client = client_at("http://127.0.0.1:1")
    with pytest.raises(Transient):
        AccessDesk(token_url=client.token_url, client=client).access(UserGrant("r")).token()
    with pytest.raises(Transient):
        client.exchange("code", Handshake.begin(), redirect_uri=BACK)


@pytest.mark.parametrize("reply", [answer({}, 503), answer(b"<html>"), answer([])])
def test_an_exchange_that_google_fumbles_can_be_tried_again(reply: bytes) -> None:
    with scripted_server() as server:
        server.will_answer(reply)
        with pytest.raises(Transient):
            client_at(server.url).exchange("code", Handshake.begin(), redirect_uri=BACK)


class TestFiles:
    def test_an_authorized_user_file_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "token.json"
        path.write_text(json.dumps({"refresh_token": "r", "client_id": "c", "client_secret": "s", "type": "x"}))
        assert read_authorized_user(path) == UserGrant("r", "c", "s")

    @pytest.mark.parametrize(
        ("content", "said"),
        [("", "authorized-user"), ("[]", "authorized-user"), ('{"client_id": "c"}', "has no refresh_token")],
    )
    def test_anything_else_is_refused_by_name(self, tmp_path: Path, content: str, said: str) -> None:
        path = tmp_path / "token.json"
        path.write_text(content)
        with pytest.raises(UserError, match=said):
            read_authorized_user(path)
        with pytest.raises(UserError, match="cannot be read"):
            read_authorized_user(tmp_path / "absent.json")

    def test_a_broken_service_account_file_is_refused_at_the_start(self, tmp_path: Path) -> None:
        path = tmp_path / "key.json"
        path.write_text("{}")
        with pytest.raises(UserError, match="GOOGLE_SERVICE_ACCOUNT_FILE"):
            AccessDesk(token_url="http://x.test", client=None, service_account_file=str(path))

    def test_a_grant_survives_its_own_json_and_hides_its_secrets(self) -> None:
        grant = UserGrant("refresh me", "id", "hush")
        assert UserGrant.from_json(grant.to_json()) == grant
        assert "refresh me" not in repr(grant)
        assert "hush" not in repr(grant)


@pytest.fixture
def service_account(tmp_path: Path) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    info = {
        "type": "service_account", "project_id": "p", "private_key_id": "k1", "private_key": pem.decode(),
        "client_email": "robot@p.example", "client_id": "1", "token_uri": "https://elsewhere.test/token",
    }  # fmt: skip
    path = tmp_path / "service.json"
    path.write_text(json.dumps(info))
    return path
