from __future__ import annotations

from collections.abc import Iterator

import pytest
from apiflask import APIFlask
from flask import Blueprint, render_template_string
from playwright.sync_api import expect

from backend.web.nav import Place, Way, open_way
from backend.web.toasts import toast
from tests.browser.conftest import IN_BOTH_LOOKS, OpenPage, Serve, accessibility_faults
from tests.web.conftest import app, door  # noqa: F401 - fixtures: the frame alone

pytestmark = pytest.mark.browser

PAGE = """{% extends "web/base.html" %}{% block title %}Room{% endblock %}{% block content %}
{% call ui.page_head("Timeline", "Newest first") %}<a class="btn btn-primary" href="/">Export</a>{% endcall %}
<div class="chips">{{ ui.chip("All", "/", true, 12) }}{{ ui.chip("Mail", "/") }}</div>
{% for tone in ("good", "warn", "bad", "info", "quiet") %}{{ ui.badge(tone, tone) }}{% endfor %}
{% for n in range(60) %}<span data-row>{{ ui.avatar("Person " ~ n) }}<a href="/">Row {{ n }}</a></span>{% endfor %}
{% call ui.popover("Why?", "why") %}Because she wrote.{% endcall %}
{% call ui.empty("mail", "No mail", "It lands here.") %}<button class="btn btn-primary">Connect</button>{% endcall %}
{% endblock %}"""


@pytest.fixture
def address(app: APIFlask, serve: Serve) -> Iterator[str]:  # noqa: F811 - a fixture by its name
    room = Blueprint("room", __name__)
    room.add_url_rule("/", "home", lambda: render_template_string(PAGE))
    room.add_url_rule("/other", "other", lambda: render_template_string(PAGE))
    room.add_url_rule("/notice", "notice", _notice)
    open_way(
        room,
        Way("home", "Timeline", "timeline", "room.home", 20, keys="g t", on_phone=True),
        Way("other", "Pipeline", "pipeline", "room.other", 30, keys="g p"),
        Way("search", "Search", "search", "room.other", 1, Place.SEARCH),
        Way("new", "Contact", "contacts", "room.other", 1, Place.CREATE),
    )
    app.register_blueprint(room)
    with serve(app) as base:
        yield base


def _notice() -> str:
    toast("Moved.", undo="/other")
    return render_template_string(PAGE)


@IN_BOTH_LOOKS
def test_the_frame_and_its_parts_can_be_used_by_everybody(
    address: str, open_page: OpenPage, size: str, scheme: str
) -> None:
    page = open_page(f"{address}/notice", size, scheme)
    assert accessibility_faults(page) == []
    page.get_by_text("Why?").click()
    page.get_by_role("button", name="You: Lucía Navarro").click()
    assert accessibility_faults(page) == []


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_nothing_hangs_over_the_edge(address: str, open_page: OpenPage, size: str) -> None:
    page = open_page(address, size)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_two_keys_lead_to_another_page(address: str, open_page: OpenPage) -> None:
    page = open_page(address)
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/other")


def test_the_slash_leads_to_the_search_box_where_letters_are_letters(address: str, open_page: OpenPage) -> None:
    page = open_page(address)
    page.keyboard.press("/")
    page.keyboard.type("gp jk")
    expect(page.locator("[data-search]")).to_have_value("gp jk")
    assert page.url == f"{address}/"


def test_j_and_k_walk_over_the_rows(address: str, open_page: OpenPage) -> None:
    page = open_page(address)
    for key in "jjjk":
        page.keyboard.press(key)
    expect(page.get_by_text("Row 1", exact=True)).to_be_focused()


def test_the_question_mark_lists_the_shortcuts_and_they_can_be_switched_off(address: str, open_page: OpenPage) -> None:
    page = open_page(address)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Pipeline")
    page.get_by_role("switch").click()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.get_by_text("Row 0", exact=True)).not_to_be_focused()


def test_a_chosen_theme_stays(address: str, open_page: OpenPage) -> None:
    page = open_page(address, scheme="light")
    page.get_by_role("button", name="You: Lucía Navarro").click()
    page.get_by_role("button", name="Dark").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_a_notice_goes_after_ten_seconds(address: str, open_page: OpenPage) -> None:
    page = open_page(address)
    page.clock.install()
    page.goto(f"{address}/notice")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.clock.run_for(9_000)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.clock.run_for(1_500)
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_escape_closes_a_panel_and_gives_the_focus_back(address: str, open_page: OpenPage) -> None:
    page = open_page(address)
    why = page.get_by_text("Why?")
    why.click()
    expect(page.get_by_text("Because she wrote.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Because she wrote.")).to_be_hidden()


def test_a_phone_has_its_bar_and_the_rest_behind_more(address: str, open_page: OpenPage) -> None:
    page = open_page(address, "phone")
    page.get_by_role("button", name="More").click()
    page.get_by_role("dialog").get_by_role("link", name="Pipeline").click()
    page.wait_for_url("**/other")
