"""The demo's preview in chromium: what a rep does beside a mail, by taps alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.sequences.texts.service import save_template
from tests.browser.conftest import IN_BOTH_LOOKS, OpenPage, Serve, accessibility_faults
from tests.card.addon import addon_for
from tests.card.world import World
from tests.cast import ALICE, BOB, DORA, Office, open_office

pytestmark = pytest.mark.browser

KIM = "Kim Berg <kim@fjord.example>"


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    """Alice's mailbox with one mail of each kind."""
    office = open_office(sqlite_db, clock, emulator)
    world = World(office)
    dora = world.contact(DORA, "Dora Lund", title="Head of Purchasing")
    deal = world.deal("Forty seats", dora, amount_minor=12_000_00)
    world.task("Send revised offer", deal)
    office.mail(f"Dora Lund <{DORA}>", ALICE, "The offer", "Could you send the offer again?\n\nDora")
    office.mail(KIM, ALICE, "A new kiln", "We are looking for a kiln.")
    office.mail(BOB, ALICE, "Lunch?")
    office.mail("News <news@fjord.example>", ALICE, "News", headers=[("List-Unsubscribe", "<https://fjord.example/u>")])
    office.sync()
    return office


@pytest.fixture
def address(office: Office, serve: Serve) -> Iterator[str]:
    with (
        addon_for(office, is_demo=True, ENLACE_PUBLIC_URL="http://127.0.0.1:8000") as addon,
        serve(addon.app) as base,
    ):
        yield base


def enter(open_page: OpenPage, address: str, size: str = "desk", scheme: str = "light") -> Page:
    """Sign in as Alice with one click, and go to the preview."""
    page = open_page(f"{address}/login?next=/preview", size, scheme)
    page.locator(f"form:has(input[value='{ALICE}']) button").click()
    expect(page.get_by_role("heading", name="Card preview")).to_be_visible()
    return page


def open_mail(page: Page, subject: str) -> None:
    page.locator(".preview-line", has_text=subject).click()
    expect(page.get_by_role("heading", name=subject)).to_be_visible()


def test_two_taps_make_a_stranger_a_customer(address: str, open_page: OpenPage) -> None:
    page = enter(open_page, address)
    open_mail(page, "A new kiln")
    page.get_by_role("button", name="Create contact + deal").click()
    expect(page.get_by_text("Fjord – A new kiln was added.")).to_be_visible()
    expect(page.locator(".gcard-title")).to_have_text("Kim Berg")


def test_a_rep_works_beside_the_mail(address: str, open_page: OpenPage) -> None:
    page = enter(open_page, address)
    open_mail(page, "The offer")
    page.get_by_label("Stage").select_option("Proposal")
    expect(page.get_by_text("Forty seats moved to Proposal.")).to_be_visible()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("Done: Send revised offer")).to_be_visible()
    page.get_by_role("button", name="Note").click()
    page.get_by_role("textbox", name="Note").fill("Wants them in blue")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_text("Note saved.")).to_be_visible()
    page.get_by_role("button", name="Why?").click()
    page.get_by_role("button", name="This mail").click()
    expect(page.get_by_text("1 mail unlinked.")).to_be_visible()
    expect(page.get_by_role("button", name="Why?")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Why?")).to_be_visible()


def test_a_template_lands_in_the_draft_at_a_tap(address: str, office: Office, open_page: OpenPage) -> None:
    with office.db.write() as session:
        save_template(
            session, office.clock, office.actors[ALICE], None,
            name="Offer", subject="Our {{ deal.name }}", body="Hi {{ contact.first_name }}!", is_shared=True,
        )  # fmt: skip
    page = enter(open_page, address)
    open_mail(page, "The offer")
    page.locator(".preview-mail").get_by_role("link", name="Reply").click()
    page.get_by_role("textbox", name="Text of the mail").fill("Dear Dora, ")
    page.get_by_role("button", name="With subject").click()
    expect(page.locator("#draft-subject")).to_have_value("Our Forty seats")
    expect(page.locator("#draft-body")).to_have_text("Dear Dora, Hi Dora!")
    expect(page.locator(".gcard")).to_have_count(1)
    assert accessibility_faults(page) == []


def test_an_arrow_leads_back_from_a_pushed_card(address: str, open_page: OpenPage) -> None:
    page = enter(open_page, address)
    open_mail(page, "The offer")
    page.get_by_role("button", name="Task").click()
    expect(page.locator(".gcard-title")).to_have_text("New task")
    page.get_by_role("link", name="Back").click()
    expect(page.locator(".gcard-title")).to_have_text("Dora Lund")


def test_on_a_phone_one_goes_from_the_list_to_the_mail_to_the_card(address: str, open_page: OpenPage) -> None:
    page = enter(open_page, address, "phone")
    expect(page.locator(".gcard")).to_be_hidden()
    open_mail(page, "A new kiln")
    expect(page.locator(".preview-list")).to_be_hidden()
    page.get_by_role("link", name="To the card").click()
    expect(page.locator(".gcard-title")).to_be_in_viewport()
    page.get_by_role("link", name="All mails").click()
    expect(page.locator(".preview-list")).to_be_visible()


@IN_BOTH_LOOKS
def test_the_preview_can_be_used_by_everybody(address: str, open_page: OpenPage, size: str, scheme: str) -> None:
    page = enter(open_page, address, size, scheme)
    assert accessibility_faults(page) == []
    for subject in ("The offer", "A new kiln", "News"):
        page.goto(f"{address}/preview")
        open_mail(page, subject)
        assert accessibility_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.goto(f"{address}/preview/home")
    assert accessibility_faults(page) == []
