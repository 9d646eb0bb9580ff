from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from backend.activities.pages import blueprint as activities
from backend.activities.service import add_activity
from backend.activities.shapes import ActivityKind, NewActivity
from backend.db import Database
from backend.kit.clock import VirtualClock
from backend.linking.pages import blueprint as linking
from backend.records import service
from backend.records.pages import blueprint as records
from backend.records.shapes import NewCompany, NewContact, NewDeal
from backend.sequences.pages import blueprint as sequences
from backend.timeline.pages import blueprint as timeline
from tests.browser.conftest import IN_BOTH_LOOKS, OpenPage, Serve, accessibility_faults
from tests.web.post import Post
from tests.web.team import Office, open_office

pytestmark = pytest.mark.browser

ANA = "Ana Ruiz <ana@nordwind.example>"
REPLY = "Yes, forty please.\n\nOn Mon, 5 Jan 2026 at 09:00, Lucía <lucia@lumbrera.example> wrote:\n> How many seats?\n"


@dataclass(frozen=True, slots=True)
class Shown:
    """An office with something on every page, served at `address`."""

    address: str
    office: Office
    ana: int
    company: int
    deal: int

    def enter(self, open_page: OpenPage, path: str, *options: str) -> Page:
        """Sign in and go to a page."""
        page = open_page(f"{self.address}/sign-in-as/{self.office.rep_id}", *options)
        page.goto(self.address + path)
        return page


