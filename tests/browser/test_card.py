from __future__ import annotations

from collections.abc import Iterator

import pytest
from apiflask import APIFlask
from flask import Blueprint, render_template_string, request, url_for
from markupsafe import Markup
from playwright.sync_api import expect

from backend.card.cards import context_card, forms
from backend.card.preview import panel
from backend.card.shapes import Card
from backend.card.workspace_json import card_json
from tests.browser.conftest import OpenPage, Serve, accessibility_faults
from tests.card.gallery import all_cards
from tests.card.samples import ENGLISH, KNOWN, MAIL
from tests.web.conftest import app, door  # noqa: F401 - fixtures: the frame alone

pytestmark = pytest.mark.browser

PAGE = """{% extends "web/base.html" %}{% block title %}Mail{% endblock %}
{% block head %}<link rel="stylesheet" href="{{ url_for('web.static', filename='card.css') }}">{% endblock %}
{% block content %}{{ ui.page_head("Mail") }}{{ panels }}{% endblock %}"""


@pytest.fixture
def address(app: APIFlask, serve: Serve) -> Iterator[str]:  # noqa: F811 - a fixture by its name
    room = Blueprint("room", __name__)
    room.add_url_rule("/card", "card", lambda: page_of(context_card(KNOWN, ENGLISH)))
    room.add_url_rule("/note", "note", lambda: page_of(forms.note_card("p1", "Ana", MAIL, ENGLISH)))
    # Faces and charts come from the installation's own address, which no test can reach: their card stays out.
    room.add_url_rule("/all", "all", lambda: page_of(*all_cards(ENGLISH)[1:]))
    room.add_url_rule("/actions/<name>", "act", _act, methods=["POST"])
    app.register_blueprint(room)
    with serve(app) as base:
        yield base


def page_of(*cards: Card) -> str:
    return page_with(Markup().join(drawn(card) for card in cards))


def page_with(panels: Markup) -> str:
    return render_template_string(PAGE, panels=panels)


def drawn(card: Card, notification: str = "") -> Markup:
    icons = url_for("web.static", filename="icons.svg")
    return panel(card_json(card, "/actions"), ENGLISH, icons_url=icons, notification=notification)


def _act(name: str) -> str:
    """Answer with a toast of what arrived: the panel alone to htmx, a whole page to a browser without scripts."""
    said = ", ".join(f"{key}={value}" for key, value in sorted(request.values.items()))
    answer = drawn(context_card(KNOWN, ENGLISH), f"{name}: {said}")
    return answer if "HX-Request" in request.headers else page_with(answer)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_card_can_be_read_by_everybody(address: str, open_page: OpenPage, scheme: str) -> None:
    page = open_page(f"{address}/all", scheme=scheme)
    assert accessibility_faults(page) == []


def test_a_card_is_as_wide_as_gmails_panel_and_nothing_hangs_out(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/all")
    for card in page.locator(".gcard").all():
        assert card.evaluate("card => [card.offsetWidth, card.scrollWidth <= card.clientWidth]") == [300, True]


def test_a_button_acts_and_its_answer_takes_the_cards_place(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/card")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("complete-task: mail=m1, stage=s2, task=k1")).to_be_visible()
    expect(page.locator(".gcard")).to_have_count(1)


def test_a_new_stage_is_posted_as_soon_as_it_is_chosen(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/card")
    page.get_by_label("Stage").select_option("Won")
    expect(page.get_by_text("set-stage: deal=d1, mail=m1, stage=s3")).to_be_visible()


def test_an_empty_note_is_not_saved(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/note")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".gcard-toast")).to_have_count(0)
    page.get_by_role("textbox", name="Note").fill("Wants 40 seats")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_text("save-note: mail=m1, record=p1, text=Wants 40 seats")).to_be_visible()


def test_buttons_work_without_scripts(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/card", java_script_enabled=False)
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("complete-task: mail=m1, stage=s2, task=k1")).to_be_visible()
