"""Conversations that somebody keeps to themselves: the locked card, asking, answering; over both doors."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from backend.accounts.shapes import Sharing
from backend.accounts.tables import Mailbox
from backend.audit.tables import AuditEntry
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from tests.card.addon import Addon, Card, addon_for
from tests.card.hosted import CALLER, Hosted, clicks, top
from tests.card.world import World, user_elsewhere
from tests.cast import ALICE, BOB, CAROL, DORA, Office, open_mailbox, open_office

DORA_LUND = f"Dora Lund <{DORA}>"


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    """Who may see what is asked of both databases elsewhere: of the timeline, and of every card's mail."""
    return open_office(sqlite_db, clock, emulator)


@pytest.fixture(name="secret")
def keep_one_private(addon: Addon, office: Office, world: World) -> str:
    """A mail to Bob that he keeps to himself."""
    open_mailbox(office, BOB)
    world.contact(DORA, "Dora Lund")
    mail = office.mail(DORA_LUND, BOB, "Secret plan")
    office.sync()
    kept = addon.as_(BOB).click(addon.as_(BOB).open(mail), "keep-private")
    assert kept.reads("Kept private; colleagues see a locked line.")
    return mail


def test_a_colleagues_private_mail_is_locked_and_tells_nothing_of_itself(addon: Addon, secret: str) -> None:
    card = addon.open(secret)
    assert (card.name, card.json["header"]["subtitle"]) == ("locked", "Bob")
    assert card.reads("Bob keeps this conversation private.")
    assert "Dora" not in str(card.json)
    assert "Secret" not in str(card.json)
    locked = card.offered("ask-to-read")
    for name in ("link-existing", "keep-private", "create-contact", "new-note"):
        assert addon.act(name, locked | {"record": "1"}).status_code in {403, 404}


def test_who_asks_is_let_in_and_each_look_is_written_down(addon: Addon, office: Office, secret: str) -> None:
    bob, locked = addon.as_(BOB), addon.open(secret)
    asked = addon.click(locked, "ask-to-read")
    assert asked.reads("Bob is asked.")
    assert asked.reads("There is no answer yet.")
    home = bob.open()
    assert {"They ask to read", "Alice", "Secret plan"} <= set(home.texts)
    answered = bob.click(home, "grant-access")
    assert not answered.reads("They ask to read")
    seen = addon.open(secret)
    assert (seen.name, seen.title) == ("contact", "Dora Lund")
    assert _looks(office) == [office.actors[ALICE].user_id]
    assert not seen.actions("keep-private"), "it is not hers to keep"
    assert addon.as_(CAROL).open(secret).name == "locked"
    bob.click(answered, "undo")
    assert addon.open(secret).name == "locked"
    assert bob.open().reads("They ask to read")


def _looks(office: Office) -> list[int | None]:
    with office.db.read() as session:
        return list(session.scalars(select(AuditEntry.actor_id).where(AuditEntry.action == "mail.look")))


def test_who_is_refused_may_ask_again(addon: Addon, secret: str) -> None:
    bob = addon.as_(BOB)
    addon.click(addon.open(secret), "ask-to-read")
    assert bob.click(bob.open(), "refuse-access").reads("They cannot read it.")
    refused = addon.open(secret)
    assert {"The answer was no.", "Ask again"} <= set(refused.texts)
    addon.click(refused, "ask-to-read")
    assert bob.open().reads("They ask to read")


def test_only_its_owner_answers_and_another_team_knows_nothing(addon: Addon, office: Office, secret: str) -> None:
    addon.click(addon.open(secret), "ask-to-read")
    request = addon.as_(BOB).open().offered("grant-access")
    elsewhere = addon.as_(user_elsewhere(office))
    for reader in (addon, addon.as_(CAROL), elsewhere):
        assert reader.act("grant-access", request).status_code == 404
    assert elsewhere.act("ask-to-read", addon.open(secret).offered("refresh")).status_code == 404
    assert not addon.as_(CAROL).open().reads("They ask to read")


def test_a_conversation_is_kept_private_and_shared_again_each_with_its_undo(addon: Addon, secret: str) -> None:
    bob = addon.as_(BOB)
    kept = bob.open(secret)
    assert kept.reads("You keep it private")
    shared = bob.click(kept, "share-again")
    assert not shared.reads("You keep it private")
    assert addon.open(secret).name == "contact"
    assert bob.click(shared, "undo").reads("You keep it private")
    again = bob.click(bob.click(bob.open(secret), "share-again"), "keep-private")
    assert bob.click(again, "undo").actions("keep-private")


def test_a_mailbox_that_shares_who_and_when_says_so(addon: Addon, office: Office, world: World) -> None:
    open_mailbox(office, BOB)
    world.contact(DORA, "Dora Lund")
    mail = office.mail(DORA_LUND, BOB, "Secret plan")
    office.sync()
    with office.db.write() as session:
        where = Mailbox.id == office.mailboxes[BOB]
        session.execute(update(Mailbox).where(where).values(sharing=Sharing.METADATA.value))
    assert addon.open(mail).reads("Bob shares who wrote and when, and not what it is about.")


def test_ones_own_copy_speaks_though_sync_has_not_seen_it_and_a_colleague_keeps_theirs(
    addon: Addon, secret: str
) -> None:
    headers = {"from": DORA_LUND, "to": f"{BOB}, {ALICE}", "subject": "Secret plan"}
    assert addon.open(secret, **headers).title == "Dora Lund"
    assert addon.open(secret, **(headers | {"to": BOB})).name == "locked"


def test_both_doors_lock_ask_and_speak_spanish(addon: Addon, office: Office, secret: str) -> None:
    assert addon.open(secret, locale="es").reads("Bob mantiene privada esta conversación")
    with addon_for(office, ENLACE_ADDON_SERVICE_ACCOUNT=CALLER) as hosting:
        google = Hosted(hosting)
        locked = addon.open(secret).offered("ask-to-read")
        answer = google.post("actions/ask-to-read", google.event(common={"parameters": locked}))
        card = top(answer.get_json())
        assert card["name"] == "locked"
        assert clicks(card, "refresh") == [locked]
        assert hosted_home(Hosted(hosting.as_(BOB))) == "They ask to read"


def hosted_home(google: Hosted) -> str:
    return str(google.shown("home")["sections"][0]["header"])


def test_every_card_of_ones_own_mail_can_be_kept_private(addon: Addon, office: Office, world: World) -> None:
    world.contact(DORA, "Dora Lund")
    mails = [
        office.mail(DORA_LUND, ALICE),
        office.mail("Kim <kim@fjord.example>", ALICE),
        office.mail("Kim <kim@fjord.example>", ALICE, cc=[DORA]),
        office.mail(BOB, ALICE),
        office.mail("no-reply@fjord.example", ALICE),
    ]
    office.sync()
    cards: list[Card] = [addon.open(mail) for mail in mails]
    assert [card.name for card in cards] == ["contact", "unknown", "several", "internal", "unlinked"]
    for card in cards:
        assert addon.click(card, "keep-private").reads("You keep it private")
