from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.records import service
from backend.records.shapes import NewContact
from tests.browser.conftest import OpenPage, accessibility_faults
from tests.browser.test_pages import Shown, furnished, shown

__all__ = ["furnished", "shown"]

pytestmark = pytest.mark.browser


@pytest.fixture
def twin(shown: Shown) -> int:
    """A second Ana, with an address of her own."""
    address = ("ana@home.example", "ana@home.example")
    with shown.office.db.write() as session:
        return service.make_contact(session, shown.office.team, NewContact("Ana Ruiz López", (address,))).id


def test_a_contact_is_edited_in_place_by_keyboard(shown: Shown, open_page: OpenPage) -> None:
    page = shown.enter(open_page, f"/contacts/{shown.ana}?days=7")
    page.keyboard.press("e")
    expect(page.get_by_label("Job")).to_have_value("Buyer")
    assert accessibility_faults(page) == []
    page.get_by_label("Job").fill("Head of Purchasing")
    page.get_by_label("Job").press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator("#about")).to_contain_text("Head of Purchasing")


def test_a_duplicate_is_found_merged_and_brought_back(shown: Shown, open_page: OpenPage, twin: int) -> None:
    page = shown.enter(open_page, f"/contacts/{shown.ana}")
    page.get_by_role("link", name="Merge with a duplicate…").click()
    page.get_by_label("Name, address or domain").fill("")
    page.get_by_label("Name, address or domain").press_sequentially("ana@home")
    page.get_by_role("link", name="Ana Ruiz López").click()
    expect(page.get_by_text("Ana Ruiz takes over 1 address")).to_be_visible()
    assert accessibility_faults(page) == []
    page.get_by_role("button", name="Merge").click()
    expect(page.locator("#about")).to_contain_text("ana@home.example")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Ana Ruiz López")).to_be_visible()
    assert page.url.endswith(f"/contacts/{twin}")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_forms_can_be_used_by_everybody_and_fit(shown: Shown, open_page: OpenPage, twin: int, size: str) -> None:
    page = shown.enter(open_page, "/", size)
    faults: dict[str, list[str]] = {}
    for path in (
        f"/contacts/{shown.ana}/edit", f"/companies/{shown.company}/edit", f"/deals/{shown.deal}/edit",
        f"/records/{shown.ana}/merge", f"/records/{shown.ana}/merge?from={twin}",
    ):  # fmt: skip
        page.goto(shown.address + path)
        faults[path] = accessibility_faults(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults[path].append("hangs over the edge")
    assert {path: found for path, found in faults.items() if found} == {}


def test_a_deal_moved_to_lost_on_the_board_says_why(shown: Shown, open_page: OpenPage) -> None:
    page = shown.enter(open_page, "/pipeline")
    page.evaluate(
        """([path, stage_id]) => htmx.ajax("POST", path, {values: {stage_id}, target: "#board", swap: "outerHTML"})""",
        [f"/deals/{shown.deal}/stage", page.locator(".column-lost [data-stage]").get_attribute("data-stage")],
    )
    page.get_by_label("Why was Forty seats lost?").fill("Too expensive")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page).to_have_url(shown.address + "/pipeline")
