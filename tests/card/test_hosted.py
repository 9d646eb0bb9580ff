"""The add-on that Google's servers call: the same cards over HTTP, both tokens checked, missing consent asked for."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.signing import Signer, make_key
from backend.kit.clock import VirtualClock
from tests.card.addon import AUDIENCE, CRM, addon_for
from tests.card.hosted import ALL_SCOPES, CALLER, SCOPE, Hosted, clicks, top, typed
from tests.card.world import World, user_elsewhere
from tests.cast import ALICE, DORA, Office, open_office


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    """What the cards ask of a database is tried on both with the script's doors."""
    return open_office(sqlite_db, clock, emulator)


@pytest.fixture
def google(office: Office) -> Iterator[Hosted]:
    with addon_for(office, ENLACE_ADDON_SERVICE_ACCOUNT=CALLER) as addon:
        yield Hosted(addon)


def test_the_homepage_and_an_opened_mail_are_cards_that_google_takes(
    google: Hosted, office: Office, world: World
) -> None:
    world.contact(DORA, "Dora Lund")
    office.mail(DORA, ALICE, "The offer")
    office.sync()
    assert google.shown("home")["name"] == "home"
    card = google.shown("mail", gmail={"messageId": latest(office), "accessToken": "for this mail"})
    assert card["header"]["title"] == "Dora Lund"


def test_today_in_the_menu_is_the_homepage_as_an_action_answers_it(google: Hosted, world: World) -> None:
    world.task("Call back", world.contact(DORA, "Dora Lund"))
    answer = google.post("today", google.event()).get_json()
    assert answer.keys() == {"renderActions"}
    card = top(answer)
    assert (card["name"], clicks(card, "complete-task")) == ("home", [{"task": "1"}])
    stranger = Hosted(google.addon.as_("nobody@acme.example"))
    assert top(stranger.post("today", stranger.event()).get_json())["name"] == "trouble"


def latest(office: Office) -> str:
    """Gmail's id of the newest mail in Alice's mailbox."""
    return office.gmail(ALICE).list_messages().refs[0].id


def test_mail_that_sync_has_not_seen_is_read_from_gmail_with_the_readers_tokens(google: Hosted, office: Office) -> None:
    office.mail('"Doe, Jane" <jane@fjord.example>', ALICE, "A kiln")
    gmail = {"messageId": latest(office), "accessToken": "for this mail"}
    card = google.shown("mail", gmail=gmail)
    assert (card["name"], card["header"]["title"]) == ("unknown", "Doe, Jane")
    done = top(google.click(card, "create-contact-and-deal"))
    assert done["header"]["title"] == "Jane Doe"
    office.sync()
    assert google.shown("mail", gmail=gmail)["name"] == "contact"


def test_gmails_web_ids_are_the_apis_ids_in_decimal(google: Hosted, office: Office, world: World) -> None:
    world.contact(DORA, "Dora Lund")
    office.mail(DORA, ALICE)
    office.sync()
    card = google.shown("mail", gmail={"messageId": f"msg-f:{int(latest(office), 16)}"})
    assert card["header"]["title"] == "Dora Lund"


def test_where_gmail_does_not_know_the_mail_the_card_says_so(google: Hosted) -> None:
    card = google.shown("mail", gmail={"messageId": "18c0ffee", "accessToken": "x"})
    assert (card["name"], card["header"]["title"]) == ("trouble", "Gmail does not answer")
    assert clicks(card, "refresh")


def test_a_click_changes_says_so_and_can_be_undone(google: Hosted, office: Office, world: World) -> None:
    dora = world.contact(DORA, "Dora Lund")
    deal = world.deal("Forty seats", dora)
    office.mail(DORA, ALICE)
    office.sync()
    card = google.shown("mail", gmail={"messageId": latest(office)})
    form = top(google.click(card, "new-task", record=str(dora)))
    day = {"dateInput": {"msSinceEpoch": "1797292800000"}}
    saved = google.click(form, "save-task", {"title": typed("Call back"), "due": day})
    assert saved["stateChanged"] is True
    assert "due Dec 15" in str(top(saved))
    moved = google.click(card, "set-stage", {"stage": typed(stage_named(card, "Proposal"))}, deal=str(deal))
    assert "moved to Proposal" in str(top(moved))
    assert "Undone." in str(top(google.click(top(moved), "undo")))


def stage_named(card: dict[str, Any], name: str) -> str:
    (select,) = [w["selectionInput"] for s in card["sections"] for w in s["widgets"] if "selectionInput" in w]
    return str(next(item["value"] for item in select["items"] if item["text"] == name))


@pytest.mark.parametrize(
    "claims",
    [{"aud": f"{CRM}/addon/http/mail"}, {"aud": AUDIENCE}, {"email": "evil@project.test"}, {"email_verified": False},
     {"iss": "https://evil.example"}, {"exp": 1}],
    ids=str,
)  # fmt: skip
def test_who_is_not_google_calling_for_this_very_add_on_is_refused(google: Hosted, claims: dict[str, Any]) -> None:
    answer = google.post("home", google.event(), google.system_token("home", **claims))
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("claims", [{"aud": "other.apps.example"}, {"exp": 1}], ids=str)
def test_a_reader_whom_google_does_not_vouch_for_is_refused(google: Hosted, claims: dict[str, Any]) -> None:
    assert google.post("home", google.event(userIdToken=google.user_token(**claims))).status_code == 401
    assert google.post("home", google.event(userIdToken="a.b.c")).status_code == 401