@pytest.fixture(scope="module")
def furnished(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """The office made once; its database's file is copied for each test."""
    path = tmp_path_factory.mktemp("furnished") / "office.db"
    shutil.copy(sqlite_template, path)
    db, clock = Database(f"sqlite:///{path}"), VirtualClock()
    office = open_office(db, clock, timeline, records, linking, activities, sequences)
    company, ana, deal = _records(office)
    _deliver(Post(office), clock)
    db.dispose()
    return Shown(str(path), office, ana, company, deal)


@pytest.fixture
def shown(furnished: Shown, tmp_path: Path, serve: Serve) -> Iterator[Shown]:
    path = shutil.copy(furnished.address, tmp_path / "office.db")
    db = Database(f"sqlite:///{path}")
    office = furnished.office.copied_to(db)
    with serve(office.app) as address:
        yield replace(furnished, address=address, office=office)
    db.dispose()


def _deliver(post: Post, clock: VirtualClock) -> None:
    for n in range(45):
        post.deliver(f"Seats, part {n}", REPLY, sender=ANA, at=clock.now() - timedelta(hours=20 * n + 1))
    post.deliver("Who are you?", "A stranger asks.", sender="Bo Li <bo@stranger.example>")
    post.deliver("Kits or seats?", "Which one?", sender="Cara Diaz <cara@twodeals.example>")


def _records(office: Office) -> tuple[int, int, int]:
    with office.db.write() as session:
        team, stages = office.team, office.stages(session)
        company = service.make_company(
            session, team, NewCompany("Nordwind GmbH", ("nordwind.example",), city="Kiel")
        ).id
        ana, cara = (
            service.make_contact(session, team, NewContact(name, ((email, email),), title="Buyer", company_id=at)).id
            for name, email, at in (
                ("Ana Ruiz", "ana@nordwind.example", company),
                ("Cara Diaz", "cara@twodeals.example", None),
            )
        )
        deals = [
            service.make_deal(
                session, team,
                NewDeal(name, stage.pipeline_id, stage.id, company_id=company if who == ana else None,
                        contact_ids=(who,), amount_minor=1_200_000, expected_close=date(2026, 2, 1),
                        owner_id=office.rep_id),
                "D",
            ).id
            for name, stage, who in (
                ("Forty seats", stages[0], ana), ("Kits", stages[1], cara), ("Seats", stages[3], cara),
                ("Old kits", stages[6], cara),
            )
        ]  # fmt: skip
        for kind in (ActivityKind.TASK, ActivityKind.NOTE):
            due = office.clock.now() - timedelta(days=1) if kind is ActivityKind.TASK else None
            new = NewActivity(kind, "Send the offer", (deals[0],), office.rep_id, due_at=due)
            add_activity(session, office.clock, office.workspace_id, new)
    return company, ana, deals[0]


@IN_BOTH_LOOKS
def test_every_page_can_be_used_by_everybody_and_fits(
    shown: Shown, open_page: OpenPage, size: str, scheme: str
) -> None:
    page = shown.enter(open_page, "/", size, scheme)
    faults: dict[str, list[str]] = {}
    for path in (
        "/", "/timeline?days=7", "/pipeline", "/contacts", "/companies", "/deals?state=all", "/unlinked",
        "/search?days=7&q=nordwind", f"/contacts/{shown.ana}?days=7", f"/companies/{shown.company}?days=7",
        f"/deals/{shown.deal}?days=7", "/deals/new",
    ):  # fmt: skip
        page.goto(shown.address + path)
        faults[path] = accessibility_faults(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults[path].append("hangs over the edge")
    assert {path: found for path, found in faults.items() if found} == {}


def test_a_mail_opens_in_place_with_its_quotes_folded(shown: Shown, open_page: OpenPage) -> None:
    page = shown.enter(open_page, "/timeline")
    page.get_by_text("Seats, part 0", exact=True).click()
    expect(page.locator(".mail-text").get_by_text("Yes, forty please.")).to_be_visible()
    quoted = page.locator(".mail-text pre")
    expect(quoted).to_be_hidden()
    page.get_by_text("Quoted text").click()
    expect(quoted).to_contain_text("How many seats?")
    expect(quoted).to_be_visible()


def test_the_timeline_goes_on_in_place(shown: Shown, open_page: OpenPage) -> None:
    page = shown.enter(open_page, "/timeline?kind=mail")
    expect(page.locator("article")).to_have_count(40)
    page.get_by_role("link", name="Load older").click()
    expect(page.get_by_text("Seats, part 44", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Load older")).to_have_count(0)


def test_a_receipt_opens_beside_its_mail_and_one_tap_unlinks_and_brings_back(shown: Shown, open_page: OpenPage) -> None:
    page = shown.enter(open_page, f"/contacts/{shown.ana}")
    newest = page.locator("article.entry-mail").first
    newest.get_by_text("Why linked?").click()
    expect(newest.get_by_text("ana@nordwind.example is this contact's address.")).to_be_visible()
    assert accessibility_faults(page) == []
    newest.get_by_text("Not right? Unlink").nth(1).click()
    newest.get_by_role("button", name="This mail").click()
    expect(page.get_by_text("1 mail unlinked.")).to_be_visible()
    expect(page.get_by_text("Seats, part 0", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Seats, part 0", exact=True)).to_be_visible()


def test_a_card_is_dragged_to_another_stage_and_undone(shown: Shown, open_page: OpenPage) -> None:
    page = shown.enter(open_page, "/pipeline")
    demo = page.get_by_role("region", name="Demo")
    card = page.get_by_role("listitem").filter(has_text="Forty seats")
    grip, there = card.bounding_box(), demo.locator("ul").bounding_box()
    assert grip
    assert there
    page.mouse.move(grip["x"] + 20, grip["y"] + grip["height"] - 10)
    page.mouse.down()
    for y in (30, 40, 50):  # chromium tells of a drag only now and then, so rest a moment over the target
        page.mouse.move(there["x"] + 60, there["y"] + y, steps=6)
        page.wait_for_timeout(100)
    page.mouse.up()
    expect(page.get_by_text("Forty seats moved.")).to_be_visible()
    expect(demo).to_contain_text("€12K")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("region", name="New")).to_contain_text("Forty seats")


def test_a_card_is_moved_by_keyboard_alone(shown: Shown, open_page: OpenPage) -> None:
    page = shown.enter(open_page, "/pipeline")
    page.get_by_role("link", name="Forty seats").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_label("Stage of Forty seats").select_option("Proposal")
    expect(page.get_by_role("region", name="Proposal")).to_contain_text("Forty seats")


def test_a_task_is_ticked_off_from_today(shown: Shown, open_page: OpenPage) -> None:
    page = shown.enter(open_page, "/")
    page.get_by_role("button", name="Done: Send the offer").click()
    expect(page.get_by_role("button", name="Done: Send the offer")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Done: Send the offer")).to_be_visible()


def test_a_note_is_written_where_it_belongs(shown: Shown, open_page: OpenPage) -> None:
    page = shown.enter(open_page, f"/deals/{shown.deal}")
    page.get_by_text("Note, task or call").click()
    page.get_by_label("What the team should know").fill("Prefers mornings.")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator("article.entry-note").first).to_contain_text("Prefers mornings.")


def test_a_strangers_mail_is_linked_to_what_was_typed(shown: Shown, open_page: OpenPage) -> None:
    page = shown.enter(open_page, "/unlinked")
    page.locator("summary", has_text="Link").click()
    page.get_by_label("Link to existing").press_sequentially("ana r")
    page.get_by_role("button", name="Ana Ruiz").click()
    expect(page.get_by_text("Linked; its conversation follows.")).to_be_visible()
    expect(page.get_by_text("Who are you?")).to_have_count(0)


def test_a_company_is_offered_while_one_types(shown: Shown, open_page: OpenPage) -> None:
    page = shown.enter(open_page, "/deals/new")
    page.get_by_label("Name").fill("Fifty seats")
    page.get_by_label("Company").press_sequentially("nord")
    expect(page.locator("#companies option")).to_have_attribute("value", "Nordwind GmbH")
    page.get_by_label("Company").fill("Nordwind GmbH")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Fifty seats")).to_be_visible()
