"""Snippets in texts, and what a mail's links and line breaks become."""

from __future__ import annotations

import pytest

from backend.kit.errors import UserError
from backend.sequences.texts.rules import as_html, as_plain, check
from backend.sequences.texts.snippets import expand, names_in


def test_snippets_are_put_in_with_those_that_they_take_in() -> None:
    known = {"Bye": "Yours, {% render 'Me' %}", "Me": "{{ sender.name }}"}
    assert expand('Hi\n{%- render "Bye" -%}', known) == "Hi\nYours, {{ sender.name }}"
    assert names_in("{% render 'A' %} {% render \"B\" %} {% if x %}{% endif %}") == {"A", "B"}


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({}, "no snippet “A”"),
        ({"A": "{% render 'B' %}"}, "no snippet “B”"),
        ({"A": "{% render 'B' %}", "B": "{% render 'A' %}"}, "A → B → A"),
        ({"A": "{% render 'B' %}" * 300, "B": "{% render 'C' %}" * 300, "C": "x" * 300}, "longer than 50000"),
    ],
)
def test_what_cannot_be_put_in_is_named(known: dict[str, str], words: str) -> None:
    with pytest.raises(UserError) as refused:
        expand("{% render 'A' %}", known)
    assert words in str(refused.value)


def test_a_snippet_in_a_text_that_is_no_template_is_refused_in_one_sentence() -> None:
    with pytest.raises(UserError, match="taken in by templates only"):
        check("{% render 'A' %}")


@pytest.mark.parametrize(
    ("text", "plain", "html"),
    [
        ("See [prices](https://a.example/p.pdf).", "See prices: https://a.example/p.pdf.",
         '<p>See <a href="https://a.example/p.pdf">prices</a>.</p>'),
        ("At https://a.example/x?a=1&b=2.", "At https://a.example/x?a=1&b=2.",
         '<p>At <a href="https://a.example/x?a=1&amp;b=2">https://a.example/x?a=1&amp;b=2</a>.</p>'),
        ("[x](javascript:alert(1)) <b>", "[x](javascript:alert(1)) <b>", "<p>[x](javascript:alert(1)) &lt;b&gt;</p>"),
        ('["q"](https://a.example/"><script>)', '["q"](https://a.example/"><script>)',
         '<p>[&quot;q&quot;](<a href="https://a.example/">https://a.example/</a>&quot;&gt;&lt;script&gt;)</p>'),
    ],
)  # fmt: skip
def test_links_stand_behind_their_names_and_nothing_else_is_markup(text: str, plain: str, html: str) -> None:
    assert as_plain(text) == plain
    assert as_html(text) == html
