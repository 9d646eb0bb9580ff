"""Who may knock: only a user for whom Google vouches before this very add-on, now."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from backend.accounts.store import get_user
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.signing import Signer, make_key
from backend.kit.clock import VirtualClock
from tests.card.addon import Addon, Card, addon_for
from tests.card.world import World
from tests.cast import ALICE, DORA, Office, open_office

BODY = {"locale": "en", "from": DORA, "to": ALICE}


@pytest.fixture
def office(sqlite_db: Any, clock: VirtualClock, emulator: Emulator) -> Office:
    """One database is enough: tokens are read before it is asked."""
    return open_office(sqlite_db, clock, emulator)


def status(addon: Addon, token: str) -> int:
    return addon.post("context", BODY, Authorization=f"Bearer {token}").status_code


def test_google_vouches_and_the_card_comes(addon: Addon) -> None:
    assert status(addon, addon.token()) == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody-else.apps.example"},
        {"aud": ""},
        {"iss": "https://accounts.evil.example"},
        {"exp": 1},
        {"iat": 99_999_999_999},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(addon: Addon, claims: dict[str, Any]) -> None:
    assert status(addon, addon.token(**claims)) == 401


def test_a_token_expires_while_a_card_stays_open(addon: Addon, office: Office) -> None:
    token = addon.token()
    office.clock.advance(timedelta(hours=2))
    assert status(addon, token) == 401


def test_a_forged_or_unsigned_token_is_refused(addon: Addon) -> None:
    head, claims, signature = addon.token().split(".")
    other = json.loads(base64.urlsafe_b64decode(claims + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(other | {"email": "carol@acme.example"}).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for token in (f"{head}.{forged}.{signature}", f"{unsigned}.{claims}.", f"{head}.{claims}.", "nonsense", ""):
        assert status(addon, token) == 401


def test_a_token_of_another_key_is_refused(addon: Addon, clock: VirtualClock) -> None:
    assert status(addon, addon.token()) == 200
    stranger = Addon(addon.office, addon.app, Signer(clock, make_key()))
    assert status(addon, stranger.token()) == 401


def test_without_a_token_nothing_is_answered(addon: Addon) -> None:
    answer = addon.app.test_client().post("/addon/v1/context", json=BODY)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_an_address_that_google_has_not_verified_is_nobodys(addon: Addon) -> None:
    assert status(addon, addon.token(email_verified=False)) == 403


def test_somebody_whom_we_do_not_know_gets_a_card_that_says_so(addon: Addon) -> None:
    answer = addon.as_("nobody@elsewhere.example").post("context", BODY)
    card = Card(answer.get_json()["cards"][0])
    assert (answer.status_code, card.name, card.title) == (403, "trouble", "Not connected")


def test_a_disabled_user_is_refused_at_the_next_click(addon: Addon, office: Office, world: World) -> None:
    dora = world.contact(DORA, "Dora Lund")
    with office.db.write() as session:
        user = get_user(session, office.workspace_id, office.actors[ALICE].user_id)
        user.disabled_at = office.clock.now()
    answer = addon.act("save-note", {"record": str(dora)}, {"text": "Hello"})
    assert answer.status_code == 403


def test_where_no_audience_is_set_nobody_gets_in(office: Office) -> None:
    with addon_for(office, ENLACE_ADDON_AUDIENCE="") as addon:
        answer = addon.post("context", BODY)
    assert answer.status_code == 503
    assert "ENLACE_ADDON_AUDIENCE" in answer.get_json()["detail"]


def test_where_googles_certificates_cannot_be_read_the_add_on_may_try_again(office: Office) -> None:
    with addon_for(office, ENLACE_GOOGLE_CERTS_URL="http://127.0.0.1:9/certs") as addon:
        assert addon.post("context", BODY).status_code == 503


def test_a_body_over_a_megabyte_is_too_large(addon: Addon) -> None:
    assert addon.post("context", BODY | {"cc": "x" * 1_000_001}).status_code == 413
    assert addon.act("open-deal", {"deal": "x" * 1_000_001}).status_code == 413
    assert addon.act("save-note", {"record": "1"}, {"text": "x" * 1_000_001}).status_code == 413
    for name, parameters in (("open-deal", {"deal": "x" * 600}), ("no-such-action", {}), ("x" * 5000, {})):
        assert addon.act(name, parameters).status_code in {404, 422}


@pytest.mark.parametrize("body", [{"from": 7}, {"locale": "x" * 101}, [1], {"parameters": {"deal": 5}}], ids=str)
def test_a_body_that_is_none_of_ours_is_refused_in_words(addon: Addon, body: Any) -> None:
    answer = addon.post("actions/open-deal" if "parameters" in body else "context", body)
    assert answer.status_code == 422
    assert answer.get_json()["title"]
