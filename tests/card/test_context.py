"""The card beside a mail, end to end over HTTP, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from backend.accounts.shapes import Sharing
from backend.accounts.tables import Mailbox
from backend.gmail.emulator.labels import label_named
from tests.card.addon import Addon, Card, counted
from tests.card.world import World, user_elsewhere
from tests.cast import ALICE, BOB, DORA, ERIK, Office, open_mailbox

DORA_LUND = f'"Lund, Dora" <{DORA}>'


def test_a_known_persons_mail_shows_who_what_and_what_is_next(addon: Addon, office: Office, world: World) -> None:
    dora = world.contact(DORA, "Dora Lund", title="Head of Purchasing")
    deal = world.deal("Forty seats", dora, stage="Proposal", amount_minor=12_000_00)
    world.task("Send revised offer", deal, due_at=office.clock.now() + timedelta(days=1))
    mail = office.mail(DORA_LUND, ALICE, "The offer")
    office.sync()
    card = addon.open(mail)
    assert (card.name, card.title) == ("contact", "Dora Lund")
    assert {"Head of Purchasing", DORA, "Nordwind", "Dora wrote just now · you owe a reply"} <= set(card.texts)
    assert {"Forty seats", "€12,000", "Proposal", "Send revised offer", "due tomorrow · Forty seats"} <= set(card.texts)
    assert card.offered("set-stage", deal=str(deal))
    assert card.offered("why")
    assert card.offered("enrol", deal=str(deal), record=str(dora))


def test_a_strangers_mail_guesses_the_company_from_the_domain(addon: Addon, office: Office) -> None:
    mail = office.mail("Kim <kim@fjord.example>", ALICE)
    office.sync()
    card = addon.open(mail)
    assert (card.name, card.title) == ("unknown", "Kim")
    assert {"Fjord", "A guess from the address: @fjord.example", "Ignore fjord.example"} <= set(card.texts)


def test_the_guess_names_the_teams_company_and_counts_who_writes_from_there(
    addon: Addon, office: Office, world: World
) -> None:
    world.contact(DORA, "Dora Lund")
    world.contact("otto@mail.nordwind.example", "Otto")
    mail = office.mail("Kim <kim@nordwind.example>", ALICE)
    office.sync()
    card = addon.open(mail)
    assert card.reads("2 contacts write from @nordwind.example")
    assert not card.actions("ignore-domain"), "nobody shuts a customer out with a tap"


def test_free_mail_guesses_nothing_and_offers_no_domain_to_ignore(addon: Addon, office: Office) -> None:
    mail = office.mail("Kim <kim.berg@gmail.com>", ALICE)
    office.sync()
    card = addon.open(mail)
    assert not card.reads("Probably from")
    assert card.actions("ignore-address")
    assert not card.actions("ignore-domain")


def test_mail_that_sync_has_not_seen_is_read_from_its_headers(addon: Addon, world: World) -> None:
    world.contact(DORA, "Dora Lund")
    sent = {"from": '"Lund, Dora" <DORA@Nordwind.example>', "to": ALICE, "subject": "=?utf-8?q?Oferta_n=C3=BAmero_1?="}
    card = addon.open("new@mail.example", gmailMessageId="18c0ffee", **sent)
    assert (card.name, card.title) == ("contact", "Dora Lund")
    assert not card.actions("link-existing"), "what is not stored cannot be linked"


def test_a_name_with_a_comma_stays_one_person(addon: Addon) -> None:
    card = addon.open("new@mail.example", **{"from": '"Doe, Jane" <jane@fjord.example>', "to": ALICE})
    assert (card.name, card.title) == ("unknown", "Doe, Jane")


def test_the_sender_is_shown_at_once_and_who_is_in_copy_below(addon: Addon, office: Office, world: World) -> None:
    world.contact(DORA, "Dora Lund")
    mail = office.mail(DORA_LUND, ALICE, cc=[f"Erik <{ERIK}>"])
    office.sync()
    card = addon.open(mail)
    assert card.title == "Dora Lund"
    assert card.reads("Also in this mail")
    assert addon.click(card, "open-person").title == "Erik"


def test_of_several_people_the_reader_picks(addon: Addon, office: Office, world: World) -> None:
    dora = world.contact(DORA, "Dora Lund")
    world.deal("Forty seats", dora)
    mail = office.mail("Kim <kim@fjord.example>", ALICE, cc=[f"Erik <{ERIK}>", DORA_LUND])
    office.sync()
    card = addon.open(mail)
    assert card.name == "several"
    assert [text for text in card.texts if text in {"Kim", "Dora Lund", "Erik"}] == ["Kim", "Dora Lund", "Erik"]
    assert addon.click(card, "open-person", person=str(dora)).title == "Dora Lund"


def test_internal_mail_says_so(addon: Addon, office: Office) -> None:
    mail = office.mail(BOB, ALICE, "Lunch?")
    alone = office.mail(ALICE, ALICE, "Note to self")
    office.sync()
    assert addon.open(mail).title == "Internal mail"
    assert addon.open(alone).title == "Your own mail"


def test_a_newsletter_says_why_it_is_not_linked(addon: Addon, office: Office) -> None:
    mail = office.mail("News <news@fjord.example>", ALICE, headers=[("List-Unsubscribe", "<https://fjord.example/u>")])
    office.sync()
    card = addon.open(mail)
    assert card.name == "unlinked"
    assert card.reads("It is a newsletter or another mail to many.")


def test_a_robot_that_sync_has_not_seen_is_nobody_to_make_a_contact_of(addon: Addon) -> None:
    card = addon.open("new@mail.example", **{"from": "no-reply@fjord.example", "to": ALICE})
    assert card.name == "unlinked"
    assert card.reads("It was sent by a machine.")


def test_where_deals_claim_a_mail_alike_the_card_asks(addon: Addon, office: Office, world: World) -> None:
    dora = world.contact(DORA, "Dora Lund")
    deals = {str(world.deal(name, dora)) for name in ("North", "South")}
    mail = office.mail(DORA_LUND, ALICE, "Hello")
    office.sync()
    card = addon.open(mail)
    assert card.reads("Which deal is this about?")
    assert {p.get("deal") for p in card.actions("choose-deal")} == {*deals, None}


def test_deals_of_no_company_are_not_everybodys(addon: Addon, office: Office, world: World) -> None:
    world.contact("kim.berg@gmail.com", "Kim Berg")
    world.deal("A deal with nobody")
    mail = office.mail("Kim Berg <kim.berg@gmail.com>", ALICE)
    office.sync()
    assert not addon.open(mail).reads("A deal with nobody")


def test_home_shows_tasks_and_who_waits(addon: Addon, office: Office, world: World) -> None:
    dora = world.contact(DORA, "Dora Lund")
    world.task("Call back", dora)
    office.mail(DORA_LUND, ALICE, "Are you there?")
    office.sync()
    card = addon.open()
    assert card.name == "home"
    assert {"Call back", "Are you there?", "They wait for your reply"} <= set(card.texts)


def test_a_call_is_the_last_touch_too(addon: Addon, office: Office, world: World) -> None:
    dora = world.contact(DORA, "Dora Lund")
    mail = office.mail(DORA_LUND, ALICE)
    office.sync()
    office.clock.advance(timedelta(hours=1))
    world.call("Asked for a discount", dora)
    assert addon.open(mail).reads("You called just now")


def test_a_reply_ends_what_is_owed(addon: Addon, office: Office, world: World) -> None:
    world.contact(DORA, "Dora Lund")
    mail = office.mail(DORA_LUND, ALICE)
    office.mail(ALICE, DORA, "Re: Hello", reply_to_id=mail)
    office.sync()
    card = addon.open(mail)
    assert card.reads("You wrote just now")
    assert not card.reads("you owe")


def test_a_colleague_is_named(addon: Addon, office: Office, world: World) -> None:
    open_mailbox(office, BOB)
    world.contact(DORA, "Dora Lund")
    mail = office.mail(DORA_LUND, ALICE)
    office.mail(f"Bob <{BOB}>", DORA, "Something else")
    office.sync()
    assert addon.open(mail).reads("Bob wrote just now")


def test_cards_speak_the_readers_language(addon: Addon, office: Office, world: World) -> None:
    world.contact(DORA, "Dora Lund")
    mail = office.mail(DORA_LUND, ALICE)
    office.sync()
    card = addon.open(mail, locale="es-MX")
    assert card.reads("debes una respuesta")


# --- who may see what ---


def test_a_mail_that_only_a_colleague_holds_and_does_not_share_is_not_recognised(
    addon: Addon, office: Office, world: World
) -> None:
    open_mailbox(office, BOB)
    dora = world.contact(DORA, "Dora Lund")
    world.deal("Forty seats", dora)
    mail = office.mail(DORA_LUND, BOB, "Secret plan")
    office.sync()
    assert addon.open(mail).name == "contact", "shared: the reader may know of it"
    _share(office, BOB, Sharing.NOTHING)
    card = addon.open(mail, **{"from": "Kim <kim@fjord.example>", "to": ALICE})
    assert card.title == "Kim", "only the headers that the reader has in hand speak"


def test_a_private_mail_of_a_colleague_shows_nothing(addon: Addon, office: Office, world: World) -> None:
    open_mailbox(office, BOB)
    world.contact(DORA, "Dora Lund")
    with office.emulator.store.transaction():
        label = label_named(office.emulator.mailbox(BOB), "Private")
    mail = office.mail(DORA_LUND, BOB, "Between us", labels=("INBOX", label))
    office.sync()
    card = addon.open(mail, **{"from": DORA_LUND, "to": ALICE})
    assert card.title == "Dora Lund"
    assert not card.reads("wrote"), "that she wrote to bob is not alice's to know"
    assert not card.actions("why")


def test_mail_of_another_workspace_does_not_exist(addon: Addon, office: Office) -> None:
    mail = office.mail(DORA_LUND, ALICE)
    office.sync()
    stranger = addon.as_(user_elsewhere(office))
    stored = addon.open(mail).offered("link-existing")["mail"]
    assert stored.isdecimal()
    assert stranger.act("link-existing", {"mail": stored}).status_code == 404
    assert stranger.open(mail, **{"from": DORA_LUND}).name == "unknown"


def test_another_workspaces_deal_is_not_found_and_nothing_is_told(addon: Addon, office: Office, world: World) -> None:
    dora = world.contact(DORA, "Dora Lund")
    deal = world.deal("Forty seats", dora)
    stranger = addon.as_(user_elsewhere(office))
    for name, parameters in (
        ("open-deal", {"deal": str(deal)}),
        ("set-stage", {"deal": str(deal)}),
        ("new-note", {"record": str(dora)}),
        ("save-note", {"record": str(dora)}),
        ("complete-task", {"task": "1"}),
    ):
        there = stranger.act(name, parameters, {"stage": "1", "text": "Hello"})
        nowhere = stranger.act(name, dict.fromkeys(parameters, "999999"), {"stage": "1", "text": "Hello"})
        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert "Forty" not in there.text
        assert "Dora" not in there.text


# --- how much it costs ---


@pytest.mark.parametrize("people", [1, 8])
def test_a_card_costs_few_statements_whatever_the_data(addon: Addon, office: Office, world: World, people: int) -> None:
    cards = _rich_mail(addon, office, world, people)
    for opened, most in ((cards, 9), (addon.open, 12)):
        with counted(addon.db) as statements:
            opened()
        assert 0 < len(statements) <= most, "\n\n".join(statements)


def _rich_mail(addon: Addon, office: Office, world: World, people: int) -> Callable[[], Card]:
    addresses = [DORA, *(f"p{n}@nordwind.example" for n in range(1, people))]
    contacts = [world.contact(address, f"Person {n}") for n, address in enumerate(addresses)]
    for n in range(people):
        deal = world.deal(f"Deal {n}", *contacts)
        world.task(f"Task {n}", deal, contacts[n])
    mail = office.mail(DORA, ALICE, cc=addresses[1:])
    office.sync()
    return lambda: addon.open(mail)


def test_a_card_stays_small_whatever_people_call_themselves(addon: Addon, office: Office, world: World) -> None:
    long = "Ünïcode 🦊 " * 40
    contacts = [world.contact(f"p{n}@nordwind.example", f"{long}{n}") for n in range(30)]
    for n in range(12):
        deal = world.deal(f"{long}{n}", *contacts)
        world.task(long * 20, deal)
    mail = office.mail("p0@nordwind.example", ALICE, long, cc=[f"p{n}@nordwind.example" for n in range(1, 30)])
    office.sync()
    answer = addon.post("context", {"messageId": f"<{mail}>", "locale": "en"})
    assert answer.status_code == 200
    assert len(answer.data) <= 30_000


def test_hostile_names_stay_text(addon: Addon, office: Office) -> None:
    mail = office.mail(
        '"<b>Kim</b> <a href=https://evil.example>x</a>" <kim@fjord.example>', ALICE, "<script>1</script>"
    )
    office.sync()
    texts = " ".join(addon.open(mail).texts)
    assert addon.open(mail).title.startswith("<b>Kim</b>"), "a header is plain text, shown as it is"
    assert "<script" not in texts


def _share(office: Office, owner: str, sharing: Sharing) -> None:
    with office.db.write() as session:
        session.execute(update(Mailbox).where(Mailbox.address == owner).values(sharing=sharing.value))
