"""Mail as people and machines really write it: odd names, HTML in subjects, crowds, lists, oneself; over both doors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from tests.card.addon import Addon, Card, addon_for
from tests.card.hosted import CALLER, Hosted
from tests.card.lint import walk
from tests.card.world import World
from tests.cast import ALICE, DORA, Office, open_office

NAMES = {
    "quotes": 'Jane \\"Jay\\" O\'Neil',
    "comma": "Doe, Jane",
    "emoji": "👩‍💻 Ada 🏳️‍🌈",
    "right to left": "דנה \u202eevil\u202c مرحبا",
    "2,000 characters": "N" * 2000,
    "markup": "<b>Bob</b> & <script>alert(1)</script>",
}


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    return open_office(sqlite_db, clock, emulator)


@pytest.fixture
def google(office: Office) -> Iterator[Hosted]:
    with addon_for(office, ENLACE_ADDON_SERVICE_ACCOUNT=CALLER) as addon:
        yield Hosted(addon)


def html_of(card: Card) -> str:
    """What Google reads as HTML: the texts of lines and paragraphs; headers and labels are shown as they are."""
    return " ".join(
        str(node["text"])
        for _, node in walk(card.json)
        if isinstance(node, dict) and node.get("type") in {"line", "paragraph"}
    )


@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_a_strangers_name_however_odd_is_one_person_and_becomes_one_contact(addon: Addon, name: str) -> None:
    card = addon.open("odd@mail.example", **{"from": f'"{name}" <jane@fjord.example>', "to": ALICE})
    assert card.name == "unknown"
    done = addon.click(card, "create-contact")
    assert done.name == "contact"
    assert done.reads("is a contact now.")
    assert "<script" not in html_of(done)


@pytest.mark.parametrize("subject", ["<img src=x onerror=alert(1)> & <b>bold</b>", "", "N" * 2000])
def test_a_subject_of_html_none_or_2000_characters_is_text(
    addon: Addon, google: Hosted, office: Office, world: World, subject: str
) -> None:
    dora = world.contact(DORA, "Dora Lund")
    world.deal("Forty seats", dora)
    mail = office.mail(DORA, ALICE, subject)
    office.sync()
    card = addon.open(mail)
    for name in ("link-existing", "new-deal", "why"):
        assert "<img" not in html_of(addon.click(card, name))
    assert addon.open().name == "home"
    gmail = {"messageId": office.gmail(ALICE).list_messages().refs[0].id, "accessToken": "for this mail"}
    assert google.shown("mail", gmail=gmail)["name"] == "contact"


def test_fifty_participants_are_a_picker_that_stays_within_googles_limits(
    addon: Addon, google: Hosted, office: Office, world: World
) -> None:
    world.contact("p7@fjord.example", "Seven")
    people = [f'"Person, {i}" <p{i}@fjord.example>' for i in range(50)]
    mail = office.mail("Kim <kim@fjord.example>", ALICE, cc=people)
    office.sync()
    card = addon.open(mail)
    assert (card.name, card.title) == ("several", "51 people in this mail")
    assert card.texts.index("Seven") < card.texts.index("Person, 0"), "whom the team knows comes first"
    gmail = {"messageId": office.gmail(ALICE).list_messages().refs[0].id, "accessToken": "for this mail"}
    assert google.shown("mail", gmail=gmail)["name"] == "several"
    headers = {"from": "Kim <kim@fjord.example>", "to": ALICE, "cc": ", ".join(people)}
    assert addon.open("new@mail.example", **headers).title == "51 people in this mail"


def test_a_mailing_lists_mail_hangs_on_nothing_and_can_be_linked_by_hand(
    addon: Addon, office: Office, world: World
) -> None:
    deal = world.deal("Forty seats", world.contact(DORA, "Dora Lund"))
    headers = [("List-Id", "<kilns.fjord.example>"), ("Precedence", "list"), ("List-Post", "<mailto:k@fjord.example>")]
    mail = office.mail("Kim <kim@fjord.example>", ALICE, "[kilns] Who has one?", headers=headers)
    office.sync()
    card = addon.open(mail)
    assert card.name == "unlinked"
    assert not card.actions("create-contact")
    found = addon.click(addon.click(card, "link-existing"), "search", {"query": "forty"})
    assert addon.click(found, "link-to", record=str(deal)).reads("Linked to Forty seats")


def test_ones_own_mail_to_oneself_makes_nobody_a_contact(addon: Addon, office: Office) -> None:
    mail = office.mail(f"Alice <{ALICE}>", ALICE, "Note to self")
    office.sync()
    cards: list[Card] = [addon.open(mail), addon.open("new@mail.example", **{"from": ALICE, "to": f"Me <{ALICE}>"})]
    for card in cards:
        assert (card.name, card.title) == ("internal", "Your own mail")
        assert not card.actions("create-contact")
