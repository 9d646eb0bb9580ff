"""The text of HTML mail."""

from __future__ import annotations

import time

import pytest

from backend.mail.html import text_of
from backend.mail.quotes import split_reply


def test_blocks_become_lines_and_white_space_folds() -> None:
    html = "<div>Hello   <b>Alice</b>,<br>how\n are you?</div><p>Regards</p><ul><li>one<li>two</ul>"
    assert text_of(html) == "Hello Alice,\nhow are you?\n\nRegards\n\n- one\n- two"


def test_cells_of_a_row_stay_on_one_line() -> None:
    assert text_of("<table><tr><td>10</td><td>pieces</td></tr><tr><td>20</td></tr></table>") == "10 pieces\n20"


def test_preformatted_text_keeps_its_lines() -> None:
    assert text_of("<pre>a\n  b\n</pre>c") == "a\n  b\nc"


def test_a_link_shows_where_it_leads_unless_its_words_do() -> None:
    assert text_of('<a href="https://x.example/a">our offer</a>') == "our offer <https://x.example/a>"
    assert text_of('<a href="https://x.example/">https://x.example</a>') == "https://x.example"
    assert text_of('<a href="mailto:jane@x.example">jane@x.example</a>') == "jane@x.example"
    assert text_of('<a href="https://x.example"><img src="x.png"></a>') == ""


@pytest.mark.parametrize(
    "hidden",
    [
        "<style>p {}</style>",
        "<script>x()</script>",
        "<title>t</title>",
        '<div style="display: none">preview</div>',
        '<span style="font-size:0px">preview</span>',
        '<p hidden="">x</p>',
        '<div style="mso-hide:all">x</div>',
        '<img src="https://t.example/pixel.gif" width="1" height="1">',
        "<!-- note -->",
        "\u200c\u034f\u00ad",
    ],
)
def test_what_nobody_sees_leaves_nothing(hidden: str) -> None:
    assert text_of(f"<p>Hello{hidden}</p>") == "Hello"


def test_small_print_is_no_hidden_text() -> None:
    assert text_of('<p style="font-size:0.8em">terms</p>') == "terms"


def test_emoji_sent_as_pictures_stay() -> None:
    assert text_of('Thanks <img alt="🙂" src="cid:1"> <img alt="Logo of North" src="cid:2">') == "Thanks 🙂"


@pytest.mark.parametrize(
    "quote",
    [
        "<div class='gmail_quote'><div class='gmail_attr'>Am Mo. schrieb Bob:</div><blockquote>old</blockquote></div>",
        "<div class='moz-cite-prefix'>Bob, once:</div><blockquote type='cite'>old</blockquote>",
        "<div class='yahoo_quoted'>Bob, once: <div>old</div></div>",
        "<hr><div id='divRplyFwdMsg'><b>Desde:</b> Bob</div><div>old</div><p>old too</p>",
        "<blockquote type='cite'><div>On Monday, Bob wrote:</div>old</blockquote>",
    ],
)
def test_what_a_mail_program_quotes_is_cut_in_any_language(quote: str) -> None:
    assert split_reply(text_of(f"<div>new</div>{quote}")).text == "new"


def test_answers_between_quotes_stay() -> None:
    html = "<blockquote>When?</blockquote><div>On Friday.</div><blockquote>Where?</blockquote><div>Here.</div>"
    assert split_reply(text_of(html)).text == "On Friday.\n\n> Where?\n\nHere."


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 100_000 + "x",
        "<blockquote>" * 14_000 + "x",
        "<div " + " ".join(f"a{n}=1" for n in range(50_000)) + ">x",
        "<" * 1_000_000,
        "<br>" * 300_000,
        "<b>" * 300_000,
        "<table><tr><td>" * 50_000,
        "x" * 10_000_000,
    ],
    ids=["deep", "quoted", "attributes", "angles", "breaks", "bold", "tables", "long"],
)
def test_hostile_html_is_read_in_bounded_time(hostile: str) -> None:
    started = time.process_time()
    text_of(hostile)
    assert time.process_time() - started < 4
