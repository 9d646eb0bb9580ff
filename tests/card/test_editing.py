"""Contacts and deals made and changed in the card's forms, and the undo that puts their fields back."""

from __future__ import annotations

import pytest

from tests.card.addon import Addon, Card
from tests.card.world import World, user_elsewhere
from tests.cast import ALICE, DORA, Office

KIM = "Kim Berg <kim@fjord.example>"


@pytest.fixture(name="dora")
def make_dora(world: World) -> int:
    return world.contact(DORA, "Dora Lund")


def arrived(addon: Addon, office: Office, sender: str = f"Dora Lund <{DORA}>") -> Card:
    mail = office.mail(sender, ALICE, "Re: Forty seats")
    office.sync()
    return addon.open(mail)


def values(form: Card) -> dict[str, str]:
    (section,) = form.json["sections"]
    return {widget["name"]: widget.get("value", "") for widget in section["widgets"]}


def test_a_deal_is_made_with_amount_and_date_once_and_taken_back(addon: Addon, office: Office, dora: int) -> None:
    card = arrived(addon, office)
    form = addon.click(card, "new-deal", record=str(dora))
    assert values(form) == {"name": "Nordwind – Forty seats", "amount": "", "closes": ""}
    typed = {"name": "Forty seats", "amount": "12,000.50", "closes": "2026-03-15"}
    done = addon.click(form, "save-new-deal", typed)
    assert done.reads("Forty seats was added.")
    assert done.reads("€12,000.50 · closes Mar 15")
    assert addon.click(form, "save-new-deal", typed).reads("is open already")
    assert not addon.click(done, "undo").reads("Forty seats · ")


def test_a_deal_is_changed_and_put_back_unless_somebody_was_faster(
    addon: Addon, office: Office, world: World, dora: int
) -> None:
    deal = str(world.deal("Forty seats", dora, amount_minor=12_000_00))
    card = arrived(addon, office)
    form = addon.click(addon.click(card, "open-deal", deal=deal), "edit-deal")
    assert values(form) == {"name": "Forty seats", "amount": "12000", "closes": ""}
    first = addon.click(form, "save-deal", {"name": "Fifty seats", "amount": "15000", "closes": "2026-04-01"})
    assert first.reads("Fifty seats is saved.")
    assert first.reads("€15,000 · closes Apr 1")
    second = addon.click(form, "save-deal", {"name": "Fifty seats", "amount": "16000", "closes": "2026-04-01"})
    late = addon.try_click(first, "undo")
    assert (late.status_code, "changed again meanwhile" in late.get_json()["notification"]) == (400, True)
    undone = addon.click(second, "undo")
    assert undone.reads("€15,000 · closes Apr 1")
    assert addon.click(second, "undo").reads("Undone."), "undoing twice is as undoing once"


def test_a_contact_is_changed_and_put_back(addon: Addon, office: Office, dora: int) -> None:
    form = addon.click(arrived(addon, office), "edit-contact", record=str(dora))
    done = addon.click(form, "save-contact", {"name": "Dora  Lindt", "title": "Buyer", "phone": "+34 600"})
    assert (done.title, done.json["header"]["subtitle"]) == ("Dora Lindt", "Buyer")
    assert addon.click(form, "save-contact", {"name": "Dora Lindt", "title": "Buyer", "phone": "+34 600"}).reads(
        "saved"
    )
    assert addon.click(done, "undo").title == "Dora Lund"


def test_a_stranger_becomes_a_contact_with_details(addon: Addon, office: Office) -> None:
    form = addon.click(arrived(addon, office, KIM), "new-contact")
    assert values(form)["name"] == "Kim Berg"
    done = addon.click(form, "save-new-contact", {"name": "Kim A. Berg", "title": "CEO", "phone": ""})
    assert (done.title, done.json["header"]["subtitle"]) == ("Kim A. Berg", "CEO")
    assert addon.click(done, "undo").name == "unknown"


@pytest.mark.parametrize(
    "typed",
    [
        {"name": " "},
        {"name": "x", "amount": "many"},
        {"name": "x", "amount": "NaN"},
        {"name": "x", "amount": "1e999"},
        {"name": "x", "closes": "soon"},
    ],
    ids=str,
)
def test_what_cannot_be_saved_is_said_and_nothing_changes(
    addon: Addon, office: Office, world: World, dora: int, typed: dict[str, str]
) -> None:
    deal = str(world.deal("Forty seats", dora))
    answer = addon.act("save-deal", {"deal": deal}, typed)
    assert answer.status_code == 400
    assert answer.get_json()["notification"]
    assert addon.click(arrived(addon, office), "open-deal", deal=deal).title == "Forty seats"


@pytest.mark.parametrize(
    "action", ["edit-contact", "new-deal", "save-contact", "save-new-deal", "edit-deal", "save-deal"]
)
def test_another_teams_records_are_not_there(addon: Addon, office: Office, dora: int, action: str) -> None:
    elsewhere = addon.as_(user_elsewhere(office))
    parameters = {"deal" if action.endswith("t-deal") or action == "save-deal" else "record": str(dora)}
    assert elsewhere.act(action, parameters, {"name": "x"}).status_code == 404


def test_a_long_name_is_saved_whole_though_its_undo_does_not_fit(addon: Addon, office: Office, dora: int) -> None:
    form = addon.click(arrived(addon, office), "edit-contact", record=str(dora))
    names = ["".join(chr(0x4E00 + (i * 7919 + n) % 20000) for i in range(200)) for n in (0, 5)]
    addon.click(form, "save-contact", {"name": names[0]})
    done = addon.click(form, "save-contact", {"name": names[1]})
    assert done.reads("is saved")
    assert not done.actions("undo")


def test_settings_say_who_one_is_and_which_mailboxes_are_read(addon: Addon) -> None:
    home = addon.open()
    settings = addon.click(home, "settings")
    assert {"Alice · alice@acme.example", "Rep", "alice@acme.example", "is being read"} <= set(settings.texts)
    assert "https://crm.example.com/settings/mailboxes" in str(settings.json)
