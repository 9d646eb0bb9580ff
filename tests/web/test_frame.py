from __future__ import annotations

import re
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask import Blueprint, render_template_string
from flask.testing import FlaskClient

from backend.web.frame import STATIC, hue, initials
from backend.web.nav import Place, Way, open_way
from backend.web.toasts import toast
from tests.web.conftest import ELENA, Door

PAGE = "{% extends 'web/base.html' %}{% block title %}Room{% endblock %}{% block content %}<p>Hello</p>{% endblock %}"
TEMPLATES = sorted(Path(__file__, "../../../backend").resolve().glob("*/templates/**/*.html"))


@pytest.fixture(autouse=True)
def room(app: APIFlask, pages: Blueprint) -> None:
    pages.add_url_rule("/", "home", lambda: render_template_string(PAGE))
    pages.add_url_rule("/more", "home_more", lambda: render_template_string(PAGE))
    pages.add_url_rule("/other", "other", lambda: render_template_string(PAGE))
    pages.add_url_rule("/move", "move", _move, methods=["GET", "POST"])
    open_way(
        pages,
        Way("settings", "Settings", "settings", "room.other", 120, role="admin"),
        Way("home", "Timeline", "timeline", "room.home", 20, keys="g t", on_phone=True),
    )
    app.register_blueprint(pages)


def _move() -> str:
    toast("Moved <b>on</b>.", undo="/undo/7")
    return "moved"


def test_every_answer_keeps_to_itself(client: FlaskClient) -> None:
    for path in ("/", "/nowhere", "/assets/app.js"):
        with client.get(path) as answer:
            headers = answer.headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers  # the installation is local


def test_a_page_is_private_and_a_file_addressed_by_its_content_is_kept(client: FlaskClient) -> None:
    assert client.get("/").headers["Cache-Control"] == "private, no-cache"
    address = re.findall(r"/assets/tokens\.css\?v=\w{12}", client.get("/").text)[0]
    with client.get(address) as answer:
        assert "immutable" in answer.headers["Cache-Control"]


def test_the_rail_shows_what_rooms_opened_and_nothing_else(client: FlaskClient, door: Door) -> None:
    page = client.get("/").text
    assert 'data-keys="g t"' in page
    assert "Pipeline" not in page
    assert "Settings" not in page  # Lucía is no admin
    door.visitor = ELENA
    page = client.get("/").text
    assert page.index("Timeline") < page.index("Settings")


def test_the_rail_says_where_you_are_also_on_pages_below(client: FlaskClient) -> None:
    assert client.get("/").text.count('aria-current="page"') == 2  # rail and bottom bar
    assert client.get("/more").text.count('aria-current="page"') == 2
    assert 'aria-current="page"' not in client.get("/other").text


def test_a_stranger_sees_no_way_into_the_house(client: FlaskClient, door: Door) -> None:
    door.visitor = None
    assert "rail-link" not in client.get("/").text


def test_a_search_box_and_a_sign_out_stand_there_once_a_room_opened_them(app: APIFlask, client: FlaskClient) -> None:
    assert 'role="search"' not in client.get("/").text
    other = Blueprint("other", __name__)
    other.add_url_rule("/search", "search", lambda: "found")
    other.add_url_rule("/logout", "logout", lambda: "bye", methods=["POST"])
    open_way(
        other,
        Way("search", "Search all", "search", "other.search", 1, Place.SEARCH),
        Way("out", "Sign out", "leave", "other.logout", 1, Place.SIGN_OUT),
    )
    app._got_first_request = False
    app.register_blueprint(other)
    page = client.get("/").text
    assert 'action="/search"' in page
    assert re.search(r'<form method="post" action="/logout">', page)


def test_a_notice_waits_for_the_next_page_and_is_shown_once(client: FlaskClient) -> None:
    client.post("/move")
    page = client.get("/").text
    assert "Moved &lt;b&gt;on&lt;/b&gt;." in page
    assert 'action="/undo/7"' in page
    assert "/undo/7" not in client.get("/").text


def test_htmx_gets_its_notice_with_the_answer(client: FlaskClient) -> None:
    answer = client.post("/move", headers={"HX-Request": "true"})
    assert answer.headers["HX-Trigger"] == (
        '{"toasts": {"notices": [{"text": "Moved <b>on</b>.", "undo": "/undo/7"}]}}'
    )
    assert "/undo/7" not in client.get("/").text


def test_choosing_a_language_holds_for_this_browser(client: FlaskClient) -> None:
    assert '<html lang="en"' in client.get("/").text
    answer = client.post("/language/es", headers={"Referer": "http://localhost/more"})
    assert answer.headers["Location"] == "/more"
    assert '<html lang="es"' in client.get("/").text


def test_a_language_that_we_do_not_speak_changes_nothing(client: FlaskClient) -> None:
    client.post("/language/tlh")
    assert '<html lang="en"' in client.get("/").text


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ana Ruiz", "AR"),
        ("ana de la luz", "AL"),
        ("Élodie", "É"),
        ("tom@lumbrera.example", "TL"),
        ("", "?"),
        ("—", "?"),
    ],
)
def test_initials_are_the_first_and_last_words(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_a_name_keeps_its_colour() -> None:
    assert hue("Ana Ruiz") == hue("ANA RUIZ")
    assert len({hue(f"Person {n}") for n in range(100)}) == 8


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_an_inline_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_icon_that_a_template_names_is_drawn(path: Path) -> None:
    drawn = set(re.findall(r'<symbol id="(\w+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    named = re.findall(r"ui\.(?:icon|empty)\(\"(\w+)\"", path.read_text(encoding="utf-8"))
    assert set(named) <= drawn