def test_forged_unsigned_and_foreign_tokens_are_refused_whichever_of_the_two_they_are(google: Hosted) -> None:
    stranger = Signer(google.addon.office.clock, make_key())
    mine, reader = google.system_token("home"), google.user_token()
    assert google.post("home", google.event(), mine).status_code == 200
    foreign = stranger.identity_token(audience=f"{CRM}/addon/http/home", email=CALLER, subject="2")
    for token in (*tampered(mine, CALLER.upper()), foreign):
        assert google.post("home", google.event(), token).status_code == 401
    foreign = stranger.identity_token(audience=AUDIENCE, email=ALICE, subject="1")
    for token in (*tampered(reader, "carol@acme.example"), foreign):
        assert google.post("home", google.event(userIdToken=token)).status_code == 401


def tampered(token: str, email: str) -> tuple[str, ...]:
    """The token with another address in it, without a signature, and saying that it needs none."""
    head, claims, signature = token.split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(told | {"email": email}).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    return f"{head}.{forged}.{signature}", f"{unsigned}.{claims}.", f"{head}.{claims}."


def test_a_message_token_that_expired_is_a_card_with_the_way_out(google: Hosted, office: Office) -> None:
    office.mail('"Doe, Jane" <jane@fjord.example>', ALICE, "A kiln")
    gmail = {"messageId": latest(office), "accessToken": "for this mail"}
    card = google.shown("mail", gmail=gmail, userOAuthToken="expired")
    assert card["name"] == "trouble"
    assert clicks(card, "refresh") == [{}]
    assert "Jane" not in str(card)


def test_tokens_expire_while_a_card_stays_open(google: Hosted, office: Office) -> None:
    token, event = google.system_token("home"), google.event()
    office.clock.advance(timedelta(hours=2))
    assert google.post("home", event, token).status_code == 401


def test_without_the_service_account_or_the_audience_the_doors_stay_shut(office: Office) -> None:
    for audience, caller in ((AUDIENCE, ""), ("", CALLER)):
        with addon_for(office, ENLACE_ADDON_AUDIENCE=audience, ENLACE_ADDON_SERVICE_ACCOUNT=caller) as addon:
            google = Hosted(addon)
            assert google.post("home", google.event()).status_code == 503


@pytest.mark.parametrize(
    ("path", "needed"),
    [("mail", ALL_SCOPES[1]), ("compose", ALL_SCOPES[2]), ("actions/insert-template", ALL_SCOPES[2])],
)
def test_what_the_reader_has_not_allowed_is_asked_for_and_nothing_else(google: Hosted, path: str, needed: str) -> None:
    google.scopes.remove(needed)
    answer = google.post(path, google.event(gmail={"messageId": "1"})).get_json()
    assert answer == {"requesting_google_scopes": {"scopes": [needed]}}
    assert google.shown("home")["name"] == "home", "the rest still works"


def test_who_has_not_shown_their_address_is_asked_for_it(google: Hosted) -> None:
    event = google.event()
    del event["authorizationEventObject"]["userIdToken"]
    assert google.post("home", event).get_json() == {"requesting_google_scopes": {"scopes": [f"{SCOPE}userinfo.email"]}}


def test_somebody_whom_nobody_has_made_a_user_sees_how_to_begin(google: Hosted) -> None:
    stranger = Hosted(google.addon.as_("nobody@elsewhere.example"))
    assert stranger.shown("home")["header"]["title"] == "Not connected"
    answer = stranger.post("actions/refresh", stranger.event())
    assert top(answer.get_json())["header"]["title"] == "Not connected"


def test_what_is_anothers_and_what_never_was_are_told_in_the_same_words(
    google: Hosted, office: Office, world: World
) -> None:
    dora = world.contact(DORA, "Dora Lund")
    elsewhere = Hosted(google.addon.as_(user_elsewhere(office)))
    answers = [
        elsewhere.post("actions/new-note", elsewhere.event(common={"parameters": {"record": record}})).get_json()
        for record in (str(dora), "99999999", "x", "9" * 30)
    ]
    assert top(answers[0])["header"]["title"] == "Not there any more"
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("body", [[1], {"gmail": 7}, {"commonEventObject": {"parameters": {"a": {}}}}], ids=str)
def test_what_is_no_event_gets_no_card(google: Hosted, body: Any) -> None:
    assert google.post("home", body).status_code == 422


def test_parameters_of_a_megabyte_are_too_large(google: Hosted) -> None:
    event = google.event(common={"parameters": {"record": "9" * 1_000_001}})
    assert google.post("actions/new-note", event).status_code == 413


def test_what_nobody_foresaw_is_a_card_too(google: Hosted, office: Office) -> None:
    google.addon.app.config["PROPAGATE_EXCEPTIONS"] = False
    event = google.event()
    google.post("home", event)  # Google's certificates are known from here on
    office.db.dispose()
    google.addon.db.dispose()
    with google.addon.db.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE activities RENAME TO lost_activities")
    assert google.shown("home")["header"]["title"] == "Something went wrong"
