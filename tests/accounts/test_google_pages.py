"""Signing in with Google and connecting a mailbox, with the emulator in Google's place."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.accounts import mailboxes, store
from backend.accounts.desk import Desk, GoogleSignIn
from backend.accounts.grants import Vault
from backend.accounts.pages.round_trip import CALLBACK_PATH
from backend.accounts.shapes import GrantKind
from backend.accounts.tables import Mailbox
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.grants import find_refresh_token
from backend.gmail.emulator.server import EmulatorServer
from backend.gmail.identity import Certificates
from backend.gmail.oauth import OAuthClient, UserGrant
from backend.kit.clock import VirtualClock
from backend.web.house import House
from tests.accounts.conftest import Team, csrf_token, sign_in

BOB, STRANGER = "bob@lumbrera.example", "stranger@elsewhere.example"
HOME = "/settings/mailboxes"

pytestmark = pytest.mark.usefixtures("staff")


@pytest.fixture
def emulator(clock: VirtualClock) -> Iterator[Emulator]:
    emulator = Emulator(clock=clock, seed=5)
    for address in (BOB, STRANGER, "alice@lumbrera.example"):
        emulator.add_mailbox(address)
    yield emulator
    emulator.close()


@pytest.fixture
def desk_of_app(vault: Vault, emulator: Emulator, clock: VirtualClock) -> Iterator[Desk]:
    with EmulatorServer(emulator) as server:
        client = OAuthClient("id.apps.example", "secret", f"{server.url}/o/oauth2/v2/auth", f"{server.url}/token")
        yield Desk(vault, GoogleSignIn(client, Certificates(f"{server.url}/certs", clock)), str.lower)


def at_google(leaving: TestResponse, address: str, **changed: str) -> str:
    """What Google does once `address` has consented: return the path and query to which it sends the browser."""
    assert leaving.location is not None
    where = urlsplit(leaving.location)
    asked = {name: values[0] for name, values in parse_qs(where.query).items()} | {"login_hint": address} | changed
    url = f"{where.scheme}://{where.netloc}{where.path}?{urlencode(asked)}"
    back = urlsplit(requests.get(url, allow_redirects=False, timeout=5).headers["Location"])
    return f"{back.path}?{back.query}"


def own_mailboxes(house: House, team: Team) -> list[Mailbox]:
    with house.db.read() as session:
        return list(store.mailboxes(session, team.workspace.id, user_id=team.bob.id))


class TestSignIn:
    def test_somebody_known_gets_in_and_goes_on_to_where_they_wanted(self, client: FlaskClient) -> None:
        assert "Sign in with Google" in client.get("/login").get_data(as_text=True)
        back = client.get(at_google(client.get(f"/oauth/google/start?next={HOME}"), BOB))
        assert back.location == HOME
        assert client.get(HOME).status_code == 200

    def test_a_stranger_reads_one_clear_sentence(self, client: FlaskClient) -> None:
        answer = client.get(at_google(client.get("/oauth/google/start"), STRANGER))
        assert answer.status_code == 403
        assert f"There is no account for {STRANGER} here" in answer.get_data(as_text=True)

    def test_the_way_on_never_leads_elsewhere(self, client: FlaskClient) -> None:
        back = client.get(at_google(client.get("/oauth/google/start?next=//evil.example"), BOB))
        assert back.location == "/"

    def test_an_answer_to_another_browser_is_refused(self, client: FlaskClient) -> None:
        theirs = at_google(client.get("/oauth/google/start"), BOB)
        victim = client.application.test_client()
        assert victim.get(theirs).status_code == 400
        victim.get("/oauth/google/start")
        assert victim.get(theirs).status_code == 400
        assert victim.get(HOME).status_code == 302

    def test_an_answer_is_good_once(self, client: FlaskClient) -> None:
        back = at_google(client.get("/oauth/google/start"), BOB)
        client.get(back)
        assert client.get(back).status_code == 400

    def test_an_answer_with_another_state_is_refused(self, client: FlaskClient) -> None:
        back = at_google(client.get("/oauth/google/start"), BOB, state="guessed")
        assert client.get(back).status_code == 400

    def test_what_waits_in_the_session_is_good_for_one_return(self, client: FlaskClient) -> None:
        back = at_google(client.get("/oauth/google/start"), BOB)
        state = parse_qs(urlsplit(back).query)["state"][0]
        client.get(f"{CALLBACK_PATH}?error=access_denied&state={state}")
        assert client.get(back).status_code == 400

    def test_an_identity_made_for_another_sign_in_is_refused(self, client: FlaskClient) -> None:
        back = at_google(client.get("/oauth/google/start"), BOB, nonce="somebody else's")
        assert client.get(back).status_code == 400

    def test_one_who_says_no_at_google_changes_nothing(self, client: FlaskClient) -> None:
        back = at_google(client.get("/oauth/google/start"), BOB, emulator_denied="1")
        answer = client.get(back)
        assert answer.status_code == 400
        assert "nothing was changed" in answer.get_data(as_text=True)

    def test_a_callback_out_of_the_blue_is_refused(self, client: FlaskClient) -> None:
        for query in ("", "?code=x&state=", "?code=x&state=%C3%B1", "?error=access_denied"):
            assert client.get(CALLBACK_PATH + query).status_code == 400

    def test_it_opens_no_mailbox(self, client: FlaskClient, house: House, staff: Team) -> None:
        leaving = client.get("/oauth/google/start")
        assert "gmail" not in str(leaving.location)
        client.get(at_google(leaving, BOB))
        assert own_mailboxes(house, staff) == []


class TestConnect:
    def test_a_granted_mailbox_is_stored_sealed_and_opens_gmail(
        self, client: FlaskClient, house: House, staff: Team, vault: Vault, emulator: Emulator
    ) -> None:
        sign_in(client, BOB)
        back = client.get(at_google(client.get(f"{HOME}/connect"), BOB))
        (mailbox,) = own_mailboxes(house, staff)
        assert back.location == f"/settings/privacy/mailboxes/{mailbox.id}/import"
        assert f"{BOB} is connected" in client.get(HOME).get_data(as_text=True)
        assert (mailbox.status, mailbox.status_reason) == ("paused", "Its import waits for you to start it.")
        grant = UserGrant.from_json(mailboxes.open_grant(vault, mailbox))
        found = find_refresh_token(emulator.store, grant.refresh_token)
        assert found is not None
        assert found[0] == BOB
        assert (mailbox.grant_kind, grant.client_id) == ("oauth", "")

    def test_connecting_it_again_goes_on_at_once(self, client: FlaskClient, house: House, staff: Team) -> None:
        sign_in(client, BOB)
        client.get(at_google(client.get(f"{HOME}/connect"), BOB))
        back = client.get(at_google(client.get(f"{HOME}/connect"), BOB))
        (mailbox,) = own_mailboxes(house, staff)
        assert (back.location, mailbox.status) == (HOME, "active")

    def test_a_box_left_unticked_connects_nothing(self, client: FlaskClient, house: House, staff: Team) -> None:
        sign_in(client, BOB)
        answer = client.get(at_google(client.get(f"{HOME}/connect"), BOB, scope="openid email"))
        assert answer.status_code == 400
        assert "was not granted" in answer.get_data(as_text=True)
        assert own_mailboxes(house, staff) == []

    def test_one_who_signed_out_meanwhile_connects_nothing(
        self, client: FlaskClient, house: House, staff: Team
    ) -> None:
        sign_in(client, BOB)
        back = at_google(client.get(f"{HOME}/connect"), BOB)
        client.post("/logout", data={"csrf_token": csrf_token(client, HOME)})
        assert client.get(back).status_code in {302, 400}
        assert own_mailboxes(house, staff) == []

    def test_a_colleagues_mailbox_stays_theirs(self, client: FlaskClient, house: House, staff: Team) -> None:
        sign_in(client, BOB)
        client.get(at_google(client.get(f"{HOME}/connect"), BOB))
        other = client.application.test_client()
        sign_in(other, staff.alice.email)
        assert other.get(at_google(other.get(f"{HOME}/connect"), BOB)).status_code == 409
        assert len(own_mailboxes(house, staff)) == 1

    def test_disconnecting_gives_the_grant_back_to_google(
        self, client: FlaskClient, house: House, staff: Team, vault: Vault, emulator: Emulator
    ) -> None:
        sign_in(client, BOB)
        client.get(at_google(client.get(f"{HOME}/connect"), BOB))
        (mailbox,) = own_mailboxes(house, staff)
        token = UserGrant.from_json(mailboxes.open_grant(vault, mailbox)).refresh_token
        client.post(f"{HOME}/{mailbox.id}/disconnect", data={"csrf_token": csrf_token(client, HOME)})
        assert find_refresh_token(emulator.store, token) is None
        (mailbox,) = own_mailboxes(house, staff)
        assert (mailbox.status, mailbox.grant_ciphertext) == ("disconnected", None)


class TestGoogleAway:
    @pytest.fixture
    def desk_of_app(self, vault: Vault, clock: VirtualClock) -> Desk:
        nowhere = "http://127.0.0.1:1"
        client = OAuthClient("id", "secret", f"{nowhere}/auth", f"{nowhere}/token")
        return Desk(vault, GoogleSignIn(client, Certificates(f"{nowhere}/certs", clock)), str.lower)

    def test_a_sign_in_can_be_tried_again(self, client: FlaskClient) -> None:
        leaving = client.get("/oauth/google/start")
        state = parse_qs(urlsplit(str(leaving.location)).query)["state"][0]
        answer = client.get(f"{CALLBACK_PATH}?code=x&state={state}")
        assert answer.status_code == 400
        assert "try again in a minute" in answer.get_data(as_text=True)

    @pytest.mark.parametrize("key_is_lost", [False, True])
    def test_a_mailbox_is_left_all_the_same(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team, vault: Vault, *, key_is_lost: bool
    ) -> None:
        sealed_by = Vault(["QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="]) if key_is_lost else vault
        with house.db.write() as session:
            bob = store.get_user(session, staff.workspace.id, staff.bob.id)
            secret = UserGrant("refresh").to_json()
            mailbox = mailboxes.connect_mailbox(
                session,
                clock,
                sealed_by,
                bob,
                address=BOB,
                address_key=BOB,
                kind=GrantKind.OAUTH,
                secret=secret,
            )
        sign_in(client, BOB)
        path = f"{HOME}/{mailbox.id}/disconnect"
        answer = client.post(path, data={"csrf_token": csrf_token(client, HOME)}, follow_redirects=True)
        assert "Google could not be told" in answer.get_data(as_text=True)
        assert own_mailboxes(house, staff)[0].status == "disconnected"
