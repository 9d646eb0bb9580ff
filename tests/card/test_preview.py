import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from backend.card.cards import context_card, forms
from backend.card.preview import SPRITE, panel
from backend.card.shapes import Card, Header, Section
from backend.card.widgets import Icon, Paragraph
from backend.card.words import Words
from backend.card.workspace_json import card_json
from backend.web.frame import STATIC
from tests.card.gallery import EVERYTHING, HOSTILE, all_cards, every_card
from tests.card.samples import ENGLISH, KNOWN, MAIL, SPANISH

POSTS = "/card/actions"


def drawn(card: Card, words: Words = ENGLISH, **more: Any) -> LexborHTMLParser:
    return LexborHTMLParser(panel(card_json(card, POSTS), words, icons_url="/static/icons.svg", **more))


def texts(page: LexborHTMLParser, selector: str) -> list[str]:
    return [node.text(strip=True) for node in page.css(selector)]


def test_the_panel_shows_what_google_would_show() -> None:
    page = drawn(EVERYTHING)
    assert texts(page, ".gcard-title") == ["Ana"]
    assert texts(page, "select option[selected]") == ["B"]
    assert texts(page, "textarea") == ["one\ntwo"]
    assert texts(page, ".gcard-columns .gcard-text") == ["Left"]
    assert texts(page, ".gcard-menu-item") == ["Open"]
    assert [n.attributes["value"] for n in page.css("input[type=date]")] == ["2026-12-15"]


def test_what_is_folded_in_gmail_is_folded_here() -> None:
    page = drawn(EVERYTHING)
    assert texts(page, ".gcard-fold > summary") == ["Show 6 more"]
    assert len(page.css(".gcard-section > .gcard-line")) == 1


def test_an_action_posts_its_ids_and_a_link_opens_elsewhere() -> None:
    page = drawn(context_card(KNOWN, ENGLISH))
    (done,) = [n for n in page.css("button") if n.text(strip=True) == "Done"]
    assert done.attributes["formaction"] == done.attributes["hx-post"] == f"{POSTS}/complete-task?mail=m1&task=k1"
    assert "formnovalidate" in done.attributes
    (stage,) = page.css("select[name=stage]")
    assert stage.attributes["hx-post"] == f"{POSTS}/set-stage?mail=m1&deal=d1"
    assert all(n.attributes["rel"] == "noopener noreferrer" for n in page.css("a[target]"))


def test_a_form_is_not_sent_while_what_it_needs_is_empty() -> None:
    page = drawn(forms.note_card("p1", "Ana", MAIL, ENGLISH), csrf_token="t0ken", back_url="/card")
    (text,) = page.css("textarea[name=text]")
    assert "required" in text.attributes
    (save,) = page.css(".gcard-foot button")
    assert "formnovalidate" not in save.attributes
    assert [n.attributes["value"] for n in page.css("input[name=csrf_token]")] == ["t0ken"]
    assert [n.attributes["href"] for n in page.css(".gcard-back")] == ["/card"]


def test_a_notification_is_a_toast() -> None:
    assert texts(drawn(EVERYTHING, notification="Saved <1>"), "[role=status]") == ["Saved <1>"]


@pytest.mark.parametrize("known", Icon)
def test_every_icon_is_in_our_sprite(known: Icon) -> None:
    assert f'id="{SPRITE[known]}"' in (STATIC / "icons.svg").read_text("utf-8")


def is_inert(html: str) -> bool:
    """No script, no inline style or handler, no link but http(s): what a strict CSP expects anyway."""
    page = LexborHTMLParser(html)
    names = {name for node in page.css("*") for name in node.attributes}
    links = [node.attributes.get("href") or "" for node in page.css("a")]
    return (
        not page.css("script, style, iframe, object")
        and not any(name.startswith("on") or name == "style" for name in names)
        and all(re.match(r"https://|http://(localhost|127\.0\.0\.1)", link) for link in links)
    )


@pytest.mark.parametrize("words", [ENGLISH, SPANISH], ids=["en", "es"])
def test_every_card_can_be_drawn_and_is_inert(words: Words) -> None:
    for card in all_cards(words):
        assert is_inert(str(drawn(card, words).html))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_drawn_as_text(text: str) -> None:
    for card in every_card(lambda: text, ENGLISH):
        assert is_inert(panel(card_json(card, POSTS), ENGLISH, icons_url="/static/icons.svg"))


def painted_text(paragraph: str) -> LexborHTMLParser:
    """A panel of card JSON that somebody else made, escaped or not."""
    body = card_json(Card("x", Header("x"), (Section((Paragraph("x"),)),)), POSTS)
    body["sections"][0]["widgets"][0]["textParagraph"]["text"] = paragraph
    return LexborHTMLParser(panel(body, ENGLISH, icons_url="/static/icons.svg"))


def test_the_html_of_cards_passes_and_no_other_does() -> None:
    page = painted_text(
        '<b>bold</b><font color="#0f766e">teal</font><img src=x onerror=alert(1)><a href="http://x.example">x</a>'
    )
    assert texts(page, ".gcard-text b, .gcard-text font") == ["bold", "teal"]
    assert not page.css(".gcard-text img")
    assert [n.attributes.get("href") for n in page.css(".gcard-text a")] == [None]


@given(st.text(alphabet=st.sampled_from("<>&\"'/= abdfioprstu!-\n"), max_size=60))
def test_no_card_html_whatever_it_is_can_break_out(text: str) -> None:
    page = painted_text(text)
    assert len(page.css(".gcard")) == 1
    assert {node.tag for node in page.css(".gcard-section *")} <= {"p", "b", "i", "u", "s", "br", "a", "font"}


def test_the_panel_and_its_menu_have_names_for_a_screen_reader() -> None:
    page = drawn(context_card(KNOWN, ENGLISH))
    assert [n.attributes["aria-label"] for n in page.css("article, .gcard-menu > summary")] == [
        "Ana Ruiz",
        "More actions",
    ]


def test_the_logo_that_the_manifest_names_is_among_our_files() -> None:
    manifest = json.loads((Path(__file__).parents[2] / "addon" / "appsscript.json").read_text("utf-8"))
    logo = urlsplit(manifest["addOns"]["common"]["logoUrl"])
    assert logo.path.startswith("/assets/")
    assert (STATIC / logo.path.removeprefix("/assets/")).read_bytes().startswith(b"\x89PNG")
