import html as stdlib_html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.card.markup import Html, dotted, html, is_safe_link, plain


def test_ampersands_and_angles_are_escaped_and_quotes_are_not() -> None:
    assert html("""O'Neil & "Sons" <b>""", 99) == """O'Neil &amp; "Sons" &lt;b&gt;"""


def test_what_is_html_already_passes_untouched() -> None:
    assert html(Html("a<br>b"), 2) == "a<br>b"


def test_line_breaks_become_br_and_spaces_fold() -> None:
    assert html("one\n  two   three ", 99) == "one<br>two three"


def test_a_name_cannot_turn_the_line_around_it() -> None:
    assert plain("Ana\u202e\u2066 Ruiz\x07", 99) == "Ana Ruiz"


def test_names_keep_the_joiners_that_they_are_spelled_with() -> None:
    assert plain("می‌خواهم 👩‍💻", 99) == "می‌خواهم 👩‍💻"


def test_text_is_cut_before_it_is_escaped_so_that_no_entity_is_cut() -> None:
    assert html("&&&&&", 3) == "&amp;&amp;…"


@given(st.text(), st.integers(1, 50))
def test_plain_text_is_one_line_within_its_limit(text: str, limit: int) -> None:
    shown = plain(text, limit)
    assert len(shown) <= limit
    assert "\n" not in shown
    assert shown == shown.strip()


@given(st.text())
def test_escaped_text_reads_as_what_was_written_and_holds_no_tag_but_br(text: str) -> None:
    shown = html(text, 10_000)
    bare = shown.replace("<br>", "\n")
    assert "<" not in bare
    assert ">" not in bare
    assert stdlib_html.unescape(bare).split() == plain(text, 10_000).split()


def test_dotted_leaves_out_what_says_nothing() -> None:
    assert dotted("Buyer", "", "\u200b", "Nordwind") == "Buyer · Nordwind"


@pytest.mark.parametrize(
    "url", ["https://crm.example.com/contacts/1?a=b#c", "http://127.0.0.1:8000/", "http://localhost:8000/"]
)
def test_cards_link_to_https_or_to_this_machine(url: str) -> None:
    assert is_safe_link(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.com/",
        "http://localhost.example.com/",
        "javascript:alert(1)",
        "data:text/html,x",
        "//crm.example.com/",
        "/contacts/1",
        "https://",
        "https://[bad",
        "https://crm.example.com/ x",
        "https://crm.example.com/\nx",
        'https://crm.example.com/">',
        "https://crm.example.com/" + "x" * 2000,
        "",
    ],
)
def test_cards_link_to_nothing_else(url: str) -> None:
    assert not is_safe_link(url)
